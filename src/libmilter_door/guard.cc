// SPDX-License-Identifier: BSD-2-Clause
#include "libmilter_door/guard.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <dlfcn.h>
#include <sys/time.h>

namespace {

void (*told_of_bad_packet)() = nullptr;

using ReadCommand = char* (*)(int socket, timeval* timeout, char* command, size_t* size, char* name);

}  // namespace

// libmilter's signal thread waits for HUP, TERM and INT and ends smfi_main for good on any of them. They are the
// daemon's own, but the kernel gives one to that thread whenever the main thread is busy with another. So the process
// has a sigwait that leaves these three out; nothing else here calls it.
extern "C" __attribute__((visibility("default"))) int sigwait(const sigset_t* set, int* number) {
  sigset_t others = *set;
  for (const int ours : {SIGHUP, SIGTERM, SIGINT}) sigdelset(&others, ours);
  do *number = sigwaitinfo(&others, nullptr);
  while (*number < 0 && errno == EINTR);
  return *number < 0 ? errno : 0;
}

// Reads one packet: the bytes after its command, from malloc, or null; libmilter ends the session on a command below '
// '.
extern "C" __attribute__((visibility("default"))) char* mi_rd_cmd(int socket, timeval* timeout, char* command,
                                                                  size_t* size, char* name) {
  static const auto read_command = reinterpret_cast<ReadCommand>(dlsym(RTLD_NEXT, "mi_rd_cmd"));
  constexpr char macros = 'D', connection_ended = 5;
  if (read_command == nullptr) {
    *command = connection_ended;
    return nullptr;
  }
  char* packet = read_command(socket, timeout, command, size, name);
  if (packet == nullptr || *command != macros || mailweir::good_macro_packet({packet, *size})) return packet;
  if (told_of_bad_packet != nullptr) told_of_bad_packet();
  std::free(packet);
  *command = connection_ended;
  return nullptr;
}

namespace mailweir {

bool good_macro_packet(std::string_view packet) {
  if (packet.size() <= 1) return !packet.empty();
  packet.remove_prefix(1);
  return packet.back() == '\0' && std::count(packet.begin(), packet.end(), '\0') % 2 == 0;
}

void guard_libmilter(void (*told)()) { told_of_bad_packet = told; }

}  // namespace mailweir
