// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis_url.h"

#include <charconv>
#include <optional>

#include "base/port_number.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::string_view tcp_scheme = "redis://", unix_scheme = "redis+unix:";
constexpr std::string_view not_yet[] = {"rediss:", "redis+sentinel:", "redis+cluster:"};
constexpr std::uint64_t most_databases = 65536;

std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    if (byte == 0) return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

bool set_text(std::string& to, std::string_view from) {
  auto plain = unescaped(from);
  if (plain) to = *std::move(plain);
  return plain.has_value();
}

bool set_database(unsigned& to, std::string_view text) {
  const auto number = to_number(text);
  if (!number || *number >= most_databases) return false;
  to = static_cast<unsigned>(*number);
  return true;
}

// Each of these returns what is wrong, "" if nothing.
std::string_view parse_login(std::string_view text, RedisUrl& url) {
  const auto colon = text.find(':');
  if (colon == text.npos) return "a login is written user:password@ (or :password@)";
  if (!set_text(url.user, text.substr(0, colon)) || !set_text(url.password, text.substr(colon + 1)))
    return "a % in the login must be written %25";
  return url.password.empty() ? "the password is missing" : "";
}

std::string_view parse_host(std::string_view text, SocketName& socket) {
  socket.kind = SocketName::Kind::inet;
  socket.port = 6379;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return "the ] is missing";
    socket.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    socket.host = text.substr(0, colon);
    port = colon == text.npos ? std::string_view() : text.substr(colon);
  }
  if (socket.host.empty()) return "the host is missing";
  if (port.empty()) return "";
  const auto number = to_port(port.substr(1));
  if (port[0] != ':' || !number) return "the port must be 1 to 65535; IPv6 addresses stand in []";
  socket.port = *number;
  return "";
}

std::string_view parse_tcp(std::string_view text, RedisUrl& url) {
  if (const auto at = text.rfind('@'); at != text.npos) {
    if (const auto wrong = parse_login(text.substr(0, at), url); !wrong.empty()) return wrong;
    text.remove_prefix(at + 1);
  }
  const auto slash = text.find('/');
  if (slash != text.npos && slash + 1 < text.size() && !set_database(url.database, text.substr(slash + 1)))
    return "the database must be a number";
  return parse_host(text.substr(0, slash), url.socket);
}

std::string_view parse_unix(std::string_view text, RedisUrl& url) {
  const auto question = text.find('?');
  if (!set_text(url.socket.path, text.substr(0, question))) return "a % in the path must be written %25";
  if (!url.socket.path.starts_with('/')) return "the path must be absolute";
  if (question == text.npos) return "";
  for (const std::string_view part : split(text.substr(question + 1), '&')) {
    const auto equals = part.find('=');
    const std::string_view name = part.substr(0, equals), value = equals == part.npos ? "" : part.substr(equals + 1);
    const bool good = name == "db"         ? set_database(url.database, value)
                      : name == "user"     ? set_text(url.user, value)
                      : name == "password" ? set_text(url.password, value)
                                           : false;
    if (!good) return "behind ? may stand db=NUMBER, user= and password=";
  }
  return !url.user.empty() && url.password.empty() ? "a user needs a password" : "";
}

}  // namespace

Result<RedisUrl> RedisUrl::parse(std::string_view text) {
  // The text itself may have a password: only its scheme is repeated.
  const auto wrong = [&](std::string_view why) {
    return Error{"\"" + cleaned(text.substr(0, text.find(':')), true, 40) + ":...\": " + std::string(why) +
                 "; write redis://host:port/db or redis+unix:/path?db=N"};
  };
  for (const std::string_view scheme : not_yet) {
    if (text.starts_with(scheme)) return wrong("not in this version");
  }
  RedisUrl url;
  std::string_view why = "unknown kind of store";
  if (text.starts_with(tcp_scheme)) why = parse_tcp(text.substr(tcp_scheme.size()), url);
  else if (text.starts_with(unix_scheme)) why = parse_unix(text.substr(unix_scheme.size()), url);
  if (!why.empty()) return wrong(why);
  return url;
}

std::string RedisUrl::to_string() const {
  if (socket.kind == SocketName::Kind::unix_path)
    return std::string(unix_scheme) + socket.path + (database == 0 ? "" : "?db=" + std::to_string(database));
  const bool v6 = socket.host.find(':') != socket.host.npos;
  return std::string(tcp_scheme) + (v6 ? "[" + socket.host + "]" : socket.host) + ':' + std::to_string(socket.port) + '/' +
         std::to_string(database);
}

}  // namespace mailweir
