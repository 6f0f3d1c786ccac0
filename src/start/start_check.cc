// SPDX-License-Identifier: BSD-2-Clause
#include "start/start_check.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter/alert/alert_desk.h"
#include "adapter/builders/make_builders.h"
#include "adapter/dns/ares_resolver.h"
#include "adapter/dns/zone_resolver.h"
#include "adapter/log/open_log.h"
#include "adapter/verify/public_suffixes.h"
#include "base/file.h"
#include "base/handle.h"
#include "base/text.h"
#include "config/load.h"
#include "start/own_directory.h"
#include "start/privileges.h"
#include "start/secret.h"

namespace mailweir {
namespace {

std::string directory_of(const std::string& path) { return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); }

bool may(const std::string& path, int how) { return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0; }

template <typename T>
void want(StartProblems& found, const Result<T>& result) {
  if (!result) found.errors.push_back(result.error().what);
}

// `key`: whose value it is.
template <typename T>
void want(StartProblems& found, const Config& config, std::string_view key, const Result<T>& result) {
  if (!result) found.errors.push_back(config.places.blame(key, result.error()).what);
}

// --- what root does before it becomes the daemon's user --------------------------------------------------------------

void look_at_directories(StartProblems& found, const Config& config) {
  want(found, look_for_directory(config.general.state_directory, config.places.named("general.state_directory")));
  const auto of_socket = [&](const std::optional<SocketName>& socket, const std::string& key) {
    if (socket && socket->kind == SocketName::Kind::unix_path)
      want(found, look_for_directory(directory_of(socket->path), config.places.named(key)));
  };
  of_socket(config.admin.socket, "admin.socket");
  of_socket(config.policy.socket, "policy.socket");
  of_socket(config.socketmap.socket, "socketmap.socket");
  of_socket(config.milter.socket, "milter.socket");
  if (const auto& path = config.general.pid_file; !path.empty()) {
    struct stat status {};
    const std::string name = config.places.named("general.pid_file") + ": " + path + ": ";
    if (::stat(directory_of(path).c_str(), &status) != 0) found.errors.push_back(name + std::strerror(errno));
    else if (::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
      found.errors.push_back(name + "is not a regular file");
  }
}

// Another daemon may well serve it: the one that runs now. So only what no start can do is an error.
void look_at_socket(StartProblems& found, const Config& config, std::string_view key,
                    const std::optional<SocketName>& socket) {
  if (!socket) return;
  const std::string name = config.places.named(key) + ": " + socket->to_string() + ": ";
  if (socket->kind == SocketName::Kind::unix_path) {
    struct stat status {};
    if (::lstat(socket->path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
      found.errors.push_back(name + "exists and is not a socket; remove it or name another path");
    return;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  if (const int failure = getaddrinfo(socket->host.c_str(), "0", &hints, &first); failure != 0) {
    found.errors.push_back(name + gai_strerror(failure));
    return;
  }
  const CPtr<addrinfo, freeaddrinfo> owner(first);
  const Fd fd(::socket(first->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::bind(fd.get(), first->ai_addr, first->ai_addrlen) != 0)
    found.errors.push_back(name + "cannot listen: " + std::strerror(errno));
}

void look_at_doors(StartProblems& found, const Config& config) {
  const auto look_at_door = [&](const DoorConfig& door, const std::string& section) {
    if (door.socket && !door.group.empty()) want(found, config, section + ".group", find_group(door.group));
    look_at_socket(found, config, section + ".socket", door.socket);
  };
  look_at_door(config.policy, "policy");
  look_at_door(config.socketmap, "socketmap");
  look_at_door(config.milter, "milter");
  look_at_socket(found, config, "http.socket", config.http.socket);
  look_at_socket(found, config, "admin.socket", config.admin.socket);
}

// --- what the daemon does as its own user ----------------------------------------------------------------------------

// `as_root`: the start is root's, who makes sockets anywhere; but it may be the unit's, which starts it as its user.
void look_at_writable(StartProblems& found, const Config& config, bool as_root) {
  const auto& general = config.general;
  const auto user = process_user();
  const auto& counters = config.counters;
  if (counters.store == "memory") {
    const auto directory = counters.file.starts_with('/') ? directory_of(counters.file) : general.state_directory;
    if (may(directory, F_OK) && !may(directory, W_OK | X_OK))
      found.warnings.push_back(config.places.named("counters.file") + ": user " + user + " cannot write into " +
                               directory + ": counters are not kept across a restart");
  }
  for (const auto& [socket, key] :
       {std::pair(config.policy.socket, "policy.socket"), std::pair(config.milter.socket, "milter.socket"),
        std::pair(config.socketmap.socket, "socketmap.socket")}) {
    if (!socket || socket->kind != SocketName::Kind::unix_path) continue;
    const auto directory = directory_of(socket->path);
    if (!may(directory, F_OK) || may(directory, W_OK | X_OK)) continue;
    const auto why = config.places.named(key) + ": " + socket->to_string() + ": user " + user +
                     " cannot make it: " + std::strerror(errno);
    if (as_root)
      found.warnings.push_back(why + "; a start as root works, a start as this user (as in the systemd unit) does not");
    else found.errors.push_back(why);
  }
  const auto directory = directory_of(config.admin.socket.path);
  if (may(directory, F_OK) && !may(directory, W_OK | X_OK))
    found.errors.push_back(config.places.named("admin.socket") + ": user " + user + " cannot make " +
                           config.admin.socket.path + ": " + std::strerror(errno));
}

StartProblems look_as_user(const std::string& file, const Config& config, bool as_root,
                           const std::vector<std::string>& told) {
  StartProblems found;
  static const SystemClock clock;
  if (as_root) {  // whose own eyes have read it
    Loaded loaded = load(file, make_builders(clock));
    found.errors = std::move(loaded.errors);
    for (auto& key : loaded.unusable_keys)
      if (std::find(told.begin(), told.end(), key) == told.end()) found.warnings.push_back(std::move(key));
  }
  want(found, config, "general.log", try_log(config.general.log));
  look_at_writable(found, config, as_root);
  want(found, read_http_token(config));
  want(found, read_counters_password(config));
  if (const auto token = read_alert_token(config))
    want(found, make_receivers(config.alerts, *token, config.general.hostname, clock));
  else found.errors.push_back(token.error().what);
  if (!config.dns.zone.empty()) {
    want(found, config, "dns.zone", load_zone_resolver(config.dns.zone_path));
  } else {
    AresConfig ares;
    ares.servers = config.dns.servers;
    want(found, config, "dns.servers", make_ares_resolver(ares));
  }
  want(found, make_public_suffixes());
  return found;
}

// Each problem as a line, an E or a W before it; a line end within one is \r meanwhile.
std::string to_lines(const StartProblems& found) {
  std::string text;
  for (const auto& [kind, list] : {std::pair('E', &found.errors), std::pair('W', &found.warnings)})
    for (std::string one : *list) {
      std::replace(one.begin(), one.end(), '\n', '\r');
      text += kind + one + '\n';
    }
  return text;
}

StartProblems from_lines(std::string_view text) {
  StartProblems found;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    std::string one(line.substr(1));
    std::replace(one.begin(), one.end(), '\r', '\n');
    (line.front() == 'E' ? found.errors : found.warnings).push_back(std::move(one));
  }
  return found;
}

// The same in a child that has become the daemon's user for good.
StartProblems look_in_child(const std::string& file, const Config& config, const ProcessIdentity& identity,
                            const std::vector<std::string>& told) {
  StartProblems failed;
  failed.errors.push_back("the check failed as user " + identity.user);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed;
  Fd read_end(ends[0]), write_end(ends[1]);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return failed;
  if (child == 0) {
    StartProblems found;
    try {
      if (const auto dropped = drop_privileges(identity); !dropped) found.errors.push_back(dropped.error().what);
      else found = look_as_user(file, config, true, told);
    } catch (const std::exception& failure) {
      found.errors.emplace_back(failure.what());
    }
    const auto text = to_lines(found);
    for (std::string_view rest = text; !rest.empty();) {
      const auto count = ::write(write_end.get(), rest.data(), rest.size());
      if (count <= 0) ::_exit(EXIT_FAILURE);
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    ::_exit(EXIT_SUCCESS);
  }
  write_end.reset();
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(read_end.get(), buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR);)
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS ? from_lines(text) : failed;
}

void add(StartProblems& all, StartProblems more, const std::string& before) {
  for (auto& one : more.errors) all.errors.push_back(before + one);
  for (auto& one : more.warnings) all.warnings.push_back(before + one);
}

}  // namespace

std::string log_lost(const Config& config, StartedAs as) {
  if (config.general.log != "stderr" || as == StartedAs::foreground) return {};
  return config.places.named("general.log") +
         ": \"stderr\" needs mailweir --foreground: in the background it is closed, and every line would be "
         "lost; or write \"journal\", \"syslog\" or \"file:/PATH\"";
}

Error no_identity(const Config& config, const Error& why) {
  const bool is_group = !config.general.group.empty() && find_identity(config.general.user);
  return config.places.blame(is_group ? "general.group" : "general.user", why);
}

StartProblems check_start(const std::string& file, const Config& config, StartedAs as,
                          const std::vector<std::string>& told) {
  StartProblems found;
  if (auto lost = log_lost(config, as); !lost.empty())
    (as == StartedAs::background ? found.errors : found.warnings).push_back(std::move(lost));
  const auto& general = config.general;
  const auto identity = find_identity(general.user, general.group);
  const bool root = ::geteuid() == 0;
  if (root || (identity && ::geteuid() == identity->uid)) {  // others may not see what is there
    look_at_directories(found, config);
    look_at_doors(found, config);
  }
  if (!identity) {
    found.errors.push_back(no_identity(config, identity.error()).what);
  } else if (identity->uid == 0) {
    found.errors.push_back(config.places.named("general.user") + ": user " + general.user +
                           " is root; name another user to run as");
  } else if (root) {
    add(found, look_in_child(file, config, *identity, told), "as user " + general.user + ": ");
  } else if (::geteuid() == identity->uid) {
    add(found, look_as_user(file, config, false, told), "");
  } else {
    found.warnings.push_back("cannot check as user " + process_user() + " whether user " + general.user +
                             " may read and write its files; run as root or as " + general.user);
  }
  return found;
}

}  // namespace mailweir
