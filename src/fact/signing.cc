// SPDX-License-Identifier: BSD-2-Clause
// What the receivers of our mail will find: whether a key of ours signs for the author, and whether DMARC passes.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "check/dmarc.h"
#include "check/published_key.h"
#include "check/sign_plan.h"
#include "fact/check_memo.h"
#include "fact/dmarc.h"
#include "fact/family.h"
#include "fact/spf.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

enum class Place : std::uint8_t { will_sign, from_dmarc };

constexpr FactDefinition facts[] = {
    {.name = "will_sign",
     .type = FactType::boolean,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "of outgoing mail: whether each From domain has a key that signs for it",
     .needs = FactNeeds::header,
     .check = true},
    {.name = "from_dmarc",
     .type = FactType::word,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "of outgoing mail: what DMARC of the From domain says at a receiver, by our keys and egress addresses",
     .needs = FactNeeds::header,
     .words = "pass fail none unknown temperror permerror",
     .check = true,
     .lookups = FactLookups::early,
     .argument = FactArgument::route},
};

// The keys are in memory, or on a disk that may be slow.
Deadline patience() { return Deadline::in(std::chrono::seconds(2)); }

dns::Question record_of(const DkimKey& key) { return {name_of(key), dns::Type::TXT}; }

void add_reason(std::string& reason, const std::string& more) {
  constexpr std::size_t most = 500;
  if (reason.size() < most) reason += (reason.empty() ? "" : "; ") + more;
}

class SigningSource final : public FactSource {
 public:
  explicit SigningSource(FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override {
    if (!reader_.is_outgoing() || reader_.transaction().headers == nullptr) return {};
    if (place_of<Place>(fact) == Place::will_sign) return will_sign();
    const auto found = dmarc_.find(fact.egress);
    const CheckMemo& memo =
        found != dmarc_.end() ? found->second : dmarc_.emplace(fact.egress, from_dmarc(fact.egress)).first->second;
    return word_value(memo.word);
  }

  void start(const FactRef& fact) override {
    if (place_of<Place>(fact) != Place::from_dmarc || dmarc_.contains(fact.egress)) return;
    if (!reader_.is_outgoing() || reader_.transaction().headers == nullptr) return;
    Lookups& lookups = reader_.lookups(LookupsOf::message);
    for (const auto& key : plan().found.keys) lookups.want(record_of(*key));
    std::vector<std::string> others;
    for (const auto& key : plan().found.keys) others.push_back(key->domain);
    if (const auto envelope = reader_.transaction().sender.domain(); !envelope.empty()) others.emplace_back(envelope);
    lookups.prefetch([authors = of_author().author_domains(), others = std::move(others)](Lookups& early) {
      find_dmarc_records(early, authors, others);
    });
    if (const auto route = leaves_by(fact.egress)) spf().start_egress(*route, lookups);
  }

  std::string_view reason(const FactRef& fact) const override {
    if (place_of<Place>(fact) == Place::will_sign) return sign_reason_;
    const auto found = dmarc_.find(fact.egress);
    return found != dmarc_.end() ? std::string_view(found->second.reason) : std::string_view();
  }

  void forget(FactScope scope) override {
    if (scope != FactScope::transaction) return;
    plan_.reset();
    sign_reason_.clear();
    dmarc_.clear();
  }

 private:
  DmarcSource& of_author() { return reader_.family<DmarcSource>(dmarc_family); }
  SpfSource& spf() { return reader_.family<SpfSource>(spf_family); }

  // The place in FactSettings::egress of the addresses that the message leaves from: those of the route that the fact
  // names, else of the one that its sender takes. Nothing: they are not known.
  std::optional<std::size_t> leaves_by(std::size_t named) {
    const FactSettings& settings = reader_.settings();
    if (named != 0 || settings.egress_choice == nullptr) return named;
    const auto name = settings.egress_choice->route_of(reader_.transaction().sender.text());
    if (!name) return {};
    if (name->empty()) return 0;
    const auto found = std::ranges::find(settings.egress, *name, &Egress::route);
    if (found == settings.egress.end()) return {};
    return static_cast<std::size_t>(found - settings.egress.begin());
  }

  // As `sign = true` would have it, for the message as it came.
  const SignPlan& plan() {
    if (!plan_) {
      const auto from = from_fields(*reader_.transaction().headers);
      const SigningKeys keys = reader_.settings().keys.of_message(from);
      plan_ = from.size() == 1 ? plan_signatures({.author = true, .domains = {}}, mailweir::author_domains(from), keys,
                                                 {}, patience())
                               : SignPlan();
      if (from.size() != 1) plan_->why = "a message needs one From field to be signed";
    }
    return *plan_;
  }

  // Unknown while the keys cannot be read, or one that is there cannot be used: that is no fault of the sender.
  FactValue will_sign() {
    const SignPlan& plan = this->plan();
    sign_reason_.clear();
    for (const auto& key : plan.found.keys) add_reason(sign_reason_, name_of(*key));
    for (const auto& domain : plan.without) add_reason(sign_reason_, "no key of " + cleaned(domain, true, 100));
    if (!plan.why.empty()) add_reason(sign_reason_, plan.why);
    const bool all = !plan.found.keys.empty() && plan.without.empty();
    if (!all && (plan.found.unreachable || !plan.found.troubles.empty())) return {};
    return boolean_value(all);
  }

  // What is published of the keys that would sign, as a receiver may find it.
  void add_keys(Lookups& lookups, DmarcEvidence& evidence, std::string& reason) {
    for (const auto& key : plan().found.keys) lookups.want(record_of(*key));
    for (const auto& key : plan().found.keys) {
      const ServerAnswer answer = compare_with(*key, lookups.get(record_of(*key)));
      if (answer.what == Published::yes && !answer.testing) evidence.dkim_domains.push_back(key->domain);
      if (answer.what == Published::no_answer) evidence.dkim_unasked.push_back(key->domain);
      add_reason(reason, name_of(*key) + ": " +
                             (answer.testing ? "published for tests only (t=y)" : std::string(to_string(answer.what))));
    }
    if (plan().found.keys.empty()) add_reason(reason, plan().why.empty() ? "no key" : plan().why);
  }

  // False: it cannot be known, because the addresses are not.
  bool add_spf(std::optional<std::size_t> route, Lookups& lookups, DmarcEvidence& evidence, std::string& reason) {
    const Address& sender = reader_.transaction().sender;
    if (sender.domain().empty()) {
      add_reason(reason, "no SPF for the null sender");
      return true;
    }
    evidence.spf_domain = sender.domain();
    const CheckMemo* const egress = route ? spf().of_egress(*route, lookups) : nullptr;
    if (egress == nullptr) {
      add_reason(reason, "SPF is unknown without the addresses that the message leaves from");
      return false;
    }
    evidence.spf = egress->temperror ? AuthWord::temperror : egress->word == "pass" ? AuthWord::pass : AuthWord::fail;
    add_reason(reason, "SPF: " + egress->reason);
    return true;
  }

  CheckMemo from_dmarc(std::size_t named) {
    Lookups& lookups = reader_.lookups(LookupsOf::message);
    const auto authors = of_author().author_domains();
    const auto from = reader_.transaction().headers->count("From");
    DmarcEvidence evidence;
    evidence.unusable_author = of_author().has_unusable_author();
    CheckMemo memo;
    add_keys(lookups, evidence, memo.reason);
    const bool spf_known = add_spf(leaves_by(named), lookups, evidence, memo.reason);
    auto result = mailweir::dmarc(lookups, from, authors, evidence);
    memo.word = to_string(result.word);
    // What an SPF pass could change is not known, and neither is the result.
    if (!spf_known && result.word == AuthWord::fail) {
      evidence.spf = AuthWord::pass;
      if (mailweir::dmarc(lookups, from, authors, evidence).word != AuthWord::fail) memo.word = "unknown";
    }
    memo.temperror = result.word == AuthWord::temperror;
    if (!result.reason.empty()) memo.reason = result.reason + (memo.reason.empty() ? "" : "; ") + memo.reason;
    return memo;
  }

  FactReader& reader_;
  std::optional<SignPlan> plan_;
  std::string sign_reason_;
  std::map<std::size_t, CheckMemo> dmarc_;  // by FactRef::egress
};

}  // namespace

extern const FactFamily signing_family{"signing", facts, "spf dmarc", make_source<SigningSource>};

}  // namespace mailweir
