// SPDX-License-Identifier: BSD-2-Clause
#include "check/sign_plan.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

class Planner {
 public:
  Planner(const SigningKeys& keys, const std::vector<std::string>& authors, Deadline deadline)
      : keys_(keys), authors_(authors), deadline_(deadline) {}

  // A key signs once, however many want it.
  void take(const std::string& domain, KeysFound found) {
    if (found.keys.empty() && !domain.empty()) add_without(domain);
    std::erase_if(found.keys, [&](const DkimKeyPtr& key) {
      return std::ranges::find(plan_.found.keys, key) != plan_.found.keys.end();
    });
    plan_.found.add(std::move(found));
  }

  void take(const std::string& domain) { take(domain, keys_.find(domain, deadline_)); }

  void take_authors() {
    plan_.found.add(keys_.find_all(authors_, deadline_));
    if (plan_.found.keys.size() >= SigningKeys::most) return;  // not all were asked
    for (const auto& author : authors_) {
      const auto signs = [&](const DkimKeyPtr& key) { return is_at_or_below(author, key->domain); };
      if (!author.empty() && std::ranges::none_of(plan_.found.keys, signs) && !has_row(author)) add_without(author);
    }
  }

  void take(const SignChoice& choice) {
    if (choice.of_author) {
      for (const auto& author : authors_) take_selected(author, choice);
      return;
    }
    const auto domain = to_domain(choice.domain);
    const std::string shown = cleaned(choice.domain, false, 100);
    if (!domain) return because(shown.empty() ? "the rule names no domain" : shown + " is not a domain");
    const auto aligned = [&](const std::string& author) { return is_aligned(*domain, author); };
    if (!choice.named && std::ranges::none_of(authors_, aligned)) return because(shown + " is not aligned with From");
    take_selected(*domain, choice);
  }

  bool has_keys() const { return !plan_.found.keys.empty(); }

  // Nothing that the rules want has a key.
  void go_without(const OtherSigners& others) {
    const KeysFound& found = plan_.found;
    const bool ours = found.unreachable || !found.troubles.empty(), pending = !found.pending.empty();
    if (plan_.why.empty())
      plan_.why = pending             ? "its key is pending"
                  : found.unreachable ? "the keys cannot be read"
                  : ours              ? "its key cannot be used"
                                      : "no key";
    // A first key whose record is not yet published is no reason to refuse.
    if (pending && others.without_key != WithoutKey::provider) return;
    switch (others.without_key) {
      case WithoutKey::go_on: break;
      case WithoutKey::provider:
        take(others.provider);
        plan_.by_provider = has_keys();
        break;
      case WithoutKey::defer: plan_.refusal = SignPlan::Refusal::defer; break;
      case WithoutKey::reject: plan_.refusal = ours ? SignPlan::Refusal::defer : SignPlan::Refusal::reject; break;
    }
  }

  SignPlan result() { return std::move(plan_); }

 private:
  void because(std::string why) {
    if (plan_.why.empty()) plan_.why = std::move(why);
  }

  // A row of a table may have an author signed by another domain.
  bool has_row(const std::string& author) const {
    return keys_.tables() != nullptr && !keys_.find(author, deadline_).keys.empty();
  }

  void add_without(const std::string& domain) {
    if (std::ranges::find(plan_.without, domain) == plan_.without.end()) plan_.without.push_back(domain);
  }

  void take_selected(const std::string& domain, const SignChoice& choice) {
    KeysFound found = keys_.find(domain, deadline_);
    std::vector<std::string> select = choice.select;
    if (choice.selectors != nullptr) {
      const Found listed = choice.selectors->find_domain(domain);
      if (listed.is_outage()) {
        found.keys.clear();
        found.unreachable = true;
      } else if (listed) {
        select = selectors_in(*listed);
      }
    }
    const auto is_other = [&](const DkimKeyPtr& key) {
      return std::ranges::find(select, key->selector) == select.end();
    };
    const bool had = !found.keys.empty();
    if (!select.empty()) std::erase_if(found.keys, is_other);
    if (had && found.keys.empty() && !found.unreachable)
      because("no key " + cleaned(select.front(), false, 100) + "._domainkey." + domain);
    take(domain, std::move(found));
  }

  const SigningKeys& keys_;
  const std::vector<std::string>& authors_;
  const Deadline deadline_;
  SignPlan plan_;
};

bool has_two_labels(std::string_view domain) { return domain.find('.') != domain.npos; }

}  // namespace

std::vector<std::string> selectors_in(std::string text) {
  std::ranges::replace(text, ',', ' ');
  std::vector<std::string> all;
  for (const auto word : words(text)) all.push_back(folded(word));
  return all;
}

SignPlan plan_signatures(const SignWish& wish, const std::vector<std::string>& authors, const SigningKeys& keys,
                         const OtherSigners& others, Deadline deadline) {
  Planner planner(keys, authors, deadline);
  if (wish.author) planner.take_authors();
  for (const auto& domain : wish.domains) planner.take(domain);
  for (const auto& choice : wish.choices) planner.take(choice);
  if (!planner.has_keys()) planner.go_without(others);
  for (const auto& domain : others.also) planner.take(domain);
  return planner.result();
}

bool is_aligned(std::string_view domain, std::string_view author) {
  if (domain.empty() || author.empty()) return false;
  return domain == author || (is_at_or_below(author, domain) && has_two_labels(domain)) ||
         (is_at_or_below(domain, author) && has_two_labels(author));
}

}  // namespace mailweir
