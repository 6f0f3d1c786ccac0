// SPDX-License-Identifier: BSD-2-Clause
#include "delivery/bounce_kind.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace mailweir {
namespace {

// RFC 3463 3.2, RFC 7505 (5.1.10), and what Postfix says of a domain that is not there (5.4.4).
constexpr std::string_view hard_codes[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4"};
// They say nothing, or are used for everything: the text decides.
constexpr std::string_view vague_codes[] = {"5.0.0", "5.1.0", "5.4.1", "5.5.0"};

constexpr std::string_view hard_phrases[] = {
    "account does not exist",
    "account that you tried to reach does not exist",
    "address does not exist",
    "address unknown",
    "does not accept mail (nullmx)",
    "doesn't have a",
    "invalid mailbox",
    "invalid recipient",
    "mailbox does not exist",
    "mailbox not found",
    "no mailbox here by that name",
    "no such mailbox",
    "no such recipient",
    "no such user",
    "not a known user",
    "recipient address rejected: access denied",
    "recipient does not exist",
    "recipient not found",
    "recipient unknown",
    "unknown mailbox",
    "unknown recipient",
    "unknown user",
    "user does not exist",
    "user doesn't exist",
    "user not found",
    "user unknown",
};
constexpr std::string_view policy_phrases[] = {"blacklist", "blocklist", "block list", "blocked", "reputation", "spam"};

bool has_any(std::string_view text, const auto& phrases) {
  const std::string plain = folded(text);
  return std::ranges::any_of(phrases, [&](std::string_view phrase) { return plain.find(phrase) != plain.npos; });
}

}  // namespace

std::string_view to_string(BounceKind kind) {
  switch (kind) {
    case BounceKind::all: return "all";
    case BounceKind::hard: return "hard";
    case BounceKind::policy: return "policy";
  }
  return "?";
}

BounceKind bounce_kind(std::string_view code, std::string_view text) {
  if (std::ranges::find(hard_codes, code) != std::end(hard_codes)) return BounceKind::hard;
  if (code.starts_with("5.7.")) return BounceKind::policy;
  if (std::ranges::find(vague_codes, code) == std::end(vague_codes)) return BounceKind::all;
  if (has_any(text, hard_phrases)) return BounceKind::hard;
  return has_any(text, policy_phrases) ? BounceKind::policy : BounceKind::all;
}

}  // namespace mailweir
