// SPDX-License-Identifier: BSD-2-Clause
// RedisServer: a real redis-server of the test's own, in a directory of its own, on a unix socket and a free loopback
// port. Ended by its process id, and with the test should that be killed.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace mailweir {

unsigned free_port();  // of 127.0.0.1

class RedisServer {
 public:
  static bool is_installed();
  explicit RedisServer(std::vector<std::string> more_options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;

  std::string url() const { return "redis+unix:" + socket_; }
  std::string tcp_url(const std::string& host = "127.0.0.1") const {
    return "redis://" + host + ":" + std::to_string(port_) + "/0";
  }
  const std::string& directory() const { return directory_; }
  const std::string& socket() const { return socket_; }
  unsigned port() const { return port_; }
  void signal(int number) const;  // SIGSTOP, SIGCONT
  void use_options(std::vector<std::string> more_options) { options_ = std::move(more_options); }  // from the next start()
  void kill();                    // as a crash would, and waits until it is gone
  void start();                   // again, and waits until it answers

 private:
  std::string directory_, socket_;
  std::vector<std::string> options_;
  unsigned port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace mailweir
