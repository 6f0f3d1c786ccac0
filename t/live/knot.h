// SPDX-License-Identifier: BSD-2-Clause
// Knot: a name server of our own on a free loopback port, in a folder of its own that goes with it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace mailweir::test {

class Knot {
 public:
  // Serves `zone` as "example", and "missing.example", whose file is not there (SERVFAIL). Ends the test when it does
  // not come up within ten seconds.
  explicit Knot(std::string_view zone);
  ~Knot();
  Knot(const Knot&) = delete;
  Knot& operator=(const Knot&) = delete;

  std::string server() const { return "127.0.0.1:" + std::to_string(port_); }
  static std::string program();  // "" when there is none

 private:
  bool start();
  void stop();

  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

// A port that is free for UDP and TCP now.
std::uint16_t free_port();

}  // namespace mailweir::test
