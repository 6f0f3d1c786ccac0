// SPDX-License-Identifier: BSD-2-Clause
// Key: the row of one key of the policy file. From it the key is read, printed by `mailweirctl config`, compared for
// what needs a restart, and listed. Not a public header of the floor.
//
//   {"drain", &GeneralConfig::drain, form::duration(0s, 10min), needs_restart},
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/form.h"

namespace mailweir {

// What a changed value needs: a reload, or a restart; the latter perhaps only if what a function makes of it changes.
struct Reloads {};
template <typename What = std::identity>
struct NeedsRestart {
  What what{};
};
template <typename What>
NeedsRestart(What) -> NeedsRestart<What>;
inline constexpr Reloads reloads;
inline constexpr NeedsRestart<> needs_restart;

template <typename Of>
struct Key {
  // `member`: of the struct, or a function that gives a reference into it.
  template <typename Member, typename T = std::remove_cvref_t<std::invoke_result_t<Member, Of&>>>
  Key(std::string_view its_name, Member member, const std::type_identity_t<Form<T>>& form, Reloads)
      : name(its_name), range(form.range),
        read([=](const KeyPlace& place, Of& of) { form.read(place, std::invoke(member, of)); }),
        print([=](const Of& of) { return form.print(std::invoke(member, of)); }) {}
  template <typename Member, typename What, typename T = std::remove_cvref_t<std::invoke_result_t<Member, Of&>>>
  Key(std::string_view its_name, Member member, const std::type_identity_t<Form<T>>& form, NeedsRestart<What> change)
      : Key(its_name, member, form, reloads) {
    differs = [=](const Of& a, const Of& b) {
      return !(change.what(std::invoke(member, a)) == change.what(std::invoke(member, b)));
    };
  }

  std::string_view name;
  std::string range;
  std::function<void(const KeyPlace&, Of&)> read;
  std::function<std::string(const Of&)> print;
  std::function<bool(const Of&, const Of&)> differs{};  // so that a restart is needed; null: never
};

// A member of a member.
template <typename Outer, typename Inner>
auto within(Outer outer, Inner inner) {
  return [=](auto& of) -> decltype(auto) { return (of.*outer.*inner); };
}

template <typename Of>
using Keys = std::vector<Key<Of>>;

// Reads all of them. What the section has besides is told by finish().
template <typename Of>
void read_keys(const Keys<Of>& keys, Section& section, const Makings& makings, Of& of) {
  for (const auto& key : keys) key.read(KeyPlace{section, key.name, makings}, of);
}

// Those of a table that has no others.
template <typename Of>
void read_table(const Keys<Of>& keys, const toml::table& table, std::string name, Problems& problems,
                const Makings& makings, Of& of) {
  Section section(table, std::move(name), problems);
  read_keys(keys, section, makings, of);
  section.finish();
}
// And of one that is a key's value.
template <typename Of>
void read_table(const Keys<Of>& keys, const KeyPlace& place, const toml::table& table, Of& of) {
  read_table(keys, table, place.section.full(place.key), place.section.problems(), place.makings, of);
}

template <typename Of>
void print_keys(const Keys<Of>& keys, std::ostream& out, const Of& of) {
  for (const auto& key : keys)
    if (const auto value = key.print(of); !value.empty()) out << key.name << " = " << value << '\n';
}

}  // namespace mailweir
