// SPDX-License-Identifier: BSD-2-Clause
#include "fact/spf.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "check/spf.h"
#include "check/spf_request.h"

namespace mailweir {
namespace {

constexpr std::string_view spf_words = "pass fail softfail neutral none temperror permerror";

constexpr FactDefinition facts[] = {
    {.name = "spf",
     .type = FactType::word,
     .known = known_at_doors(Stage::mail),
     .meaning = "SPF of the sender's domain for client_address; for the null sender, SPF of helo_name",
     .words = spf_words,
     .check = true,
     .lookups = FactLookups::early},
    {.name = "spf_helo",
     .type = FactType::word,
     .known = known_at_doors(Stage::helo),
     .meaning = "SPF of helo_name for client_address",
     .scope = FactScope::helo,
     .words = spf_words,
     .check = true,
     .lookups = FactLookups::early},
    // What a refusal says is one lookup more: it need not wait until spf is known to fail. Without spf it is of no use.
    {.name = "spf_explanation",
     .type = FactType::text,
     .known = known_at_doors(Stage::mail),
     .meaning = "the explanation that the sender's domain publishes for an spf fail, made safe; otherwise a text of "
                "Mailweir's",
     .check = true,
     .lookups = FactLookups::for_reply,
     .part_of = "spf",
     .longest_text = 400},
    {.name = "egress_spf",
     .type = FactType::word,
     .known = known_at_doors(Stage::mail),
     .meaning = "SPF of the sender's domain for [egress] addresses; the worst result counts",
     .words = spf_words,
     .check = true,
     .lookups = FactLookups::early,
     .argument = FactArgument::route},
};

CheckMemo memo_of(const SpfResult& result) {
  return {std::string(to_string(result.word)), result.reason, result.word == AuthWord::temperror};
}

// With our name, and the time that it is.
SpfRequest asked_by(const FactReader& reader, SpfRequest request) {
  request.receiver = reader.settings().hostname;
  request.now = reader.now();
  return request;
}

SpfRequest mail_request(const FactReader& reader) {
  const Client& client = reader.client();
  return asked_by(reader, spf::request_for(*client.address, reader.transaction().sender, client.helo_name));
}

SpfRequest helo_request(const FactReader& reader) {
  return asked_by(reader, spf::helo_request(*reader.client().address, reader.client().helo_name));
}

// As the receivers of our mail will ask: with our addresses and our name.
std::vector<SpfRequest> egress_requests(std::size_t route, const FactReader& reader) {
  std::vector<SpfRequest> requests;
  const FactSettings& settings = reader.settings();
  for (const auto& address : settings.egress[route].addresses)
    requests.push_back(asked_by(reader, spf::request_for(address, reader.transaction().sender, settings.hostname)));
  return requests;
}

bool has_egress(std::size_t route, const FactReader& reader) {
  const auto& egress = reader.settings().egress;
  return !reader.transaction().sender.domain().empty() && route < egress.size() && !egress[route].addresses.empty();
}

SpfResult check(const SpfEnginePtr& engine, Lookups& lookups, const SpfRequest& request) {
  return engine ? engine->check(lookups, request) : spf::check(lookups, request);
}

// The more trouble mail sent from there would have, the higher.
std::size_t badness(AuthWord word) {
  constexpr std::array order{AuthWord::pass,      AuthWord::none,     AuthWord::neutral, AuthWord::temperror,
                             AuthWord::permerror, AuthWord::softfail, AuthWord::fail};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), word) - order.begin());
}

// Any of the addresses may be the one that a message leaves from: the worst word counts.
SpfResult check_egress(const SpfEnginePtr& engine, Lookups& lookups, const std::vector<SpfRequest>& requests) {
  SpfResult worst;
  for (const auto& request : requests) {
    auto result = check(engine, lookups, request);
    if (&request != &requests.front() && badness(result.word) <= badness(worst.word)) continue;
    worst = std::move(result);
  }
  return worst;
}

CheckMemo explain(const FactReader& reader, Lookups& lookups) {
  auto request = mail_request(reader);
  request.explain = true;
  auto result = spf::check(lookups, request);  // of ours in any case: libspf2 garbles explanations
  if (result.explanation.empty())
    result.explanation = request.domain + " does not let " + request.client.to_string() + " send its mail";
  return {std::move(result.explanation), std::move(result.reason), false};
}

}  // namespace

enum class SpfSource::Place : std::uint8_t { spf, spf_helo, spf_explanation, egress_spf };

bool SpfSource::has_sender() const {
  const auto& sender = reader_.transaction().sender;
  return reader_.client().address && !sender.is_absent() &&
         (!sender.domain().empty() || !reader_.client().helo_name.empty());
}

// Whether there is anything to ask for: an address, a sender, a HELO name.
bool SpfSource::has_input(const FactRef& fact) const {
  switch (place_of<Place>(fact)) {
    case Place::spf:
    case Place::spf_explanation: return has_sender();
    case Place::spf_helo: return reader_.client().address && !reader_.client().helo_name.empty();
    case Place::egress_spf: return has_egress(fact.egress, reader_);
  }
  return false;
}

Lookups& SpfSource::lookups(const FactRef& fact) {
  return reader_.lookups(place_of<Place>(fact) == Place::spf_helo ? LookupsOf::session : LookupsOf::transaction);
}

const CheckMemo* SpfSource::kept(const FactRef& fact) const {
  const auto place = place_of<Place>(fact);
  if (place == Place::egress_spf) {
    const auto found = egress_.find(fact.egress);
    return found == egress_.end() ? nullptr : &found->second;
  }
  const auto& memo = place == Place::spf ? mail_ : place == Place::spf_helo ? helo_ : explanation_;
  return memo ? &*memo : nullptr;
}

// Its word (of spf_explanation: its text); null: absent.
const CheckMemo* SpfSource::ask(const FactRef& fact, Lookups& lookups) {
  if (const auto* memo = kept(fact)) return memo;
  const auto& engine = reader_.settings().spf_engine;
  const auto mail = [&]() -> const CheckMemo& {
    if (!mail_) mail_ = memo_of(check(engine, lookups, mail_request(reader_)));
    return *mail_;
  };
  switch (place_of<Place>(fact)) {
    case Place::spf: return &mail();
    case Place::spf_helo: return &helo_.emplace(memo_of(check(engine, lookups, helo_request(reader_))));
    case Place::egress_spf:
      return &(egress_[fact.egress] = memo_of(check_egress(engine, lookups, egress_requests(fact.egress, reader_))));
    case Place::spf_explanation:
      if (mail().word != to_string(AuthWord::fail)) return nullptr;
      return &explanation_.emplace(explain(reader_, lookups));
  }
  return nullptr;
}

FactValue SpfSource::get(const FactRef& fact) {
  if (!has_input(fact)) return {};
  const CheckMemo* const memo = ask(fact, lookups(fact));
  if (memo == nullptr) return {};
  return place_of<Place>(fact) == Place::spf_explanation ? text_value(memo->word) : word_value(memo->word);
}

void SpfSource::start(const FactRef& fact) {
  if (!has_input(fact) || kept(fact) != nullptr) return;
  const auto place = place_of<Place>(fact);
  std::vector<SpfRequest> requests;
  if (place == Place::egress_spf) requests = egress_requests(fact.egress, reader_);
  else requests.push_back(place == Place::spf_helo ? helo_request(reader_) : mail_request(reader_));
  for (auto& request : requests) {
    request.explain = place == Place::spf_explanation;
    const auto engine = request.explain ? nullptr : reader_.settings().spf_engine;
    lookups(fact).prefetch([engine, request](Lookups& early) { check(engine, early, request); });
  }
}

void SpfSource::start_for_message(Lookups& lookups, std::function<bool(Lookups&)> worth) {
  if (mail_ && !mail_->temperror) return;
  lookups.prefetch([engine = reader_.settings().spf_engine, request = mail_request(reader_),
                    worth = std::move(worth)](Lookups& early) {
    if (worth(early)) check(engine, early, request);
  });
}

const CheckMemo& SpfSource::of_message(Lookups& lookups) {
  if (!mail_ || mail_->temperror) mail_ = memo_of(check(reader_.settings().spf_engine, lookups, mail_request(reader_)));
  return *mail_;
}

const CheckMemo* SpfSource::of_egress(std::size_t route, Lookups& lookups) {
  if (!has_egress(route, reader_)) return nullptr;
  const auto found = egress_.find(route);
  if (found != egress_.end() && !found->second.temperror) return &found->second;
  return &(egress_[route] =
               memo_of(check_egress(reader_.settings().spf_engine, lookups, egress_requests(route, reader_))));
}

void SpfSource::start_egress(std::size_t route, Lookups& lookups) {
  if (!has_egress(route, reader_) || egress_.contains(route)) return;
  for (auto& request : egress_requests(route, reader_))
    lookups.prefetch([engine = reader_.settings().spf_engine, request = std::move(request)](Lookups& early) {
      check(engine, early, request);
    });
}

std::string_view SpfSource::reason(const FactRef& fact) const {
  const auto* memo = kept(fact);
  return memo != nullptr ? std::string_view(memo->reason) : std::string_view();
}

void SpfSource::forget(FactScope scope) {
  if (scope == FactScope::helo) helo_.reset();
  if (scope != FactScope::transaction) return;
  mail_.reset();
  explanation_.reset();
  egress_.clear();
}

const FactFamily spf_family{"spf", facts, "", make_source<SpfSource>};

}  // namespace mailweir
