// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/macro_store.h"

#include <algorithm>
#include <optional>

namespace mailweir {
namespace {

using milter::Command;

// In the order of the dialogue. Pieces of a message share a place with what ends them.
std::optional<std::size_t> place_of(Command command) {
  switch (command) {
    case Command::connect: return 0;
    case Command::helo: return 1;
    case Command::mail: return 2;
    case Command::rcpt: return 3;
    case Command::data: return 4;
    case Command::header:
    case Command::end_of_header: return 5;
    case Command::body:
    case Command::end_of_message: return 6;
    default: return {};
  }
}

std::string_view bare(std::string_view name) {
  return name.starts_with('{') && name.ends_with('}') ? name.substr(1, name.size() - 2) : name;
}

}  // namespace

void MacroStore::Step::clear() {
  bytes.clear();
  macros.clear();
  fresh = false;
}

Result<void> MacroStore::keep(const milter::Macros& macros) {
  const auto place = place_of(macros.of);
  if (!place) return {};  // unknown commands have macros too; none are asked for
  if (macros.values.size() > most_macros) return Error{"more than " + std::to_string(most_macros) + " macros"};
  Step& step = steps_[*place];
  step.clear();
  step.fresh = true;
  std::size_t bytes = 0;
  for (const auto& macro : macros.values) bytes += macro.name.size() + macro.value.size();
  step.macros.reserve(macros.values.size());
  step.bytes.reserve(std::min(bytes, most_bytes));
  for (const auto& macro : macros.values) {
    const auto name = bare(macro.name);
    if (step.bytes.size() + name.size() + macro.value.size() > most_bytes)
      return Error{"macros of more than " + std::to_string(most_bytes) + " bytes"};
    const auto number = [](std::size_t size) { return static_cast<std::uint16_t>(size); };
    step.macros.push_back({number(step.bytes.size()), number(name.size()), number(macro.value.size())});
    step.bytes.append(name).append(macro.value);
  }
  return {};
}

void MacroStore::reached(Command command) {
  const auto place = place_of(command);
  if (!place) return;
  // The pieces of a message share one packet.
  constexpr std::size_t last_command = 4;
  if (Step& step = steps_[*place]; *place <= last_command && !step.fresh) step.clear();
  else step.fresh = false;
  for (std::size_t later = *place + 1; later < step_count; ++later) steps_[later].clear();
}

void MacroStore::clear() {
  for (auto& step : steps_) step.clear();
}

std::optional<std::string_view> MacroStore::get(const char* name) const {
  const auto wanted = bare(name);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const std::string_view bytes = step->bytes;
    for (const auto& macro : step->macros)
      if (macro.name == wanted.size() && bytes.substr(macro.at, macro.name) == wanted)
        return bytes.substr(macro.at + macro.name, macro.value);
  }
  return {};
}

}  // namespace mailweir
