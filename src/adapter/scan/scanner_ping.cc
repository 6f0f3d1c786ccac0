// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scanner_ping.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>

#include "adapter/scan/http_answer.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_answer = 4096;

struct Heard {
  std::string bytes;
  bool silent = false;  // the deadline ended it
};

// What the server says to it: up to the byte `last`, or to its end.
Result<Heard> ask(const SocketName& server, std::string_view request, char last, Deadline deadline) {
  const auto connection = connect_to(server, deadline);
  if (!connection) return connection.error();
  const auto broken = [&server] { return Error{server.to_string() + ": " + std::strerror(errno), true}; };
  // As small as this it goes at once.
  const auto sent = ::send(connection->get(), request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return broken();
  if (static_cast<std::size_t>(sent) < request.size()) return Error{server.to_string() + ": takes nothing", true};
  Heard heard;
  std::array<char, 1024> bytes;
  while (heard.bytes.size() < longest_answer) {
    pollfd wait{connection->get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(deadline.left().count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      heard.silent = true;
      return heard;
    }
    const auto got = ::recv(connection->get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return broken();
    if (got == 0) return heard;
    heard.bytes.append(bytes.data(), static_cast<std::size_t>(got));
    if (last != '\n' && heard.bytes.ends_with(last)) return heard;
    if (last == '\n' && heard.bytes.find('\n') != std::string::npos) return heard;
  }
  return heard;
}

Error not_its_answer(const SocketName& server, const Heard& heard, std::string_view of) {
  const std::string name = server.to_string() + ": ";
  if (heard.bytes.empty()) return {name + (heard.silent ? "does not answer" : "hung up"), true};
  return {name + "is not " + std::string(of) + ": it answers " + cleaned(heard.bytes, false, 60), true};
}

std::string_view without_nul(std::string_view text) {
  return trimmed(text.ends_with('\0') ? text.substr(0, text.size() - 1) : text);
}

}  // namespace

Result<void> ping_scanner(ScannerKind kind, const SocketName& server, Deadline deadline) {
  struct Question {
    std::string_view name, request;
    char last;
    std::function<bool(std::string_view)> is_good;
  };
  const auto question = [kind]() -> Question {
    constexpr std::string_view get = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    using namespace std::string_view_literals;
    switch (kind) {
      case ScannerKind::clamd:
        return {"clamd", "zPING\0"sv, '\0', [](std::string_view said) { return without_nul(said) == "PONG"; }};
      case ScannerKind::rspamd:
        return {"rspamd", get, '\0', [](std::string_view said) {
                  const auto read = read_http_answer(said, true);
                  return read.answer && read.answer->status == 200 && trimmed(read.answer->body) == "pong";
                }};
      case ScannerKind::spamd: break;
    }
    return {"spamd", "PING SPAMC/1.5\r\n\r\n", '\n',
            [](std::string_view said) { return said.starts_with("SPAMD/") && said.find(" PONG") != said.npos; }};
  }();
  const auto heard = ask(server, question.request, question.last, deadline);
  if (!heard) return heard.error();
  if (!question.is_good(heard->bytes)) return not_its_answer(server, *heard, question.name);
  return {};
}

Result<std::string> version_of_clamd(const SocketName& server, Deadline deadline) {
  const auto heard = ask(server, std::string_view("zVERSION\0", 9), '\0', deadline);
  if (!heard) return heard.error();
  const auto said = without_nul(heard->bytes);
  if (!said.starts_with("ClamAV")) return not_its_answer(server, *heard, "clamd");
  return std::string(said);
}

Result<bool> clamd_takes(const SocketName& server, std::uint64_t bytes, Deadline deadline) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  const auto length = static_cast<std::uint32_t>(std::min(bytes, most));
  std::string request("zINSTREAM\0", 10);
  for (int shift = 24; shift >= 0; shift -= 8) request += static_cast<char>((length >> shift) & 0xff);
  const auto heard = ask(server, request, '\0', deadline);
  if (!heard) return heard.error();
  return heard->bytes.find("size limit exceeded") == std::string::npos;
}

}  // namespace mailweir
