// SPDX-License-Identifier: BSD-2-Clause
#include "base/shared_library.h"

#include <dlfcn.h>

namespace mailweir {
namespace {

Error last_error(const std::string& name) {
  const char* why = dlerror();
  return Error{why != nullptr ? why : name + ": not found"};
}

}  // namespace

Result<SharedLibrary> SharedLibrary::load(const std::string& name) {
  void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return last_error(name);
  return SharedLibrary(handle);
}

Result<void*> SharedLibrary::symbol(const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) return last_error(name);
  return address;
}

}  // namespace mailweir
