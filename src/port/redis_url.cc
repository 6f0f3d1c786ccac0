// SPDX-License-Identifier: BSD-2-Clause
#include "port/redis_url.h"

#include <charconv>
#include <optional>

#include "config.h"

#include "base/ip.h"
#include "base/port_number.h"
#include "base/text.h"

namespace mailweir {
namespace {

struct Scheme {
  std::string_view start;
  RedisUrl::Kind kind;
  bool tls;
  std::uint16_t port;
};
constexpr Scheme schemes[] = {
    {"redis://", RedisUrl::Kind::single, false, 6379},
    {"rediss://", RedisUrl::Kind::single, true, 6379},
    {"redis+sentinel://", RedisUrl::Kind::sentinel, false, 26379},
    {"redis+cluster://", RedisUrl::Kind::cluster, false, 6379},
};
constexpr std::string_view unix_scheme = "redis+unix:";
constexpr std::size_t most_servers = 64;
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

std::string_view parse_host(std::string_view text, std::uint16_t usual_port, SocketName& socket) {
  socket.kind = SocketName::Kind::inet;
  socket.port = usual_port;
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
  if (port[0] != ':' || !number) return "the port must be 1 to 65535; IPv6 addresses must be in []";
  socket.port = *number;
  return "";
}

std::string_view parse_servers(std::string_view text, const Scheme& scheme, RedisUrl& url) {
  const auto hosts = split(text, ',');
  if (hosts.size() > most_servers) return "more than 64 servers";
  if (scheme.kind == RedisUrl::Kind::single && hosts.size() > 1)
    return "only one server is possible here; for several use redis+sentinel:// or redis+cluster://";
  for (const std::string_view host : hosts) {
    SocketName server;
    if (const auto wrong = parse_host(host, scheme.port, server); !wrong.empty()) return wrong;
    url.servers.push_back(std::move(server));
  }
  return "";
}

// What stands behind the servers: "/db", "/name/db", or nothing.
std::string_view parse_path(std::string_view path, RedisUrl& url) {
  if (url.kind == RedisUrl::Kind::sentinel) {
    const auto slash = path.find('/');
    if (!set_text(url.master, path.substr(0, slash))) return "a % in the name must be written %25";
    if (url.master.empty()) return "the name of the master that the sentinels watch is missing";
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
  }
  if (path.empty()) return "";
  if (path.ends_with(".sock")) return "write the path of a socket after redis+unix:, without //";
  if (!set_database(url.database, path)) return "the database must be a number";
  if (url.kind == RedisUrl::Kind::cluster && url.database != 0) return "a cluster has no databases";
  return "";
}

std::string_view parse_inet(std::string_view text, const Scheme& scheme, RedisUrl& url) {
  url.kind = scheme.kind;
  url.tls = scheme.tls;
  if (url.tls && !redis_has_tls())
    return "this build has no TLS for Redis (it needs hiredis 1.0 or newer); put a TLS tunnel (stunnel, ghostunnel) "
           "before "
           "the server and name the tunnel's end here, redis://127.0.0.1:PORT";
  if (const auto at = text.rfind('@'); at != text.npos) {
    if (const auto wrong = parse_login(text.substr(0, at), url); !wrong.empty()) return wrong;
    text.remove_prefix(at + 1);
  }
  const auto slash = text.find('/');
  if (slash == 0 && url.kind == RedisUrl::Kind::single)
    return "write the path of a socket after redis+unix:, without //";
  if (const auto wrong = parse_servers(text.substr(0, slash), scheme, url); !wrong.empty()) return wrong;
  return parse_path(slash == text.npos ? std::string_view() : text.substr(slash + 1), url);
}

std::string_view parse_unix(std::string_view text, RedisUrl& url) {
  const auto question = text.find('?');
  SocketName& server = url.servers.emplace_back();
  if (!set_text(server.path, text.substr(0, question))) return "a % in the path must be written %25";
  if (!server.path.starts_with('/')) return "the path must be absolute";
  if (question == text.npos) return "";
  for (const std::string_view part : split(text.substr(question + 1), '&')) {
    const auto equals = part.find('=');
    const std::string_view name = part.substr(0, equals), value = equals == part.npos ? "" : part.substr(equals + 1);
    const bool good = name == "db"         ? set_database(url.database, value)
                      : name == "user"     ? set_text(url.user, value)
                      : name == "password" ? set_text(url.password, value)
                                           : false;
    if (!good) return "only db=NUMBER, user= and password= are allowed after ?";
  }
  return !url.user.empty() && url.password.empty() ? "a user needs a password" : "";
}

}  // namespace

bool redis_has_tls() {
#ifdef HAVE_HIREDIS_SSL
  return true;
#else
  return false;
#endif
}

Result<RedisUrl> RedisUrl::parse(std::string_view text) {
  // The text itself may have a password: only its scheme is repeated.
  const auto wrong = [&](std::string_view why) {
    return Error{"\"" + cleaned(text.substr(0, text.find(':')), true, 40) + ":...\": " + std::string(why) +
                 "; write memory, redis://host:port/db, redis+unix:/path?db=N, redis+sentinel://host,host,host/name or "
                 "redis+cluster://host,host"};
  };
  RedisUrl url;
  std::string_view why = "unknown kind of store";
  for (const Scheme& scheme : schemes) {
    if (text.starts_with(scheme.start)) why = parse_inet(text.substr(scheme.start.size()), scheme, url);
  }
  if (text.starts_with(unix_scheme)) why = parse_unix(text.substr(unix_scheme.size()), url);
  if (!why.empty()) return wrong(why);
  return url;
}

std::string RedisUrl::objection_to_secrets() const {
  if (tls) return {};
  for (const SocketName& server : servers) {
    if (server.kind == SocketName::Kind::unix_path || equal_folded(server.host, "localhost")) continue;
    if (const auto address = IpAddress::parse(server.host); address && address->is_loopback()) continue;
    return server.host +
           " is not this machine, and without TLS others on the network can read private keys; use redis+unix:/path, "
           "rediss://host:port, or the end of a TLS tunnel (stunnel, ghostunnel) on 127.0.0.1 or ::1";
  }
  return {};
}

RedisUrl RedisUrl::at(const SocketName& server) const {
  RedisUrl one = *this;
  one.kind = Kind::single;
  one.servers = {server};
  one.master.clear();
  return one;
}

std::string RedisUrl::to_string() const {
  if (socket().kind == SocketName::Kind::unix_path)
    return std::string(unix_scheme) + socket().path + (database == 0 ? "" : "?db=" + std::to_string(database));
  std::string text;
  for (const Scheme& scheme : schemes) {
    if (scheme.kind == kind && scheme.tls == tls) text = scheme.start;
  }
  for (const SocketName& server : servers) {
    const bool v6 = server.host.find(':') != server.host.npos;
    if (&server != &servers.front()) text += ',';
    text += (v6 ? "[" + server.host + "]" : server.host) + ':' + std::to_string(server.port);
  }
  if (kind == Kind::sentinel) text += '/' + master;
  return kind == Kind::cluster || (kind == Kind::sentinel && database == 0) ? text
                                                                            : text + '/' + std::to_string(database);
}

}  // namespace mailweir
