// SPDX-License-Identifier: BSD-2-Clause
#include "knot.h"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "base/handle.h"
#include "base/text.h"

namespace mailweir::test {
namespace {

int bound(int kind, std::uint16_t port, Fd& fd) {
  fd.reset(socket(AF_INET, kind | SOCK_CLOEXEC, 0));
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  local.sin_port = htons(port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) return -1;
  socklen_t size = sizeof local;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&local), &size);
  return ntohs(local.sin_port);
}

}  // namespace

std::uint16_t free_port() {
  for (int tries = 0; tries < 50; ++tries) {
    Fd udp, tcp;
    const int port = bound(SOCK_DGRAM, 0, udp);
    if (port > 0 && bound(SOCK_STREAM, static_cast<std::uint16_t>(port), tcp) == port)
      return static_cast<std::uint16_t>(port);
  }
  FAIL("no free port");
  return 0;
}

std::string Knot::program() {
  const char* path = std::getenv("PATH");
  const auto folders = (path ? std::string(path) : "") + ":/usr/sbin:/usr/local/sbin";
  for (const auto folder : split(folders, ':')) {
    const auto file = std::string(folder) + "/knotd";
    if (!folder.empty() && access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

Knot::Knot(std::string_view zone) {
  char folder[] = "/tmp/mailweir-knot-XXXXXX";
  REQUIRE(mkdtemp(folder));
  folder_ = folder;
  std::ofstream(folder_ + "/example.zone") << zone;
  for (int tries = 0; tries < 3; ++tries)  // another process may take the port before knotd does
    if (start()) return;
  std::ifstream log(folder_ + "/log");
  FAIL("knotd does not answer; its log: " << std::string(std::istreambuf_iterator<char>(log), {}));
}

Knot::~Knot() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool Knot::start() {
  port_ = free_port();
  std::ofstream(folder_ + "/knot.conf")
      << "server:\n  rundir: \"" << folder_ << "\"\n  listen: 127.0.0.1@" << port_
      << "\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
      << "log:\n  - target: stderr\n    any: info\n"
      << "database:\n  storage: \"" << folder_ << "/db\"\n"
      << "template:\n  - id: default\n    storage: \"" << folder_ << "\"\n    journal-content: none\n"
      << "zone:\n  - domain: example.\n    file: example.zone\n  - domain: missing.example.\n    file: missing.zone\n";
  const auto file = program(), config = folder_ + "/knot.conf", log = folder_ + "/log";
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // it goes with us, however we go
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, 1);
    dup2(out, 2);
    execl(file.c_str(), "knotd", "-c", config.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  const auto resolver = resolver_at({server()});
  const auto deadline = Deadline::in(std::chrono::seconds(10));
  while (!deadline.over() && waitpid(pid_, nullptr, WNOHANG) == 0) {
    const auto answer = ask(*resolver, {"ready.example", dns::Type::A}, std::chrono::milliseconds(200));
    if (answer->status == dns::Answer::Status::ok) return true;
    poll(nullptr, 0, 5);
  }
  stop();
  return false;
}

void Knot::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 200; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = -1;
      return;
    }
    poll(nullptr, 0, 10);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace mailweir::test
