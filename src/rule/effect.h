// SPDX-License-Identifier: BSD-2-Clause
// Effect: what a rule does to a message that goes on, besides its action. A type for each, with a row that says all of
// it but how it is carried out. Its text is a template in a rule, and filled in a verdict.
//
// A new effect is a type here and in EffectOf. What has to know it does not compile without it: how it is written
// (config/effects.cc) and carried out (milter_door/message_edits.cc). What has other properties than its text is also
// logged (engine/mail_log.cc), explained (ctl/explanation.cc) and answered (policy_door/action.cc) in its own way.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "mail/stage.h"
#include "port/pattern.h"
#include "rule/named_route.h"
#include "rule/reply_template.h"
#include "rule/sign_setting.h"

namespace mailweir {

struct EffectRow {
  std::string_view key;             // in the policy file, and with its text in the log and in explain
  Stage from = Stage::mail;         // where a rule may have it
  bool one = false;                 // the last that is named wins; else a message gets all of them
  std::string_view in_policy = {};  // its word in a policy reply (access(5)); "": that door cannot do it
  std::string_view adds = {};       // of what a policy reply has one only
  bool in_policy_at_end = true;
  // What the milter has to know of the message, and to be allowed.
  bool reads_header = false, reads_body = false;
  bool edits_header = false, edits_recipients = false, quarantines = false;
};

template <typename Text = std::string>
struct Hold {
  static constexpr EffectRow row{.key = "hold", .one = true, .in_policy = "HOLD", .quarantines = true};
  Text text;  // the reason that the hold queue shows
  auto filled(auto&& fill) const { return Hold<>{fill(text)}; }
};

// Its field is deleted again by its number: those of its name that came with the message must be known.
template <typename Text = std::string>
struct Route {
  static constexpr EffectRow row{
      .key = "route", .one = true, .in_policy = "FILTER", .reads_header = true, .edits_header = true};
  Text text;              // a transport of Postfix, or the name of a [routes.NAME]
  NamedRoutePtr named{};  // the latter; else null
  auto filled(auto&& fill) const { return Route<>{fill(text), named}; }
};

template <typename Text = std::string>
struct Redirect {
  static constexpr EffectRow row{.key = "redirect", .one = true, .in_policy = "REDIRECT", .edits_recipients = true};
  Text text;  // the address
  auto filled(auto&& fill) const { return Redirect<>{fill(text)}; }
};

template <typename Text = std::string>
struct Bcc {
  static constexpr EffectRow row{.key = "bcc", .in_policy = "BCC", .adds = "recipient", .edits_recipients = true};
  Text text;  // the address
  auto filled(auto&& fill) const { return Bcc<>{fill(text)}; }
};

struct RemoveHeaders {
  static constexpr EffectRow row{.key = "remove_headers", .reads_header = true, .edits_header = true};
  std::string name;  // may have wildcards
  PatternPtr value;  // null: whatever the value
};

template <typename Text = std::string>
struct ReplaceHeader {
  static constexpr EffectRow row{.key = "replace_header", .reads_header = true, .edits_header = true};
  std::string name;
  Text text;
  auto filled(auto&& fill) const { return ReplaceHeader<>{name, fill(text)}; }
};

template <typename Text = std::string>
struct AddHeader {
  static constexpr EffectRow row{.key = "add_headers",
                                 .in_policy = "PREPEND",
                                 .adds = "header",
                                 .in_policy_at_end = false,
                                 .reads_header = true,
                                 .edits_header = true};
  std::string name;
  Text text;
  auto filled(auto&& fill) const { return AddHeader<>{name, fill(text)}; }
};

struct Sign {
  static constexpr EffectRow row{
      .key = "sign", .from = Stage::end_of_message, .reads_header = true, .reads_body = true, .edits_header = true};
  bool author = false;                  // with the keys of the From header's domains
  std::vector<std::string> domains;     // and with those of these
  std::vector<SignSetting> settings{};  // and with those that a rule chooses; in a verdict:
  std::vector<SignChoice> choices{};

  Sign filled(auto&& fill) const {
    Sign done{author, domains};
    for (const auto& setting : settings) done.choices.push_back(setting.filled(fill));
    return done;
  }
  void join(const Sign& later) {
    choices.insert(choices.end(), later.choices.begin(), later.choices.end());
    author = author || later.author;
    for (const auto& domain : later.domains)
      if (std::ranges::find(domains, domain) == domains.end()) domains.push_back(domain);
  }
};

// The effects of one rule are carried out in this order.
template <typename Text>
using EffectOf = std::variant<Hold<Text>, Route<Text>, Redirect<Text>, Bcc<Text>, RemoveHeaders, ReplaceHeader<Text>,
                              AddHeader<Text>, Sign>;
using RuleEffect = EffectOf<Template>;
using Effect = EffectOf<std::string>;

// Kinds of effects, for code that has to name each of them.
template <typename... Kinds>
struct EffectKinds {
  // Whether they are all that are wanted of the variant's, and no others.
  template <typename Variant>
  static constexpr bool are_all(bool (*wanted)(const EffectRow&)) {
    return []<typename... All>(auto is_wanted, std::type_identity<std::variant<All...>>) {
      return ((has<All> == is_wanted(All::row)) && ...);
    }(wanted, std::type_identity<Variant>{});
  }

 private:
  template <typename Kind>
  static constexpr bool has = (std::is_same_v<Kind, Kinds> || ...);
};

template <typename Kind>
concept HasText = requires(const Kind& effect) {
  effect.text;
};
template <typename Kind>
concept NamesHeader = requires(const Kind& effect) {
  effect.name;
};
template <typename Kind>
concept OnlyText = HasText<Kind> && !NamesHeader<Kind>;

template <typename Text>
const EffectRow& row_of(const EffectOf<Text>& effect) {
  return *std::visit([](const auto& one) { return &one.row; }, effect);
}

// Null: it has none.
template <typename Text>
const Text* text_of(const EffectOf<Text>& effect) {
  return std::visit(
      []<typename Kind>(const Kind& one) -> const Text* {
        if constexpr (HasText<Kind>) return &one.text;
        else return nullptr;
      },
      effect);
}

// The first of a kind; null: none is.
template <typename Kind, typename Some>
const Kind* find_effect(const std::vector<Some>& effects) {
  for (const auto& effect : effects)
    if (const auto* one = std::get_if<Kind>(&effect)) return one;
  return nullptr;
}

}  // namespace mailweir
