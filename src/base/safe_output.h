// SPDX-License-Identifier: BSD-2-Clause
// SafeOutput: stands before a stream that a terminal may show, and writes what a reader would not see or a terminal
// would obey as \u001b (JSON and TOML read it back), bytes that are no UTF-8 as \xHH. Line ends and tabs pass.
//
//   const SafeOutput out(std::cout), errors(std::cerr);   // until they go out of scope
//
// One thread. Text goes on when the stream is flushed, and when much of it waits.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace mailweir {

// The text as SafeOutput writes it.
std::string made_safe(std::string_view text);

class SafeOutput final : public std::streambuf {
 public:
  explicit SafeOutput(std::ostream& stream);
  ~SafeOutput() override;
  SafeOutput(const SafeOutput&) = delete;
  SafeOutput& operator=(const SafeOutput&) = delete;

 protected:
  int_type overflow(int_type byte) override;
  std::streamsize xsputn(const char* bytes, std::streamsize size) override;
  int sync() override;

 private:
  bool pass_on(std::size_t end);
  std::ostream& stream_;
  std::streambuf* const behind_;
  std::string waiting_;
};

}  // namespace mailweir
