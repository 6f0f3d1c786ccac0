// SPDX-License-Identifier: BSD-2-Clause
#include "app/kept_suppressions.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "base/new_file.h"

namespace mailweir {
namespace {

using nlohmann::json;
using std::chrono::seconds;

std::int64_t in_seconds(WallTime time) { return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count(); }
WallTime time_of(const json& value) { return WallTime(seconds(value.get<std::int64_t>())); }

}  // namespace

std::string suppressions_json(const Suppressions& suppressions) {
  json all = json::array();
  for (const Suppression& one : suppressions.all())
    all.push_back({{"for", one.scope},
                   {"recipient", one.recipient},
                   {"answer", one.answer},
                   {"first", in_seconds(one.first)},
                   {"last", in_seconds(one.last)},
                   {"suppressed", one.proved}});
  return all.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

Result<void> save_suppressions(const Suppressions& suppressions, const std::string& path) {
  return replace_file(path, suppressions_json(suppressions), 0640);
}

Result<void> restore_suppressions(const std::string& path, Suppressions& suppressions) {
  std::ifstream file(path);
  if (!file) return {};
  try {
    for (const json& one : json::parse(file))
      suppressions.put({one.at("for").get<std::string>(), one.at("recipient").get<std::string>(),
                        one.at("answer").get<std::string>(), time_of(one.at("first")), time_of(one.at("last")),
                        one.at("suppressed").get<bool>()});
  } catch (const std::exception&) {
    return Error{path + ": it is damaged"};
  }
  return {};
}

}  // namespace mailweir
