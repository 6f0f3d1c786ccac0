// SPDX-License-Identifier: BSD-2-Clause
// SectionRow: one section of the policy file, made of its keys (config/key.h), whatever struct they stand in. Not a
// public header of the floor.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/key.h"
#include "config/listed_keys.h"
#include "rule/policy.h"

namespace mailweir {

// What a section has besides its keys.
template <typename Of>
struct SectionTraits {
  std::function<void(Section&, const Makings&, Of&)> check{};  // when all keys are read: how they go together
  std::function<bool(const Of&)> is_shown{};                   // by `mailweirctl config`; null: always
  std::function<void(std::ostream&, const Of&)> print_further{};
  bool restarts_as_one = false;  // a change is told of the section, not of its keys
};

struct SectionRow {
  // Keys that are read elsewhere, and printed as they are written: those of [dnsbl.NAME].
  template <typename Of>
  SectionRow(std::string_view its_name, const Keys<Of>& its_keys) : name(its_name) {
    for (const auto& key : its_keys) keys.push_back({std::string(key.name), key.range, static_cast<bool>(key.differs)});
  }
  // `where`: the struct in Config, or in Policy.
  template <typename Of, typename Where>
  SectionRow(std::string_view its_name, const Keys<Of>& its_keys, Where where, SectionTraits<Of> traits = {})
      : SectionRow(its_name, its_keys) {
    read = [=](Section section, const Makings& makings, Config& config, Policy& policy) {
      Of& of = reach(where, config, policy);
      read_keys(its_keys, section, makings, of);
      if (traits.check) traits.check(section, makings, of);
      section.finish();
    };
    print = [=, this_name = its_name](std::ostream& out, const Config& config, const Policy& policy) {
      const Of& of = reach(where, config, policy);
      if (traits.is_shown && !traits.is_shown(of)) return;
      out << '[' << this_name << "]\n";
      print_keys(its_keys, out, of);
      if (traits.print_further) traits.print_further(out, of);
    };
    if constexpr (std::is_invocable_v<Where, const Config&>)
      compare = [=, this_name = its_name](const Config& a, const Config& b, std::vector<std::string>& changed) {
        for (const auto& key : its_keys) {
          if (!key.differs || !key.differs(std::invoke(where, a), std::invoke(where, b))) continue;
          changed.push_back(std::string(this_name) + (traits.restarts_as_one ? "" : '.' + std::string(key.name)));
          if (traits.restarts_as_one) return;
        }
      };
  }

  // One that may stand in several files, and is read with what stands below it.
  SectionRow in_each_file() && {
    in_one_file = false;
    return std::move(*this);
  }

  std::string_view name;
  bool in_one_file = true;
  std::vector<ListedKey> keys;
  std::function<void(Section, const Makings&, Config&, Policy&)> read{};
  std::function<void(std::ostream&, const Config&, const Policy&)> print{};
  std::function<void(const Config& before, const Config& after, std::vector<std::string>& changed)> compare{};

 private:
  template <typename Where, typename SomeConfig, typename SomePolicy>
  static auto& reach(Where where, SomeConfig& config, SomePolicy& policy) {
    if constexpr (std::is_invocable_v<Where, SomeConfig&>) return std::invoke(where, config);
    else return std::invoke(where, policy);
  }
};

// Keys that stand in the policy itself.
struct InPolicy {
  Policy& operator()(Policy& policy) const { return policy; }
  const Policy& operator()(const Policy& policy) const { return policy; }
};

}  // namespace mailweir
