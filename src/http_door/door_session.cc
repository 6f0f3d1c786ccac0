// SPDX-License-Identifier: BSD-2-Clause
#include "http_door/door_session.h"

#include <algorithm>

#include "engine/session.h"

namespace mailweir {
namespace {

void fill(Session& session, const LoginAttempt& attempt) {
  session.client().address = attempt.remote;
  session.client().service = attempt.protocol;
  session.transaction().sasl_username = attempt.login;
}

// One line for a client's network: an IPv6 client has a /64 of addresses to come from.
std::string client_of(const LoginAttempt& attempt) {
  if (!attempt.remote) return "-";
  return attempt.remote->masked(attempt.remote->is_v4() ? 32 : 64).to_string();
}

}  // namespace

// A client that guesses would fill the log, a line for each try: the same refusal is logged once a minute.
void HttpDoorSession::log(Session& session, Verdict& verdict) {
  if (verdict.silent()) return;
  std::string key;
  for (const auto* rules : {&verdict.fired, &verdict.shadowed})
    for (const Rule* rule : *rules) key += rule->name + '\n';
  const auto used =
      std::find_if(verdict.used.begin(), verdict.used.end(), [](const CounterUse& use) { return use.over; });
  key += used != verdict.used.end() ? used->key
         : session.client().address ? session.client().address->to_string()
                                    : "-";
  const auto left_out = door_.login_lines.due(key, door_.services.clock.steady());
  if (!left_out) return;
  if (*left_out > 0) verdict.facts.emplace_back("left_out", std::to_string(*left_out));
  session.log_verdict(verdict);
}

LoginAnswer HttpDoorSession::allow(const LoginAttempt& attempt) {
  ++door_.stats.asked;
  Session session(door_.services, door_.policy.get(), Door::http);
  fill(session, attempt);
  Verdict verdict = session.judge(Stage::auth);
  log(session, verdict);
  if (!verdict.refuses()) return {};
  ++door_.stats.refused;
  return {-1, verdict.reply.text};
}

void HttpDoorSession::report(const LoginAttempt& attempt) {
  ++door_.stats.reports;
  if (attempt.success && !attempt.policy_reject) {
    Session session(door_.services, door_.policy.get(), Door::http);
    fill(session, attempt);
    return session.count_event(Quantity::distinct, false);
  }
  if (!attempt.is_failure()) return;
  ++door_.stats.failures;
  Session session(door_.services, door_.policy.get(), Door::http);
  fill(session, attempt);
  const bool line = door_.login_lines.due("failure\n" + client_of(attempt), door_.services.clock.steady()).has_value();
  session.count_event(Quantity::auth_failures, line);
}

}  // namespace mailweir
