// SPDX-License-Identifier: BSD-2-Clause
#include "check/dmarc.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "check/dmarc_walk.h"
#include "check/host.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using dns::Answer;

std::vector<DmarcGuess> guesses_of(const DmarcWalk& walk) {
  std::vector<DmarcGuess> guesses(1);
  walk.add_guesses(guesses);
  return guesses;
}

// Whether the domain is where an organizational domain shared with the walk's can be. Others need no walk.
bool may_share(const DmarcWalk& walk, std::string_view domain) {
  const auto guesses = guesses_of(walk);
  return std::any_of(guesses.begin(), guesses.end(),
                     [&](const DmarcGuess& guess) { return is_at_or_below(domain, walk.organization(guess)); });
}

dns::Question existence_of(const std::string& domain) { return {domain, dns::Type::A}; }

// np= matters: it says something else than what applies to names that exist.
bool wants_existence(const DmarcRecord& record) {
  return record.nonexistent && *record.nonexistent != record.subdomains.value_or(record.policy);
}

// What SPF or DKIM authenticates, or may once its lookup succeeds.
struct Identifier {
  std::string domain;
  bool dkim = true, passed = true;
  std::optional<DmarcWalk> walk;  // of another domain that may be aligned
};

// One author's domain.
class Judge {
 public:
  Judge(Lookups& lookups, const std::string& domain, const DmarcEvidence& evidence)
      : lookups_(lookups), walk_(lookups, domain) {
    result_.domain = domain;
    if (!walk_.is_bare()) add_identifiers(evidence);
  }
  DmarcResult result();

 private:
  struct Outcome {
    AuthWord word = AuthWord::none;      // temperror: an aligned identifier could not be looked up
    const DmarcStep* applied = nullptr;  // of a pass it does not matter
    const Identifier* by = nullptr;      // pass
    bool known = true;
    bool operator==(const Outcome&) const = default;
  };

  void add_identifiers(const DmarcEvidence& evidence);
  void add(const std::string& domain, bool dkim, bool passed);
  bool aligned(const Identifier& identifier, const DmarcGuess& guess, const DmarcRecord& record) const;
  Outcome outcome(const DmarcGuess& guess) const;
  std::vector<DmarcGuess> guesses() const;
  std::string trouble() const;
  DmarcResult pass(const Identifier& by);
  DmarcResult fail(const DmarcStep& step, const DmarcRecord& record);
  bool read_policy(const DmarcStep& step, const DmarcRecord& record);
  DmarcResult say(AuthWord word, std::string reason) {
    result_.word = word;
    result_.reason = std::move(reason);
    return std::move(result_);
  }

  Lookups& lookups_;
  const DmarcWalk walk_;
  std::vector<Identifier> identifiers_;
  DmarcResult result_;
};

void Judge::add(const std::string& domain, bool dkim, bool passed) {
  if (domain != walk_.domain() && !may_share(walk_, domain)) return;
  identifiers_.push_back({domain, dkim, passed, {}});
}

// Without those that cannot be aligned, and with nothing beside one that is so in any case (4.10.2).
void Judge::add_identifiers(const DmarcEvidence& evidence) {
  for (const auto& signer : evidence.dkim_domains) add(signer, true, true);
  if (!evidence.spf_domain.empty() && evidence.spf == AuthWord::pass) add(evidence.spf_domain, false, true);
  for (const auto& identifier : identifiers_) {
    if (identifier.domain != walk_.domain()) continue;
    const Identifier same = identifier;
    identifiers_ = {same};
    return;
  }
  for (const auto& signer : evidence.dkim_unasked) add(signer, true, false);
  if (!evidence.spf_domain.empty() && evidence.spf == AuthWord::temperror) add(evidence.spf_domain, false, false);
  for (const auto& identifier : identifiers_)
    if (identifier.domain != walk_.domain()) DmarcWalk::want(lookups_, identifier.domain);
  for (auto& identifier : identifiers_)
    if (identifier.domain != walk_.domain()) identifier.walk.emplace(lookups_, identifier.domain);
}

std::vector<DmarcGuess> Judge::guesses() const {
  auto guesses = guesses_of(walk_);
  for (const auto& identifier : identifiers_)
    if (identifier.walk) identifier.walk->add_guesses(guesses);
  return guesses;
}

bool Judge::aligned(const Identifier& identifier, const DmarcGuess& guess, const DmarcRecord& record) const {
  if (!identifier.walk) return true;
  if (identifier.dkim ? record.strict_dkim : record.strict_spf) return false;
  return identifier.walk->organization(guess) == walk_.organization(guess);
}

Judge::Outcome Judge::outcome(const DmarcGuess& guess) const {
  const DmarcStep* const step = walk_.applied(guess);
  if (step == nullptr) return {};
  if (step->kind == DmarcStep::Kind::trouble) {
    // Whatever its record says, the author's own domain is aligned.
    for (const auto& identifier : identifiers_)
      if (identifier.passed && !identifier.walk) return {AuthWord::pass, nullptr, &identifier};
    return {AuthWord::temperror, step, nullptr, false};
  }
  const auto record = read_dmarc_record(step->text);
  if (!record) return {AuthWord::permerror, step, nullptr};
  for (const auto& identifier : identifiers_)
    if (identifier.passed && aligned(identifier, guess, *record)) return {AuthWord::pass, nullptr, &identifier};
  for (const auto& identifier : identifiers_)
    if (!identifier.passed && aligned(identifier, guess, *record)) return {AuthWord::temperror, step, nullptr};
  return {AuthWord::fail, step, nullptr};
}

// The first step that could not be looked up.
std::string Judge::trouble() const {
  const auto of = [](const DmarcWalk& walk) -> std::string {
    for (const auto& step : walk.steps())
      if (step.kind == DmarcStep::Kind::trouble) return "_dmarc." + shown_name(step.domain) + ": " + step.text;
    return {};
  };
  auto text = of(walk_);
  for (const auto& identifier : identifiers_)
    if (text.empty() && identifier.walk) text = of(*identifier.walk);
  return text;
}

// p=, or for a record of a domain above sp= or np= (4.10.1). False: whether the domain exists is not known for now.
bool Judge::read_policy(const DmarcStep& step, const DmarcRecord& record) {
  auto policy = record.policy;
  if (step.domain != walk_.domain()) {
    policy = record.subdomains.value_or(record.policy);
    if (wants_existence(record)) {
      const auto& answer = lookups_.get(existence_of(walk_.domain()));
      if (answer.status == Answer::Status::temperror) {
        result_.reason = shown_name(walk_.domain()) + ": " + cleaned(answer.detail, true, 100);
        return false;
      }
      if (answer.status == Answer::Status::nxdomain) policy = *record.nonexistent;
    }
  }
  result_.published = policy;
  result_.requested = record.testing ? one_level_lower(policy) : policy;
  return true;
}

DmarcResult Judge::pass(const Identifier& by) {
  result_.policy = DmarcPolicy::none;
  const auto name = shown_name(by.domain);
  return say(AuthWord::pass,
             (by.dkim ? "a DKIM signature of " : "SPF of ") + name + " authenticates " + shown_name(walk_.domain()));
}

DmarcResult Judge::fail(const DmarcStep& step, const DmarcRecord& record) {
  result_.policy = result_.requested;
  auto reason = "neither DKIM nor SPF authenticates " + shown_name(walk_.domain()) + "; _dmarc." +
                shown_name(step.domain) + " asks for " + std::string(to_string(*result_.policy));
  if (record.testing && result_.policy != result_.published)
    reason += ", in test mode: " + std::string(to_string(*result_.published));
  return say(AuthWord::fail, std::move(reason));
}

DmarcResult Judge::result() {
  const auto shown = shown_name(walk_.domain());
  const auto all = guesses();
  const Outcome sure = outcome(all.front());
  const bool agreed =
      std::all_of(all.begin(), all.end(), [&](const DmarcGuess& guess) { return outcome(guess) == sure; });
  if (!agreed) return say(AuthWord::temperror, trouble());
  const DmarcStep* const step = walk_.applied(all.front());
  if (step == nullptr) {
    if (walk_.steps().front().kind == DmarcStep::Kind::several)
      return say(AuthWord::none, "_dmarc." + shown + " has several records, so none counts");
    return say(AuthWord::none, shown + " has no DMARC record");
  }
  result_.record_domain = step->domain;
  result_.record = step->text;
  const auto record = read_dmarc_record(step->text);
  if (!record) return say(AuthWord::permerror, "_dmarc." + shown_name(step->domain) + ": " + record.error().what);
  const bool policy_known = read_policy(*step, *record);
  if (sure.by != nullptr) return pass(*sure.by);
  if (sure.word == AuthWord::temperror)
    return say(AuthWord::temperror, "neither DKIM nor SPF authenticates " + shown + ", and a lookup failed for now");
  return policy_known ? fail(*step, *record) : say(AuthWord::temperror, std::exchange(result_.reason, {}));
}

std::size_t badness(const DmarcResult& result) {
  constexpr std::array worst_first{AuthWord::fail, AuthWord::temperror, AuthWord::permerror, AuthWord::none,
                                   AuthWord::pass};
  const auto place =
      static_cast<std::size_t>(std::find(worst_first.begin(), worst_first.end(), result.word) - worst_first.begin());
  return (worst_first.size() - place) * 4 + (result.policy ? static_cast<std::size_t>(*result.policy) : 0);
}

}  // namespace

DmarcResult dmarc(Lookups& lookups, std::size_t from_fields, const std::vector<std::string>& domains,
                  const DmarcEvidence& evidence) {
  DmarcResult result;
  if (evidence.unusable_author) {
    result.word = AuthWord::fail;
    result.policy = DmarcPolicy::reject;
    result.reason = "From has an address without a usable domain; the worst result counts";
    return result;
  }
  if (domains.empty()) {
    result.word = from_fields == 0 ? AuthWord::permerror : AuthWord::none;
    result.reason = from_fields == 0 ? "the From field is missing" : "the From field has no domain";
    return result;
  }
  if (domains.size() > most_author_domains) {
    result.word = AuthWord::fail;
    result.policy = DmarcPolicy::reject;
    result.domain = domains.front();
    result.reason = "From has more than " + std::to_string(most_author_domains) +
                    " domains; none is looked up, and the worst result counts";
    return result;
  }
  for (const auto& domain : domains) DmarcWalk::want(lookups, domain);
  bool any = false;
  for (const auto& domain : domains) {
    auto one = Judge(lookups, domain, evidence).result();
    if (!any || badness(one) > badness(result)) result = std::move(one);
    any = true;
  }
  return result;
}

bool may_align(Lookups& lookups, const std::vector<std::string>& domains, std::string_view envelope) {
  if (envelope.empty() || domains.size() > most_author_domains) return false;
  const auto may = [&](const std::string& domain) {
    const DmarcWalk walk(lookups, domain);
    if (walk.is_bare()) return false;
    if (domain == envelope) return true;
    if (!may_share(walk, envelope)) return false;
    const DmarcWalk other(lookups, std::string(envelope));
    auto guesses = guesses_of(walk);
    other.add_guesses(guesses);
    return std::any_of(guesses.begin(), guesses.end(),
                       [&](const DmarcGuess& guess) { return walk.organization(guess) == other.organization(guess); });
  };
  return std::any_of(domains.begin(), domains.end(), may);
}

std::optional<bool> has_aligned_signers(Lookups& lookups, const std::vector<std::string>& domains,
                                        const std::vector<std::string>& signers) {
  if (domains.empty()) return {};
  if (domains.size() > most_author_domains) return false;
  bool in_doubt = false;
  for (const auto& domain : domains) {
    if (std::ranges::find(signers, domain) != signers.end()) continue;
    const DmarcWalk walk(lookups, domain);
    bool any = false, may = false;
    for (const auto& signer : signers) {
      if (any || !may_share(walk, signer)) continue;
      const DmarcWalk other(lookups, signer);
      auto guesses = guesses_of(walk);
      other.add_guesses(guesses);
      const auto same = [&](const DmarcGuess& guess) { return walk.organization(guess) == other.organization(guess); };
      any = std::ranges::all_of(guesses, same);
      may = may || std::ranges::any_of(guesses, same);
    }
    if (!any && !may) return false;
    in_doubt = in_doubt || !any;
  }
  if (in_doubt) return {};
  return true;
}

void find_dmarc_records(Lookups& lookups, const std::vector<std::string>& domains,
                        const std::vector<std::string>& identifiers) {
  if (domains.size() > most_author_domains) return;
  for (const auto& domain : domains) DmarcWalk::want(lookups, domain);
  for (const auto& domain : domains) {
    const DmarcWalk walk(lookups, domain);
    if (walk.is_bare()) continue;
    const auto* const step = walk.applied({});
    if (step != nullptr && step->domain != domain)
      if (const auto record = read_dmarc_record(step->text); record && wants_existence(*record))
        lookups.want(existence_of(domain));
    for (const auto& identifier : identifiers)
      if (identifier != domain && may_share(walk, identifier)) DmarcWalk::want(lookups, identifier);
  }
}

}  // namespace mailweir
