// SPDX-License-Identifier: BSD-2-Clause
#include "fact/spf_facts.h"

#include <algorithm>
#include <array>

#include "check/spf.h"
#include "check/spf_request.h"

namespace mailweir {
namespace {

CheckMemo memo_of(const SpfResult& result) {
  return {std::string(to_string(result.word)), result.reason, result.word == AuthWord::temperror};
}

SpfRequest request_of(FactId id, const SpfFacts::Asker& asker) {
  auto request = id == FactId::spf_helo
                     ? spf::helo_request(*asker.client.address, asker.client.helo_name)
                     : spf::request_for(*asker.client.address, asker.transaction.sender, asker.client.helo_name);
  request.receiver = asker.settings.hostname;
  request.now = asker.now;
  return request;
}

// As the receivers of our mail will ask: with our addresses and our name.
SpfRequest egress_request(const SpfFacts::Asker& asker, const IpAddress& address) {
  auto request = spf::request_for(address, asker.transaction.sender, asker.settings.hostname);
  request.receiver = asker.settings.hostname;
  request.now = asker.now;
  return request;
}

SpfResult ask(const SpfEnginePtr& engine, Lookups& lookups, const SpfRequest& request) {
  return engine ? engine->check(lookups, request) : spf::check(lookups, request);
}

// The more trouble mail sent from there would have, the higher.
std::size_t badness(AuthWord word) {
  constexpr std::array order{AuthWord::pass,      AuthWord::none,     AuthWord::neutral, AuthWord::temperror,
                             AuthWord::permerror, AuthWord::softfail, AuthWord::fail};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), word) - order.begin());
}

// Any of the addresses may be the one that a message leaves from: the worst word counts.
SpfResult ask_egress(const SpfEnginePtr& engine, Lookups& lookups, const std::vector<SpfRequest>& requests) {
  SpfResult worst;
  for (const auto& request : requests) {
    auto result = ask(engine, lookups, request);
    if (&request != &requests.front() && badness(result.word) <= badness(worst.word)) continue;
    worst = std::move(result);
  }
  return worst;
}

std::vector<SpfRequest> egress_requests(const FactRef& fact, const SpfFacts::Asker& asker) {
  std::vector<SpfRequest> requests;
  for (const auto& address : asker.settings.egress[fact.egress].addresses)
    requests.push_back(egress_request(asker, address));
  return requests;
}

CheckMemo explain(const SpfFacts::Asker& asker, Lookups& lookups) {
  auto request = request_of(FactId::spf, asker);
  request.explain = true;
  auto result = spf::check(lookups, request);  // of ours in any case: libspf2 garbles explanations
  if (result.explanation.empty())
    result.explanation = request.domain + " does not let " + request.client.to_string() + " send its mail";
  return {std::move(result.explanation), std::move(result.reason), false};
}

}  // namespace

bool SpfFacts::has_input(const FactRef& fact, const Asker& asker) {
  const auto& sender = asker.transaction.sender;
  if (fact.id == FactId::egress_spf)
    return !sender.domain().empty() && fact.egress < asker.settings.egress.size() &&
           !asker.settings.egress[fact.egress].addresses.empty();
  if (!asker.client.address) return false;
  if (fact.id == FactId::spf_helo) return !asker.client.helo_name.empty();
  return !sender.is_absent() && (!sender.domain().empty() || !asker.client.helo_name.empty());
}

const CheckMemo* SpfFacts::kept(const FactRef& fact) const {
  if (fact.id == FactId::egress_spf) {
    const auto found = egress_.find(fact.egress);
    return found == egress_.end() ? nullptr : &found->second;
  }
  const auto& memo = fact.id == FactId::spf ? mail_ : fact.id == FactId::spf_helo ? helo_ : explanation_;
  return memo ? &*memo : nullptr;
}

const CheckMemo* SpfFacts::get(const FactRef& fact, const Asker& asker, Lookups& lookups) {
  const auto& engine = asker.settings.spf_engine;
  if (const auto* memo = kept(fact)) return memo;
  switch (fact.id) {
    case FactId::spf: return &mail_.emplace(memo_of(ask(engine, lookups, request_of(fact.id, asker))));
    case FactId::spf_helo: return &helo_.emplace(memo_of(ask(engine, lookups, request_of(fact.id, asker))));
    case FactId::egress_spf:
      return &(egress_[fact.egress] = memo_of(ask_egress(engine, lookups, egress_requests(fact, asker))));
    default: {
      FactRef word;
      word.id = FactId::spf;
      if (get(word, asker, lookups)->word != to_string(AuthWord::fail)) return nullptr;
      return &explanation_.emplace(explain(asker, lookups));
    }
  }
}

void SpfFacts::start(const FactRef& fact, const Asker& asker, Lookups& lookups) const {
  if (kept(fact) != nullptr) return;
  std::vector<SpfRequest> requests;
  if (fact.id == FactId::egress_spf) requests = egress_requests(fact, asker);
  else requests.push_back(request_of(fact.id == FactId::spf_explanation ? FactId::spf : fact.id, asker));
  for (auto& request : requests) {
    request.explain = fact.id == FactId::spf_explanation;
    const auto engine = request.explain ? nullptr : asker.settings.spf_engine;
    lookups.prefetch([engine, request](Lookups& early) { ask(engine, early, request); });
  }
}

const CheckMemo& SpfFacts::try_again(const Asker& asker, Lookups& lookups) {
  return mail_.emplace(memo_of(ask(asker.settings.spf_engine, lookups, request_of(FactId::spf, asker))));
}

void SpfFacts::start_again(const Asker& asker, Lookups& lookups) {
  lookups.prefetch([engine = asker.settings.spf_engine, request = request_of(FactId::spf, asker)](Lookups& early) {
    ask(engine, early, request);
  });
}

std::string_view SpfFacts::reason(const FactRef& fact) const {
  const auto* memo = kept(fact);
  return memo != nullptr ? std::string_view(memo->reason) : std::string_view();
}

void SpfFacts::forget_transaction() {
  mail_.reset();
  explanation_.reset();
  egress_.clear();
}

}  // namespace mailweir
