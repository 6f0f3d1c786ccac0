// SPDX-License-Identifier: BSD-2-Clause
// Reads [routes.NAME], [relay.NAME] and [tls], which may stand in several files. Not a public header of the floor.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/key.h"
#include "config/placed_rule.h"
#include "config/section.h"
#include "fact/settings.h"
#include "rule/way_maps.h"

namespace mailweir {

// Of a [routes.NAME], of [routes] itself, of a [relay.NAME], and those of [tls] that are not domains.
const Keys<NamedRoute>& named_route_keys();
const Keys<WaysOut>& routes_keys();
const Keys<RelayHop>& relay_keys();
const Keys<WaysOut>& tls_keys();

class WaysOutReader {
 public:
  // The tables of one file; file by file, in order.
  void take(Section& top);
  // When the lists are read. Null: there are none, or an error, which is told.
  std::shared_ptr<const WayMaps> make(const Makings& makings, const Config& config, Problems& problems);
  // Once they are made: those that rules may name, good ones or not.
  const WaysOut& ways() const { return ways_; }
  // When the rules are read.
  void warn_unused(const std::vector<PlacedRule>& rules, Problems& problems) const;
  // The [routes.NAME] addresses, beside those of [egress].
  void add_addresses(std::vector<Egress>& egress) const;

 private:
  struct Named {
    std::string name;
    const toml::table* table;
  };
  static std::vector<Named> in_order(const toml::table& all, std::string_view section, Problems& problems);
  void take(const toml::table* tables, std::string_view section, std::vector<Named>& named, Problems& problems);
  static void check_route(const NamedRoute& route, Section& section);
  void read_tls(const toml::table& table, const Makings& makings, Problems& problems);
  void read_relay(const Named& named, const Makings& makings, Problems& problems);

  WaysOut ways_;
  std::vector<Named> routes_, relays_;
  std::vector<const toml::table*> tls_, never_;
  std::map<std::string, Place, std::less<>> places_;  // "routes.NAME", "tls.DOMAIN"
  Place door_;                                        // of [socketmap]
};

// How they go together, and with the door: errors and warnings.
void check_ways_out(const WayMaps& maps, const std::map<std::string, Place, std::less<>>& places, const Config& config,
                    Problems& problems);

// As TOML, for `mailweirctl config`.
std::string print_ways_out(const WaysOut& ways);

}  // namespace mailweir
