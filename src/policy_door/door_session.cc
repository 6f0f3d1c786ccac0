// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/door_session.h"

#include <algorithm>

#include "base/port_number.h"
#include "base/text.h"
#include "mail/domain.h"
#include "mail/longest_address.h"
#include "mail/path.h"
#include "mail/tls_version.h"
#include "policy_door/action.h"
#include "policy_door/attribute_address.h"

namespace mailweir {
namespace {

constexpr std::size_t most_answer_bytes = 8 << 20;  // remembered for one message: some 40,000 recipients

Resolved resolved(const PolicyRequest& request) {
  const auto name = request[Attribute::client_name], reverse = request[Attribute::reverse_client_name];
  if (!name.empty() && name != "unknown") return Resolved::ok;
  if (!reverse.empty() && reverse != "unknown") return Resolved::forged;
  return Resolved::unknown;  // Postfix says "unknown" for no name and for trouble alike
}

}  // namespace

PolicyDoorSession::~PolicyDoorSession() {
  try {
    if (session_) session_->callback_begins();
    end_message();
  } catch (const std::exception&) {
    // No memory for the give-back: the charge stays counted until its period is over.
  }
}

bool PolicyDoorSession::same_session(const PolicyRequest& request) const {
  if (!session_) return false;
  // Postfix before 3.0 has no client_port: then each message is a session of its own.
  if (request[Attribute::client_port].empty()) return request[Attribute::instance] == instance_;
  return client_key_.size() == request[Attribute::client_address].size() + 1 + request[Attribute::client_port].size() &&
         client_key_.starts_with(request[Attribute::client_address]) &&
         client_key_.ends_with(request[Attribute::client_port]);
}

void PolicyDoorSession::new_session(const PolicyRequest& request) {
  end_message();
  judged_.fill(std::nullopt);
  session_ = std::make_unique<Session>(door_.services, door_.policy.get(), Door::policy);
  client_key_ = std::string(request[Attribute::client_address]) + '|' + std::string(request[Attribute::client_port]);
  instance_.clear();
  helo_.clear();
  Client& client = session_->client();
  client.address = IpAddress::parse(request[Attribute::client_address]);
  client.name = request[Attribute::client_name];
  client.reverse_name = request[Attribute::reverse_client_name];
  client.port = to_port(request[Attribute::client_port]);
  client.resolved = resolved(request);
  client.server_address = request[Attribute::server_address];
  client.server_port = to_port(request[Attribute::server_port]);
}

void PolicyDoorSession::begin_message(const PolicyRequest& request) {
  end_message();
  instance_ = request[Attribute::instance];
  message_.sender = request[Attribute::sender];
  session_->begin_transaction(door_.policy.get());
}

void PolicyDoorSession::end_message() {
  if (!session_ || !session_->in_transaction()) return;
  log_message();
  session_->end_transaction(message_.taken());
  message_ = PolicyMessage(door_.limits.memory);
}

void PolicyDoorSession::log_message() {
  if (message_.asked && !std::exchange(message_.logged, true))
    session_->log_transaction(message_.taken() ? "passed" : "refused");
}

void PolicyDoorSession::idle() {
  if (session_ && session_->in_transaction()) log_message();
}

void PolicyDoorSession::read(const PolicyRequest& request, Stage stage) {
  Client& client = session_->client();
  Transaction& transaction = session_->transaction();
  if (const auto name = without_last_dot(request[Attribute::helo_name]); helo_ != name) {
    helo_ = name;
    client.helo_name = helo_;
    judged_[index(Stage::helo)].reset();
    session_->helo_changed();
  }
  client.service = request[Attribute::policy_context];
  client.encryption_protocol = request[Attribute::encryption_protocol];
  client.encryption_cipher = request[Attribute::encryption_cipher];
  client.encryption_keysize = read_keysize(request[Attribute::encryption_keysize]);
  client.ccert_subject = request[Attribute::ccert_subject];
  client.ccert_issuer = request[Attribute::ccert_issuer];
  client.ccert_fingerprint = request[Attribute::ccert_fingerprint];
  if (stage < Stage::mail) return;
  if (transaction.sender.is_absent())
    transaction.sender = attribute_address(request[Attribute::sender], session_->policy());
  transaction.sasl_username = request[Attribute::sasl_username];
  transaction.sasl_method = request[Attribute::sasl_method];
  transaction.sasl_sender = request[Attribute::sasl_sender];
  transaction.queue_id = request[Attribute::queue_id];
  const auto size = size_in_bytes(request[Attribute::size]).value_or(0);
  if (stage == Stage::end_of_message) transaction.size = size;
  else if (size > 0) transaction.declared_size = size;
  const auto recipient = request[Attribute::recipient];
  transaction.recipient = recipient.empty() ? Address() : attribute_address(recipient, session_->policy());
  if (stage >= Stage::data) transaction.recipient_count = to_number(request[Attribute::recipient_count]).value_or(0);
}

void PolicyDoorSession::tell_milter(Stage stage) {
  if (session_->policy().has_milter)
    door_.services.board.asked(session_->client(), stage, session_->transaction(), door_.services.clock.steady());
}

// The answer of an earlier stage is that of the later ones, which therefore are not judged; by the milter neither.
void PolicyDoorSession::pass_over(Stage answered, Stage asked) {
  for (const Stage stage : all_stages)
    if (stage > answered && stage <= asked && session_->policy().judges(Door::policy, stage)) tell_milter(stage);
}

// The verdict of a stage that is judged once: connect and helo a session, mail a message.
const Verdict& PolicyDoorSession::judge_once(Stage stage) {
  auto& kept = stage == Stage::mail ? message_.judged : judged_[index(stage)];
  if (!kept) {
    kept = session_->judge(stage);
    session_->log_verdict(*kept);
    if (!kept->refuses()) tell_milter(stage);
  }
  return *kept;
}

void PolicyDoorSession::note_refusal(Stage stage) {
  if (stage < Stage::mail) return;
  if (stage == Stage::rcpt) {
    message_.recipient_refused = true;
    return;
  }
  message_.refused = true;
  session_->message_refused();  // at once: Postfix keeps the connection, and may say nothing more for minutes
}

std::string PolicyDoorSession::judge_up_to(Stage stage) {
  const Policy& policy = session_->policy();
  Effects effects;
  // Postfix, with smtpd_delay_reject, asks at RCPT what belongs to the stages before.
  for (const Stage earlier : {Stage::connect, Stage::helo, Stage::mail}) {
    if (earlier >= stage || !policy.judges(Door::policy, earlier)) continue;
    const Verdict& verdict = judge_once(earlier);
    const bool ends = verdict.refuses() || verdict.action == Action::discard || verdict.action == Action::permit;
    if (ends) {
      if (verdict.refuses()) note_refusal(stage);
      else pass_over(earlier, stage);
      return to_action(verdict, verdict.effects, *policy.confirmed_routes);
    }
    if (stage == Stage::rcpt) effects.join(Effects(verdict.effects));
  }
  if (!policy.judges(Door::policy, stage)) {
    if (stage >= Stage::rcpt) message_.recipient_taken = true;
    return "DUNNO";
  }
  const Verdict verdict = stage <= Stage::mail ? judge_once(stage) : session_->judge(stage);
  if (stage > Stage::mail) session_->log_verdict(verdict);
  if (stage > Stage::mail && !verdict.refuses()) tell_milter(stage);
  if (stage == Stage::rcpt && !verdict.refuses()) session_->recipient_accepted();
  if (verdict.refuses()) note_refusal(stage);
  else if (stage >= Stage::rcpt) message_.recipient_taken = true;  // who gets to DATA has one
  effects.join(Effects(verdict.effects));
  return to_action(verdict, effects, *policy.confirmed_routes);
}

// Postfix tells the milter that this recipient was refused; there it shall not be taken for an unknown one.
std::string PolicyDoorSession::tell_refusal(Stage stage, std::string action) {
  if (stage == Stage::rcpt && session_->policy().counts_unknown_recipients &&
      (action.starts_with('4') || action.starts_with('5')))
    door_.services.board.refused_recipient(session_->client(), session_->transaction().recipient.key(),
                                           door_.services.clock.steady());
  return action;
}

// VRFY and ETRN are no mail. Anything else is nothing that Postfix would say; told once a connection.
std::string PolicyDoorSession::not_judged(std::string_view state) {
  if (state != "VRFY" && state != "ETRN" && !std::exchange(told_not_judged_, true))
    Event("policy-request-not-judged")
        .with("reason", state.empty() ? "no protocol_state" : "protocol_state is not a known stage")
        .with("protocol_state", state)
        .with("answer", "DUNNO")
        .to(door_.services.log, Severity::warning);
  return "DUNNO";
}

// What is too long to be looked at: refused whatever the rules are, before anything is kept of it. "": nothing.
std::string PolicyDoorSession::too_long(const PolicyRequest& request) const {
  struct Part {
    Attribute attribute;
    std::string_view code, what;
  };
  for (const Part& part :
       {Part{Attribute::recipient, "5.1.3", "the recipient address"},
        Part{Attribute::sender, "5.1.7", "the sender address"}, Part{Attribute::helo_name, "5.5.4", "the HELO name"}})
    if (request[part.attribute].size() > longest_address)
      return "501 " + std::string(part.code) + ' ' + std::string(part.what) + " is longer than " +
             std::to_string(longest_address) + " bytes";
  return {};
}

std::string PolicyDoorSession::answer(const PolicyRequest& request) {
  const auto stage = request.stage();
  if (!stage) return not_judged(request[Attribute::protocol_state]);
  if (auto refused = too_long(request); !refused.empty()) {
    Event("message-over-bounds")
        .with("door", "policy")
        .with("client_address", request[Attribute::client_address])
        .with("reply", refused)
        .to(door_.services.log, Severity::notice);
    return refused;
  }
  if (session_) session_->callback_begins();
  if (!same_session(request)) new_session(request);
  // The instance stays the same when a message ends before it has a recipient: RSET, and another MAIL.
  const bool same = session_->in_transaction() && request[Attribute::instance] == instance_ &&
                    request[Attribute::sender] == message_.sender;
  if (*stage >= Stage::mail && !same) begin_message(request);
  read(request, *stage);
  if (*stage < Stage::mail) return judge_up_to(*stage);

  std::string key(1, static_cast<char>('0' + index(*stage)));
  if (*stage == Stage::rcpt) key += session_->transaction().recipient.key();
  if (const auto known = message_.answers.find(key); known != message_.answers.end())
    return tell_refusal(*stage, known->second);
  message_.asked = true;
  std::string action = tell_refusal(*stage, judge_up_to(*stage));
  // Asked again, what was not kept is judged and charged again: better than to keep what does not fit.
  if (const auto cost = 200 + key.size() + action.size();
      message_.memory.bytes() + cost <= most_answer_bytes && message_.memory.grow(cost))
    message_.answers.emplace(std::move(key), action);
  if (*stage == Stage::end_of_message || message_.refused) idle();
  return action;
}

}  // namespace mailweir
