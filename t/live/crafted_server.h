// SPDX-License-Identifier: BSD-2-Clause
// CraftedServer: a UDP server on a free loopback port that answers each query with the packets a test puts together:
// none (silence), one, or many. Its thread ends with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/handle.h"

namespace mailweir::test {

class CraftedServer {
 public:
  using Answers = std::function<std::vector<std::string>(std::string_view query)>;
  explicit CraftedServer(Answers answers);
  ~CraftedServer();
  std::string server() const { return "127.0.0.1:" + std::to_string(port_); }
  int asked() const { return asked_; }

 private:
  void run();

  Answers answers_;
  Fd socket_, event_;
  std::uint16_t port_ = 0;
  std::atomic<int> asked_{0};
  std::thread thread_;
};

// A UDP port that is not served, and that no other socket is given: its socket hears only one peer, who never
// speaks.
class ClosedPort {
 public:
  ClosedPort();
  std::string server() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  Fd socket_;
  std::uint16_t port_ = 0;
};

}  // namespace mailweir::test
