// SPDX-License-Identifier: BSD-2-Clause
// What a session finds on its walk through a stage's rules. Not a public header of the floor.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/session.h"

namespace mailweir {

// A charge that a rule wants: of its limit, or the question whether its key is blocked.
struct Session::Pending {
  const Rule* rule = nullptr;
  Charge charge;
  std::size_t traced = 0;
  Level level;
  bool began_block = false;          // by this very charge
  bool is_block() const { return charge.kind == CountKind::block; }
};

// What a charge that was refused would have added to its counter.
std::uint64_t refused_units(const Charge& charge, const Level& level);
// The block list of a rule that blocks.
std::string list_name(const Rule& rule);
// Puts a key on its block list and says so in the log, or that it could not be done. True: it was this call; false: it is
// there already, another has said so; nothing: the store could not be asked.
std::optional<bool> begin_block(Services& services, const Policy& policy, const Rule& rule, std::string_view id, const Block& block);

struct Session::Walk {
  std::vector<Pending> pending;
  std::vector<const Rule*> order;    // rules whose conditions held, in order: with a limit or without
  const Rule* decided = nullptr;     // a rule without a limit that ended the walk
  std::size_t decided_traced = 0;
  const Level* over = nullptr;             // the limit or block that decides
  const Rule* over_rule = nullptr;
  const Rule* trouble = nullptr;     // its limit, or a list of its conditions, could not be asked, and it must then defer
  std::string trouble_what;
};

}  // namespace mailweir
