// SPDX-License-Identifier: BSD-2-Clause
// What a session does about the message as a whole: whether its signatures are verified, and what the
// Authentication-Results field says.
#include <algorithm>

#include "check/authentication_results.h"
#include "check/dmarc.h"
#include "engine/session.h"
#include "engine/walk_rules.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

constexpr auto end = Stage::end_of_message;

AuthWord word_of(std::string_view text) {
  for (const AuthWord word : {AuthWord::pass, AuthWord::fail, AuthWord::softfail, AuthWord::neutral, AuthWord::policy,
                              AuthWord::temperror, AuthWord::permerror})
    if (text == to_string(word)) return word;
  return AuthWord::none;
}

// A pass speaks for itself.
MethodResult result_of(std::string_view method, AuthWord word, std::string_view reason) {
  return {std::string(method),
          word,
          word == AuthWord::pass || word == AuthWord::none ? std::string() : std::string(reason),
          {}};
}

void add_dkim(const DkimResult& dkim, std::vector<MethodResult>& results) {
  if (dkim.signatures.empty()) results.push_back(result_of("dkim", dkim.word, dkim.reason));
  for (const auto& signature : dkim.signatures) {
    auto result = result_of("dkim", signature.word, signature.reason);
    result.properties = {{"header.d", signature.domain},
                         {"header.s", signature.selector},
                         {"header.a", signature.algorithm},
                         {"header.b", signature.start}};
    results.push_back(std::move(result));
  }
}

}  // namespace

void Session::begin_message_checks(bool body_comes) {
  facts_.stage(end, Deadline::in(policy_->dns_deadline));
  const CheckSet off = skips_.off(end);
  facts_.skip(off);
  const auto may_apply = [&](const Rule& rule) {
    // The true size is not known yet: whatever it is compared with may come true.
    if (reads_true_size(rule, *policy_)) return true;
    if (!rule.when.empty() && rule.when.ask(facts_, false) == Tri::no) return false;
    return rule.unless.empty() || rule.unless.ask(facts_, false) != Tri::yes;
  };
  const auto& rules = policy_->at(end);
  const auto& results = policy_->authentication_results;
  const bool writes = writes_authentication_results();
  const auto is_wanted = [&](const FactInfo& check) {
    if (off.has(check.id)) return false;
    if (writes && results.has(check.name)) return true;
    return std::ranges::any_of(
        rules, [&](const Rule& rule) { return reads_check(rule, check.name, *policy_) && may_apply(rule); });
  };
  if (body_comes) {
    CheckSet wanted;
    for (const FactInfo* check : message_checks())
      if (is_wanted(*check)) wanted.add(check->id);
    facts_.begin_message_checks(wanted);
  }
  if (!writes) return;
  for (const FactRef& check : results.checks) facts_.start(check);
}

bool Session::decides_before_scans() {
  facts_.stage(end, Deadline::in(policy_->dns_deadline));
  facts_.now(services_.clock.wall());
  facts_.skip(skips_.off(end));
  start_early(*policy_, end, facts_);
  return mailweir::decides_before_scans(*policy_, facts_);
}

bool Session::writes_authentication_results() const {
  const auto& results = policy_->authentication_results;
  return !results.authserv_id.empty() && (results.outgoing || !facts_.is_outgoing());
}

// A field of our name from a machine of ours may be true (RFC 8601 5: "did not come directly from another trusted
// MTA"); what a login, or a stranger, sends is not.
bool Session::removes_authentication_results() const {
  const auto& results = policy_->authentication_results;
  if (results.authserv_id.empty()) return false;
  return !state_.mail.sasl_username.empty() || !facts_.is_outgoing();
}

std::optional<std::string> Session::authentication_results() {
  if (!writes_authentication_results()) return {};
  const auto& policy = policy_->authentication_results;
  const CheckSet off = skips_.off(end);
  std::vector<MethodResult> results;
  if (!state_.mail.sasl_username.empty()) {
    results.push_back(result_of("auth", AuthWord::pass, {}));
    results.back().properties = {{"smtp.auth", state_.mail.sasl_username}};
  }
  for (const FactRef& check : policy.checks) {
    const std::string_view name = check.info().name;
    if (off.has(check.id)) continue;
    if (name == "dkim") {
      if (const auto* dkim = facts_.dkim()) add_dkim(*dkim, results);
      continue;
    }
    if (name == "dmarc") {
      const auto* dmarc = facts_.dmarc();
      if (dmarc == nullptr) continue;
      results.push_back(result_of("dmarc", dmarc->word, dmarc->reason));
      results.back().properties = {{"header.from", dmarc->domain}};
      // RFC 9989 9.1: what is requested for mail that fails, also where this one passed.
      if (dmarc->requested)
        results.back().properties.emplace_back("policy.dmarc", std::string(to_string(*dmarc->requested)));
      continue;
    }
    const FactValue value = facts_.get(check);
    if (value.state == FactValue::State::absent) continue;
    auto result = result_of(name, word_of(facts_.to_text(check, value)), facts_.reason(check));
    if (name == "iprev") {
      result.properties = {{"policy.iprev", client_.address ? client_.address->to_string() : std::string()}};
    } else if (state_.mail.sender.is_null()) {
      result.properties = {{"smtp.helo", client_.helo_name}};
    } else {
      result.properties = {{"smtp.mailfrom", state_.mail.sender.original()}};
    }
    results.push_back(std::move(result));
  }
  return mailweir::authentication_results(policy.authserv_id, results);
}

}  // namespace mailweir
