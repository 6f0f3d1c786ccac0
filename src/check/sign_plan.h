// SPDX-License-Identifier: BSD-2-Clause
// SignPlan: which keys sign a message, and what becomes of it when its author's domain has none. Nothing is computed
// yet; `explain` makes the same plan.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "check/signing_keys.h"
#include "port/table.h"

namespace mailweir {

// What happens to a message that a rule wants signed, and for which there is no key.
enum class WithoutKey { go_on, provider, defer, reject };

// [dkim] without_key, provider, also.
struct OtherSigners {
  WithoutKey without_key = WithoutKey::go_on;
  std::string provider;           // signs instead, WithoutKey::provider
  std::vector<std::string> also;  // sign too, whatever else does
};

// sign = { domain = "...", selector = "..." }, filled in for one message.
struct SignChoice {
  bool of_author = false;           // the domains of From; else:
  std::string domain;               // as the rule's text made it, which may be no domain
  bool named = false;               // it stands in the policy file: it need not be aligned with From
  std::vector<std::string> select;  // selectors; none: all keys of the domain
  TablePtr selectors;               // a map of domains to selectors, instead; a domain that is not in it: all
};

// "s1, s1e": the selectors in a text, folded.
std::vector<std::string> selectors_in(std::string text);

// What the rules that fired want.
struct SignWish {
  bool author = false;                // the keys of From's domains
  std::vector<std::string> domains;   // and those of these, named in the policy file
  std::vector<SignChoice> choices{};  // and these

  bool any() const { return author || !domains.empty() || !choices.empty(); }
};

struct SignPlan {
  enum class Refusal { none, defer, reject };

  KeysFound found;                   // those that sign, as their signatures stand from the top: the author's first
  std::vector<std::string> without;  // domains that were to sign and have no key
  std::string why;                   // what the rules want has no key: why; else empty
  bool by_provider = false;          // who therefore signs instead
  Refusal refusal = Refusal::none;
};

// `authors` as author_domains() has them. Trouble with the place of the keys, and a key that is there and cannot be
// used, are not the sender's fault: they defer a message at most. May wait until the deadline, and for `selectors`.
SignPlan plan_signatures(const SignWish& wish, const std::vector<std::string>& authors, const SigningKeys& keys,
                         const OtherSigners& others, Deadline deadline);

// Whether a signature by `domain` speaks for mail of an author's domain: the same, or one is below the other. Narrower
// than DMARC's relaxed alignment (RFC 7489 3.1.1), which lets two customers below one domain sign for each other.
bool is_aligned(std::string_view domain, std::string_view author);

}  // namespace mailweir
