// SPDX-License-Identifier: BSD-2-Clause
// What the socketmap door answers, as static tables of Postfix, and the lines of main.cf and master.cf that use the
// door. Pure functions of the ways out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rule/way_maps.h"

namespace mailweir {

// A map in two files, to be named in this order: keys for postmap(1), and, where wildcards need it, regexp_table(5).
struct WayFiles {
  std::string plain, regexp;  // "": not needed
};
WayFiles way_files(const WayMaps& maps, WayMap map);

// What main.cf has already, as it stands there.
struct PostfixBefore {
  std::string transport_maps, milter_header_checks, smtp_generic_maps;
};
// `table`: a map's table as main.cf names it, without the map's name: "socketmap:unix:mailweir/map.sock:"; "": without
// the door. `routes`: those that rules name. What was there before goes behind ours.
std::string postfix_lines(const WayMaps& maps, const std::string& table, const std::vector<NamedRoute>& routes = {},
                          const PostfixBefore& before = {});

}  // namespace mailweir
