// SPDX-License-Identifier: BSD-2-Clause
// What a rule's limit, or its block, asks of the counter store. Free functions of the rule and the facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fact/facts.h"
#include "mail/stage.h"
#include "port/counter_store.h"
#include "rule/rule.h"

namespace mailweir {

// The charge of the rule's limit at this stage. Nothing: the key or the value is not known, this key is unlimited, or
// there is nothing to count; `why`, unless null, then says which.
std::optional<Charge> charge_for(const Rule& rule, Stage stage, Facts& facts, std::string* why = nullptr);

// The question whether the key that the rule blocks, by its limit or itself, is blocked. Nothing: the key is not known.
std::optional<Charge> block_question_for(const Rule& rule, Facts& facts);

// Whether mail passes a rule whose limit, or block, could not be asked, or has no room for its key. `of_counters`: what
// the file says of the store.
bool goes_on_uncounted(const Rule& rule, bool of_block, Outage of_counters);

// What a charge that was refused would have added to its counter.
std::uint64_t refused_units(const Charge& charge, const Level& level);

// The limit's windows for a key: what its overrides have, else its own. Empty: unlimited.
std::vector<Window> windows_for(const Limit& limit, const std::string& key, const MailboxSpelling& spelling);

// The block list of a rule that blocks.
std::string list_name(const Rule& rule);

}  // namespace mailweir
