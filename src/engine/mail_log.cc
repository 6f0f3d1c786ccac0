// SPDX-License-Identifier: BSD-2-Clause
#include "engine/mail_log.h"

#include "base/text.h"
#include "engine/removed_headers.h"

namespace mailweir {
namespace {

void append_known(std::string& line, std::string_view key, std::string_view value) {
  if (!value.empty()) append_field(line, key, value);
}

std::string start_line(const Transaction& transaction, std::string_view event) {
  std::string line;
  line.reserve(400);
  append_field(line, "queue_id", transaction.queue_id.empty() ? "-" : std::string_view(transaction.queue_id));
  append_field(line, "id", transaction.id.empty() ? "-" : std::string_view(transaction.id));
  append_field(line, "event", event);
  return line;
}

void append_who(std::string& line, const Client& client, const Transaction& transaction) {
  if (client.address) append_field(line, "client_address", client.address->to_string());
  append_known(line, "sasl_username", transaction.sasl_username);
  if (!transaction.sender.is_absent())
    append_field(line, "sender", transaction.sender.is_null() ? "<>" : std::string_view(transaction.sender.original()));
}

// The recipient, if exactly one was accepted. The policy door counts them, and keeps none.
const Address* only_recipient(const Transaction& transaction) {
  if (transaction.recipient_count != 1) return nullptr;
  const Address& only = transaction.recipients.size() == 1 ? transaction.recipients.front() : transaction.recipient;
  return only.is_absent() ? nullptr : &only;
}

std::string names_of(const std::vector<const Rule*>& rules) {
  std::string names;
  for (const Rule* rule : rules) {
    if (!names.empty()) names += ',';
    names += rule->name;
  }
  return names;
}

std::string used_text(const std::vector<CounterUse>& used) {
  std::string text;
  for (const auto& use : used) {
    if (!text.empty()) text += ',';
    text += use.rule + ':' + std::to_string(use.count) + '/' + to_string(use.window);
    if (use.over) text += use.share ? "(over this node's share)" : "(over)";
  }
  return text;
}

class EffectFields {
 public:
  // `headers`: of the message, once they are all known; what is removed cannot be told before.
  EffectFields(std::string& line, const HeaderList* headers) : line_(line), headers_(headers) {}

  void append(const Effects& effects) {
    for (const Effect& effect : effects) std::visit([this](const auto& one) { tell(one); }, effect);
    append_known(line_, "headers", edits_);
  }

 private:
  template <OnlyText Kind>
  void tell(const Kind& effect) {
    append_field(line_, Kind::row.key, effect.text);
  }
  void tell(const RemoveHeaders& effect) {
    if (headers_ == nullptr) return;
    for (const auto& name : removed_headers(*headers_, effect)) edit('-', name);
  }
  void tell(const ReplaceHeader<>& effect) { edit('=', effect.name); }
  void tell(const AddHeader<>& effect) { edit('+', effect.name); }
  void tell(const Sign&) {}  // with whose keys is said at the message's end

  void edit(char sign, const std::string& name) {
    if (!edits_.empty()) edits_ += ',';
    edits_ += sign + name;
  }

  std::string& line_;
  const HeaderList* headers_;
  std::string edits_;
};

}  // namespace

void MailLog::verdict(const Subject& subject, const Verdict& verdict, std::string_view at_end) const {
  if (verdict.silent()) return;
  const auto& [client, transaction] = subject;
  std::string line = start_line(transaction, "verdict");
  append_field(line, "stage", to_string(verdict.stage));
  append_field(line, "door", to_string(door_));
  append_field(line, "action", to_string(verdict.action));
  if (verdict.rule != nullptr) append_field(line, "rule", verdict.rule->name);
  if (verdict.refuses()) append_field(line, "reply", verdict.reply.line(true));
  append_known(line, "at_end", at_end);
  append_known(line, "reason", verdict.reason);
  append_known(line, "blocked", verdict.blocked);
  if (verdict.never_fits) append_field(line, "never_fits", "true");
  append_who(line, client, transaction);
  if (!transaction.recipient.is_absent()) append_field(line, "recipient", transaction.recipient.original());
  for (const auto& [name, value] : verdict.facts) {
    if (name != "client_address" && name != "sasl_username" && name != "sender" && name != "recipient")
      append_field(line, name, value);
  }
  const auto fired = names_of(verdict.fired);
  if (verdict.rule == nullptr || fired != verdict.rule->name) append_known(line, "rules", fired);
  append_known(line, "shadow", names_of(verdict.shadowed));
  EffectFields(line, verdict.stage == Stage::end_of_message ? transaction.headers : nullptr).append(verdict.effects);
  append_known(line, "used", used_text(verdict.used));
  append_field(line, "took_us", std::to_string(verdict.took.count()));
  log_.write(verdict.refuses() ? Severity::notice : Severity::info, line);

  alerts(subject, verdict, false);
}

void MailLog::alerts(const Subject& subject, const Verdict& verdict, bool edges) const {
  for (const Alert& raised : verdict.alerts) {
    if (is_edge(raised.kind) != edges) continue;
    std::string alert = start_line(subject.transaction, "alert");
    append_field(alert, "rule", raised.rule);
    append_field(alert, "what", to_string(raised.kind));
    if (raised.shadow) append_field(alert, "shadow", "true");
    if (edges) {
      append_known(alert, "key", raised.key);
      append_field(alert, "limit", raised.limit);
      append_field(alert, "count", std::to_string(raised.count));
      if (raised.adds > 0) append_field(alert, "adds", std::to_string(raised.adds));
    }
    append_who(alert, subject.client, subject.transaction);
    append_known(alert, "used", used_text(verdict.used));
    log_.write(Severity::warning, alert);
  }
}

void MailLog::event(const Subject& subject, std::string_view event, const std::vector<CounterUse>& used,
                    std::string_view trouble, const std::vector<std::pair<std::string, std::string>>& more) const {
  std::string line = start_line(subject.transaction, event);
  append_who(line, subject.client, subject.transaction);
  if (!subject.transaction.recipient.is_absent())
    append_field(line, "recipient", subject.transaction.recipient.original());
  for (const auto& [key, value] : more) append_field(line, key, value);
  append_known(line, "used", used_text(used));
  append_known(line, "reason", trouble);
  log_.write(trouble.empty() ? Severity::info : Severity::warning, line);
}

void MailLog::message(const Subject& subject, const Outcome& outcome) const {
  const auto& [client, transaction] = subject;
  std::string line = start_line(transaction, "message");
  append_field(line, "door", to_string(door_));
  append_field(line, "outcome", outcome.word);
  append_who(line, client, transaction);
  if (const Address* only = only_recipient(transaction)) append_field(line, "recipient", only->original());
  append_field(line, "recipients", std::to_string(transaction.recipient_count));
  if (transaction.size) append_field(line, "size", std::to_string(*transaction.size));
  append_known(line, "service", client.service);
  append_known(line, "direction", outcome.outgoing ? "outgoing" : "incoming");
  append_known(line, "used", used_text(outcome.used));
  for (const auto& [key, value] : outcome.more) append_field(line, key, value);
  append_field(line, "took_us", std::to_string(outcome.took.count()));
  log_.write(Severity::info, line);
}

}  // namespace mailweir
