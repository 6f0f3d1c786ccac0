// SPDX-License-Identifier: BSD-2-Clause
// MacroStore: the macros that an MTA has sent in a session, by the step that they came with. What came with a later
// step wins; a step forgets what came with those behind it (the queue id of the message before, say), and what came
// with the command of its kind before. Bounded: a step keeps what its last packet held, up to most_bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "milter_door/milter_events.h"
#include "milter_door/protocol.h"

namespace mailweir {

class MacroStore final : public Macros {
 public:
  static constexpr std::size_t most_macros = 200;    // of a packet; MTAs send up to 50
  static constexpr std::size_t most_bytes = 60'000;  // of a packet, a certificate's names among them

  // Those of the command that comes next; they replace what came with it before. Fails when they are over the bounds.
  Result<void> keep(const milter::Macros& macros);
  // A command has come: what was kept for later ones is void, and so is what came with an earlier one of its kind.
  void reached(milter::Command command);
  void clear();
  // By name, with or without braces: "i", "{client_addr}".
  std::optional<std::string_view> get(const char* name) const override;

 private:
  static constexpr std::size_t step_count = 7;
  struct Macro {
    std::uint16_t at, name, value;  // where it stands in the bytes, and the lengths of its two texts
  };
  struct Step {
    std::string bytes;
    std::vector<Macro> macros;
    bool fresh = false;  // their command is still to come
    void clear();
  };
  std::array<Step, step_count> steps_;
};

}  // namespace mailweir
