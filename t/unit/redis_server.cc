// SPDX-License-Identifier: BSD-2-Clause
#include "redis_server.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/handle.h"
#include "base/socket.h"
#include "base/text.h"

namespace mailweir {

unsigned free_port() {
  const Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool RedisServer::is_installed() {
  const char* const path = std::getenv("PATH");
  for (const std::string_view directory : split(path != nullptr ? path : "", ':')) {
    if (access((std::string(directory) + "/redis-server").c_str(), X_OK) == 0) return true;
  }
  return false;
}

RedisServer::RedisServer(std::vector<std::string> more_options) : options_(std::move(more_options)) {
  char name[] = "/tmp/mailweir-redis-XXXXXX";
  if (mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
  directory_ = name;
  socket_ = directory_ + "/redis.sock";
  port_ = free_port();
  start();
}

RedisServer::~RedisServer() {
  kill();
  std::filesystem::remove_all(directory_);
}

void RedisServer::start() {
  std::vector<std::string> words = {"redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--unixsocket",
                                    socket_, "--save", "", "--appendonly", "no", "--dir", directory_};
  // A sentinel's file comes first, and what a server keeps on its disk is none of its options.
  if (!options_.empty() && options_.back() == "--sentinel")
    words = {"redis-server", options_.front(), "--sentinel", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--unixsocket",
             socket_, "--dir", directory_};
  else
    words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::filesystem::remove(socket_);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  const SocketName name{.kind = SocketName::Kind::unix_path, .path = socket_, .host = {}};
  for (int tries = 0; tries < 1'000 && !is_served(name); ++tries) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("redis-server ended at once");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void RedisServer::signal(int number) const { ::kill(pid_, number); }

void RedisServer::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace mailweir
