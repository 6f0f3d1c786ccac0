// SPDX-License-Identifier: BSD-2-Clause
// FactDefinition: what is known of a fact before any mail comes: its type, where it is known, what it needs. Whatever
// asks for facts of a kind (needs, early lookups, skip, errors of `check`, the test of the manual) is a loop over
// these. Names are Postfix's (SMTPD_POLICY_README) where Postfix has one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "mail/stage.h"

namespace mailweir {

enum class FactType : std::uint8_t {
  text,   // compared folded
  login,  // a SASL login: text that may have a domain
  word,   // one of `words`
  number,
  decimal,  // a number in thousandths (base/thousandths.h)
  boolean,
  ip,
  domain,   // a host or domain name
  address,  // a mail address
  dnsbl,    // names of block lists: the [dnsbl.NAME] of the policy file
  blocked,  // names of rules and limits that block keys
  version,  // of TLS: "1.2"; compared as a number
};

// The stage from which a fact is known at a door; nothing: that door never has it.
struct FactKnown {
  std::optional<Stage> milter, policy, http;
};
constexpr FactKnown known_at_doors(Stage stage) { return {stage, stage, {}}; }
constexpr FactKnown known_at_milter(Stage stage) { return {stage, {}, {}}; }
constexpr FactKnown known_at_policy(Stage stage) { return {{}, stage, {}}; }
// And of a login that is only tried, which a server that checks passwords reports.
constexpr FactKnown known_of_logins(Stage stage) { return {stage, stage, Stage::auth}; }

// What must have been read of a message before the fact is all that it will be.
enum class FactNeeds : std::uint8_t { envelope, header, body };

// How long a value stays true: for the session, until the next HELO, or until the transaction ends.
enum class FactScope : std::uint8_t { session, helo, transaction };

// The lookups behind a fact. early: they begin as soon as it is known, if a condition asks for it; for_reply: if a
// reply has it; at_end: they begin with the checks of the message.
enum class FactLookups : std::uint8_t { none, early, for_reply, at_end };

// What a rule must say besides the name.
enum class FactArgument : std::uint8_t { none, header, map, route, own };

// A fact that is part of another check: by what name `skip` turns it off.
enum class FactSkipped : std::uint8_t {
  itself,      // its own, which turns off no other part
  with_whole,  // the check's only
  as_whole,    // either: both name the check
};

struct FactDefinition {
  std::string_view name;
  FactType type = FactType::text;
  FactKnown known{};
  std::string_view meaning{};  // a sentence for the manual and explain
  FactNeeds needs = FactNeeds::envelope;
  FactScope scope = FactScope::transaction;
  std::string_view words{};  // of a word, blanks between
  bool check = false;        // is found out when a rule asks; `skip` may name it
  FactLookups lookups = FactLookups::none;
  FactArgument argument = FactArgument::none;
  std::string_view part_of{};  // the check of which it is a part; empty: it is one itself, or none
  FactSkipped skipped = FactSkipped::itself;
  bool many = false;                 // may have several values
  bool shows_first = false;          // in a text the first value stands for all
  bool any_text = false;             // may hold what looks like a pattern
  bool limit_key = false;            // a check that may be the key of a limit
  std::uint16_t longest_text = 200;  // bytes in a reply
};

struct FactInfo;

// Names a fact: its row in the list of all facts.
class FactId {
 public:
  FactId() = default;  // names none
  explicit FactId(const FactInfo& row) : row_(&row) {}
  bool operator==(const FactId&) const = default;

 private:
  friend const FactInfo& info(FactId id);
  const FactInfo* row_ = nullptr;
};

struct FactInfo : FactDefinition {
  FactId id;
  std::uint8_t number = 0;             // its place in the list of all facts
  std::uint8_t family = 0, place = 0;  // its family in the list of families; its place in that

  bool is_own() const { return argument == FactArgument::own; }
  // The check that it is, or is a part of.
  std::string_view whole() const { return part_of.empty() ? name : part_of; }
};
inline constexpr std::size_t most_facts = 128;  // a CheckSet is two words

std::span<const FactInfo> all_facts();
inline const FactInfo& info(FactId id) { return *id.row_; }
const FactInfo* find_fact(std::string_view name);  // "header.X" finds the row of "header"; null: no such fact
const FactInfo& own_fact();                        // the row for all of [facts]

// The stage from which a fact is known at a door.
constexpr std::optional<Stage> known_from(const FactDefinition& fact, Door door) {
  return door == Door::milter ? fact.known.milter : door == Door::policy ? fact.known.policy : fact.known.http;
}

}  // namespace mailweir
