// SPDX-License-Identifier: BSD-2-Clause
#include "check/spf.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "check/host.h"
#include "check/spf_client_names.h"
#include "check/spf_record.h"
#include "mail/domain.h"

namespace mailweir::spf {
namespace {

using dns::Answer;
using dns::Type;

std::string shown(std::string_view text) { return cleaned(text, true, 120); }

// Ends an evaluation from within a term; thrown and caught in this file.
struct Stop {
  AuthWord word;
  std::string why;
};

struct Outcome {
  AuthWord word = AuthWord::none;
  std::string why;
  std::string domain, record, mechanism;
};

class Evaluation {
 public:
  Evaluation(Lookups& lookups, const SpfRequest& request)
      : lookups_(lookups), request_(request), names_(lookups, request.client) {}

  SpfResult run();

 private:
  Outcome check_host(const std::string& domain, bool included);
  Outcome evaluate(const std::string& domain, std::string_view text, const Record& record, bool included);
  Outcome redirected(const std::string& domain, const Record& record, bool included);
  bool matches(const Directive& directive, const std::string& domain, std::string& why);
  bool includes(const std::string& target, const Directive& directive, std::string& why);
  bool address_matches(const std::string& host, const Directive& directive, bool exchange);
  bool exchange_matches(const std::string& target, const Directive& directive);

  std::string target_of(const MacroString& macros, const std::string& domain);
  void start_siblings(const Record& record, std::size_t from, const std::string& domain);
  const Answer& ask(const std::string& name, Type type);
  void count_term();
  void count_void(const std::string& name, Type type);
  std::string explanation(const MacroString& macros, const std::string& domain);
  Type address_type() const { return request_.client.is_v4() ? Type::A : Type::AAAA; }
  bool same_network(const Answer& answer, const Directive& directive) const;

  Lookups& lookups_;
  const SpfRequest& request_;
  ClientNames names_;
  unsigned terms_ = 0, voids_ = 0;
  bool void_counted_ = false;  // of the term under way
  std::string explanation_;
};

const Answer& no_name() {
  static const Answer answer = *dns::nxdomain("not a name that the DNS can have");
  return answer;
}

// A name that cannot be asked for does not exist, and costs no query (RFC 7208 4.3, 4.8).
const Answer& Evaluation::ask(const std::string& name, Type type) {
  if (!dns::is_askable(name)) return no_name();
  const auto& answer = lookups_.get({name, type});
  if (answer.status == Answer::Status::temperror)
    throw Stop{AuthWord::temperror,
               shown(name) + ' ' + std::string(dns::to_string(type)) + ": " + cleaned(answer.detail, true, 100)};
  return answer;
}

void Evaluation::count_term() {
  void_counted_ = false;
  if (++terms_ > most_terms)
    throw Stop{AuthWord::permerror,
               "more than " + std::to_string(most_terms) + " terms that ask the DNS (RFC 7208 4.6.4)"};
}

void Evaluation::count_void(const std::string& name, Type type) {
  if (std::exchange(void_counted_, true)) return;
  if (++voids_ > most_voids)
    throw Stop{AuthWord::permerror, "more than " + std::to_string(most_voids) +
                                        " lookups without an answer, the last for " + shown(name) + ' ' +
                                        std::string(dns::to_string(type)) + " (RFC 7208 4.6.4)"};
}

std::string Evaluation::target_of(const MacroString& macros, const std::string& domain) {
  if (macros.empty()) return domain;
  std::string client_name;
  if (uses_client_name(macros)) {
    if (!names_.asked()) count_term();
    client_name = names_.best_for(domain);
  }
  return expand_name(macros, {request_, domain, client_name});
}

bool Evaluation::same_network(const Answer& answer, const Directive& directive) const {
  const unsigned prefix = request_.client.is_v4() ? 96U + directive.prefix4 : directive.prefix6;
  return std::any_of(answer.records.begin(), answer.records.end(), [&](const dns::Record& record) {
    return same_bits(record.address.bytes(), request_.client.bytes(), prefix);
  });
}

bool Evaluation::address_matches(const std::string& host, const Directive& directive, bool exchange) {
  const auto& answer = ask(host, address_type());
  if (&answer == &no_name()) return false;
  const bool nothing =
      answer.status == Answer::Status::nxdomain || (answer.status == Answer::Status::nodata && !exchange);
  if (nothing) count_void(host, address_type());
  return same_network(answer, directive);
}

// RFC 7208 5.4. A match counts whatever became of the other exchanges: their order is not the domain's to say.
bool Evaluation::exchange_matches(const std::string& target, const Directive& directive) {
  const auto& exchanges = ask(target, Type::MX);
  if (exchanges.records.empty()) {
    if (&exchanges != &no_name()) count_void(target, Type::MX);
    return false;
  }
  if (exchanges.records.size() > most_exchanges)
    throw Stop{AuthWord::permerror,
               shown(target) + " has more than " + std::to_string(most_exchanges) + " MX (RFC 7208 4.6.4)"};
  for (const auto& record : exchanges.records)
    if (dns::is_askable(record.text)) lookups_.want({record.text, address_type()});
  std::optional<Stop> trouble;
  for (const auto& record : exchanges.records) {
    try {
      if (address_matches(record.text, directive, true)) return true;
    } catch (Stop& stop) {
      if (stop.word != AuthWord::temperror) throw;
      if (!trouble) trouble = std::move(stop);
    }
  }
  if (trouble) throw std::move(*trouble);
  return false;
}

// RFC 7208 5.2: only a pass of the other record matches; what it cannot say, this one cannot either.
bool Evaluation::includes(const std::string& target, const Directive& directive, std::string& why) {
  auto outcome = check_host(target, true);
  why = shown(directive.text) + ": " + outcome.why;
  if (outcome.word == AuthWord::temperror) throw Stop{AuthWord::temperror, std::move(why)};
  if (outcome.word == AuthWord::permerror || outcome.word == AuthWord::none)
    throw Stop{AuthWord::permerror, std::move(why)};
  return outcome.word == AuthWord::pass;
}

bool Evaluation::matches(const Directive& directive, const std::string& domain, std::string& why) {
  why.clear();
  if (directive.mechanism == Mechanism::all) return true;
  if (!directive.asks_dns()) return directive.contains(request_.client);
  count_term();
  const auto target = target_of(directive.domain, domain);
  switch (directive.mechanism) {
    case Mechanism::include: return includes(target, directive, why);
    case Mechanism::a: return address_matches(target, directive, false);
    case Mechanism::mx: return exchange_matches(target, directive);
    case Mechanism::ptr: {
      const auto match = names_.below(target);
      if (names_.none()) count_void(request_.client.reverse_name(), Type::PTR);
      return match;
    }
    default: {  // exists: an A query whatever the client's family (RFC 7208 5.7)
      const auto& answer = ask(target, Type::A);
      if (answer.records.empty() && &answer != &no_name()) count_void(target, Type::A);
      return !answer.records.empty();
    }
  }
}

// The first lookups of what follows begin now, as many as may still be asked. What is not reached is not counted.
void Evaluation::start_siblings(const Record& record, std::size_t from, const std::string& domain) {
  unsigned left = most_terms - std::min(terms_, most_terms);
  for (std::size_t i = from; i < record.directives.size() && left > 0; ++i) {
    const auto& directive = record.directives[i];
    if (directive.mechanism == Mechanism::all) return;
    if (!directive.asks_dns()) continue;
    --left;
    if (directive.mechanism == Mechanism::ptr) {
      names_.want();
      continue;
    }
    if (uses_client_name(directive.domain)) continue;
    const auto name = target_of(directive.domain, domain);
    if (!dns::is_askable(name)) continue;
    const Type type = directive.mechanism == Mechanism::include  ? Type::TXT
                      : directive.mechanism == Mechanism::mx     ? Type::MX
                      : directive.mechanism == Mechanism::exists ? Type::A
                                                                 : address_type();
    lookups_.want({name, type});
  }
}

Outcome Evaluation::redirected(const std::string& domain, const Record& record, bool included) {
  count_term();
  auto outcome = check_host(target_of(*record.redirect, domain), included);
  if (outcome.word == AuthWord::none) outcome.word = AuthWord::permerror;  // RFC 7208 6.1
  outcome.why = shown(record.redirect_text) + ": " + outcome.why;
  return outcome;
}

Outcome Evaluation::evaluate(const std::string& domain, std::string_view text, const Record& record, bool included) {
  bool started = false;
  Outcome outcome;
  for (std::size_t i = 0; i < record.directives.size(); ++i) {
    const auto& directive = record.directives[i];
    if (directive.asks_dns() && !std::exchange(started, true)) start_siblings(record, i, domain);
    if (!matches(directive, domain, outcome.why)) continue;
    outcome.word = directive.qualifier;
    if (outcome.why.empty()) outcome.why = shown(directive.text) + " matches " + request_.client.to_string();
    if (included) return outcome;
    outcome.domain = domain;
    outcome.record = cleaned(text, true, 1000);
    outcome.mechanism = shown(directive.text);
    if (request_.explain && outcome.word == AuthWord::fail && record.explanation)
      explanation_ = explanation(*record.explanation, domain);
    return outcome;
  }
  if (record.redirect) return redirected(domain, record, included);
  return {AuthWord::neutral,
          "no mechanism matches " + request_.client.to_string(),
          domain,
          included ? "" : cleaned(text, true, 1000),
          {}};
}

// RFC 7208 4.3 to 4.7.
Outcome Evaluation::check_host(const std::string& domain, bool included) {
  if (domain.find('.') == domain.npos || domain.starts_with('[') || !dns::is_askable(domain))
    return {AuthWord::none, shown_name(domain) + " is not a domain that can have an SPF record", {}, {}, {}};
  const auto& answer = ask(domain, Type::TXT);
  if (answer.status == Answer::Status::nxdomain) return {AuthWord::none, shown(domain) + " does not exist", {}, {}, {}};
  const dns::Record* found = nullptr;
  for (const auto& record : answer.records) {
    if (!is_spf_record(record.text)) continue;
    if (found != nullptr)
      throw Stop{AuthWord::permerror, shown(domain) + " has more than one SPF record (RFC 7208 4.5)"};
    found = &record;
  }
  if (found == nullptr) return {AuthWord::none, shown(domain) + " has no SPF record", {}, {}, {}};
  const auto parsed = parse_record(found->text);
  if (const auto* fault = std::get_if<Fault>(&parsed)) {
    const auto start = found->text.rfind(' ', fault->at) + 1;
    const auto term = std::string_view(found->text).substr(start, found->text.find(' ', start) - start);
    throw Stop{AuthWord::permerror, "the SPF record of " + shown(domain) + ", column " + std::to_string(fault->at + 1) +
                                        ", \"" + cleaned(term, true, 60) + "\": " + fault->what};
  }
  return evaluate(domain, found->text, std::get<Record>(parsed), included);
}

// RFC 7208 6.2: whatever goes wrong here, the domain has said nothing.
std::string Evaluation::explanation(const MacroString& macros, const std::string& domain) {
  const auto client_name = [&](const MacroString& in) {
    return uses_client_name(in) ? names_.best_for(domain) : std::string();
  };
  const auto name = expand_name(macros, {request_, domain, client_name(macros)});
  if (!dns::is_askable(name)) return {};
  const auto& answer = lookups_.get({name, Type::TXT});
  if (answer.records.size() != 1) return {};
  try {
    const auto text = parse_macros(answer.records.front().text, true, 0);
    return cleaned(expand(text, {request_, domain, client_name(text)}), true, 400);
  } catch (const Fault&) {
    return {};
  }
}

SpfResult Evaluation::run() {
  SpfResult result;
  Outcome outcome;
  try {
    outcome = check_host(request_.domain, false);
  } catch (Stop& stop) {
    outcome.word = stop.word;
    outcome.why = std::move(stop.why);
  }
  result.word = outcome.word;
  const auto name = shown(request_.domain);
  const bool named = outcome.word == AuthWord::none || outcome.why.starts_with(name) ||
                     outcome.why.starts_with("the SPF record of " + name);
  result.reason = named ? std::move(outcome.why) : name + ": " + outcome.why;
  if (result.reason.size() > 500) result.reason.resize(500);
  result.domain = std::move(outcome.domain);
  result.record = std::move(outcome.record);
  result.mechanism = std::move(outcome.mechanism);
  result.explanation = std::move(explanation_);
  result.terms = terms_;
  result.voids = voids_;
  return result;
}

class OwnEngine final : public SpfEngine {
 public:
  SpfResult check(Lookups& lookups, const SpfRequest& request) const override { return spf::check(lookups, request); }
};

}  // namespace

SpfResult check(Lookups& lookups, const SpfRequest& request) { return Evaluation(lookups, request).run(); }

SpfEnginePtr make_engine() { return std::make_shared<const OwnEngine>(); }

}  // namespace mailweir::spf
