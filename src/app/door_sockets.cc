// SPDX-License-Identifier: BSD-2-Clause
#include "app/door_sockets.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "libmilter_door/server.h"
#include "start/own_directory.h"
#include "start/privileges.h"

namespace mailweir {
namespace {

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// `section`: the door's.
Result<SocketAccess> access_of(const DoorConfig& door, const Config& config, const std::string& section) {
  const GeneralConfig& general = config.general;  // whose group a socket has that names none
  SocketAccess access;
  access.mode = door.mode;
  if (door.group.empty()) {
    if (const auto daemon = find_identity(general.user, general.group); daemon && geteuid() == 0)
      access.group = daemon->gid;
    return access;
  }
  const auto group = find_group(door.group);
  if (!group) return config.places.blame(section + ".group", group.error());
  access.group = *group;
  return access;
}

// As many may wait to be taken as may be served: a mail server that starts anew connects with all its processes at
// once. The kernel cuts it to net.core.somaxconn (listen(2)).
int backlog_for(std::size_t connections) { return static_cast<int>(std::max<std::size_t>(connections, 512)); }

}  // namespace

Result<void> DoorSockets::provide_directories(const Config& config) {
  std::optional<ProcessIdentity> owner;
  if (const auto found = find_identity(config.general.user, config.general.group)) owner = *found;
  auto made =
      provide_directory(config.general.state_directory, config.places.named("general.state_directory"), 0750, owner);
  const auto of_socket = [&](const std::optional<SocketName>& socket, const std::string& key) {
    if (made && socket && socket->kind == SocketName::Kind::unix_path)
      made = provide_directory(directory_of(socket->path), config.places.named(key), 0755, owner);
  };
  of_socket(config.admin.socket, "admin.socket");
  of_socket(config.policy.socket, "policy.socket");
  of_socket(config.socketmap.socket, "socketmap.socket");
  of_socket(config.milter.socket, "milter.socket");
  return made;
}

void DoorSockets::note(const SocketName& socket) {
  if (socket.kind == SocketName::Kind::unix_path) paths_.push_back(socket.path);
}

void DoorSockets::remove() {
  for (const auto& path : std::exchange(paths_, {})) ::unlink(path.c_str());
}

// `section`: the door's.
Result<void> DoorSockets::open(const DoorConfig& door, std::size_t connections, const Config& config,
                               const std::string& section, Fd& socket) {
  if (!door.socket) return {};
  const auto access = access_of(door, config, section);
  if (!access) return access.error();
  auto listener = listen_on(*door.socket, *access, backlog_for(connections));
  if (!listener) return config.places.blame(section + ".socket", listener.error());
  socket = std::move(*listener);
  note(*door.socket);
  return {};
}

Result<void> DoorSockets::open(const Config& config) {
  if (auto opened = open(config.policy, config.policy.max_connections, config, "policy", policy); !opened)
    return opened;
  if (auto opened = open(config.socketmap, config.socketmap.max_connections, config, "socketmap", socketmap); !opened)
    return opened;
  if (config.http.socket) {
    auto listener = listen_on(*config.http.socket, {}, backlog_for(config.http.max_connections));
    if (!listener) return config.places.blame("http.socket", listener.error());
    http = std::move(*listener);
  }
  if (config.milter.socket) {
    const auto access = access_of(config.milter, config, "milter");
    if (!access) return access.error();
    if (config.milter.transport == MilterTransport::libmilter) {
      auto opened = open_libmilter_socket(*config.milter.socket, *access);
      if (!opened) return config.places.blame("milter.socket", opened.error());
      note(*config.milter.socket);
      return {};
    }
    auto listener = listen_on(*config.milter.socket, *access, backlog_for(config.milter.max_connections));
    if (!listener) return config.places.blame("milter.socket", listener.error());
    milter = std::move(*listener);
    note(*config.milter.socket);
  }
  return {};
}

}  // namespace mailweir
