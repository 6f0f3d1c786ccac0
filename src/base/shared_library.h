// SPDX-License-Identifier: BSD-2-Clause
// SharedLibrary: a library loaded while the program runs (dlopen(3)), and never unloaded: what it has handed out stays
// good until the process ends.
#pragma once

#include <string>

#include "base/result.h"

namespace mailweir {

class SharedLibrary {
 public:
  // By the name its users link by ("libcurl.so.4"). Error: dlerror(3)'s words.
  static Result<SharedLibrary> load(const std::string& name);

  // Sets `function` to the library's function of that name, whose type the caller knows from its header.
  template <typename Function>
  Result<void> find(const char* name, Function*& function) const {
    const auto address = symbol(name);
    if (!address) return address.error();
    function = reinterpret_cast<Function*>(*address);
    return {};
  }

 private:
  explicit SharedLibrary(void* handle) : handle_(handle) {}
  Result<void*> symbol(const char* name) const;

  void* handle_;
};

}  // namespace mailweir
