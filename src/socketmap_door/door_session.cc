// SPDX-License-Identifier: BSD-2-Clause
#include "socketmap_door/door_session.h"

#include <exception>

#include "base/text.h"

namespace mailweir {
namespace {

std::string known_maps() {
  std::string names;
  for (const auto& [name, map] : way_map_names) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

}  // namespace

std::string SocketmapDoorSession::answer(std::string_view request) const {
  ++door_.stats.lookups;
  const auto blank = request.find(' ');
  if (blank == request.npos) return refuse("PERM a request is the name of a map, a blank, and a key");
  const auto name = request.substr(0, blank);
  const auto map = parse_way_map(name);
  if (!map) return refuse("PERM unknown map " + cleaned(name, true, 40) + "; known maps: " + known_maps());
  try {
    const auto policy = door_.policy.get();
    const auto value = policy->way_maps ? policy->way_maps->find(*map, request.substr(blank + 1)) : std::string();
    if (value.empty()) return "NOTFOUND ";
    ++door_.stats.found;
    return "OK " + value;
  } catch (const std::exception& failure) {  // no memory, say: the mail waits
    Event("socketmap-exception").with("reason", failure.what()).to(door_.log, Severity::error);
    return refuse("TEMP the lookup failed; see the log of mailweir");
  }
}

std::string SocketmapDoorSession::refuse(std::string_view answer) const {
  ++door_.stats.refused_lookups;
  return std::string(answer);
}

}  // namespace mailweir
