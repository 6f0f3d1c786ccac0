// SPDX-License-Identifier: BSD-2-Clause
// The one place that writes verdict and transaction lines: key=value, the MTA's queue id first, so that one search finds
// a message in the MTA's log and in ours. docs/log.md lists the fields.
#include "base/text.h"
#include "engine/session.h"

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
    if (use.over) text += "(over)";
  }
  return text;
}

void append_along(std::string& line, const Along& along) {
  if (along.hold) append_field(line, "hold", *along.hold);
  if (along.route) append_field(line, "route", *along.route);
  if (along.redirect) append_field(line, "redirect", *along.redirect);
  for (const auto& address : along.bcc) append_field(line, "bcc", address);
  std::string edits;
  for (const auto& edit : along.edits) {
    constexpr std::string_view signs = "-+=";
    if (!edits.empty()) edits += ',';
    edits += signs[static_cast<std::size_t>(edit.kind)];
    edits += edit.name;
  }
  append_known(line, "headers", edits);
}

}  // namespace

void Session::log_verdict(const Verdict& verdict, std::string_view at_end) {
  if (verdict.silent()) return;
  std::string line = start_line(transaction_, "verdict");
  append_field(line, "stage", to_string(verdict.stage));
  append_field(line, "door", to_string(door_));
  append_field(line, "action", to_string(verdict.action));
  if (verdict.rule != nullptr) append_field(line, "rule", verdict.rule->name);
  if (verdict.refuses()) append_field(line, "reply", verdict.reply.line(true));
  append_known(line, "at_end", at_end);
  append_known(line, "reason", verdict.reason);
  append_known(line, "blocked", verdict.blocked);
  if (verdict.never_fits) append_field(line, "never_fits", "true");
  append_who(line, client_, transaction_);
  if (!transaction_.recipient.is_absent()) append_field(line, "recipient", transaction_.recipient.original());
  for (const auto& [name, value] : verdict.facts) {
    if (name != "client_address" && name != "sasl_username" && name != "sender" && name != "recipient") append_field(line, name, value);
  }
  const auto fired = names_of(verdict.fired);
  if (verdict.rule == nullptr || fired != verdict.rule->name) append_known(line, "rules", fired);
  append_known(line, "shadow", names_of(verdict.shadowed));
  append_along(line, verdict.along);
  append_known(line, "used", used_text(verdict.used));
  append_field(line, "took_us", std::to_string(verdict.took.count()));
  services_.log.write(verdict.refuses() ? Severity::notice : Severity::info, line);

  log_alerts(verdict, false);
}

void Session::log_alerts(const Verdict& verdict, bool edges) {
  for (const Alert& told : verdict.alerts) {
    if (is_edge(told.kind) != edges) continue;
    std::string alert = start_line(transaction_, "alert");
    append_field(alert, "rule", told.rule);
    append_field(alert, "what", to_string(told.kind));
    if (told.shadow) append_field(alert, "shadow", "true");
    if (edges) {
      append_known(alert, "key", told.key);
      append_field(alert, "limit", told.limit);
      append_field(alert, "count", std::to_string(told.count));
      if (told.adds > 0) append_field(alert, "adds", std::to_string(told.adds));
    }
    append_who(alert, client_, transaction_);
    append_known(alert, "used", used_text(verdict.used));
    services_.log.write(Severity::warning, alert);
  }
}

// `trouble`: why the counters could not be asked.
void Session::log_event(std::string_view event, const std::vector<CounterUse>& used, std::string_view trouble) {
  std::string line = start_line(transaction_, event);
  append_who(line, client_, transaction_);
  if (!transaction_.recipient.is_absent()) append_field(line, "recipient", transaction_.recipient.original());
  append_known(line, "used", used_text(used));
  append_known(line, "reason", trouble);
  services_.log.write(trouble.empty() ? Severity::info : Severity::warning, line);
}

void Session::log_transaction(std::string_view outcome, const std::vector<std::pair<std::string, std::string>>& more) {
  std::string line = start_line(transaction_, "message");
  append_field(line, "door", to_string(door_));
  append_field(line, "outcome", outcome);
  append_who(line, client_, transaction_);
  if (const Address* only = only_recipient(transaction_)) append_field(line, "recipient", only->original());
  append_field(line, "recipients", std::to_string(transaction_.recipient_count));
  if (transaction_.size) append_field(line, "size", std::to_string(*transaction_.size));
  append_known(line, "service", client_.service);
  append_known(line, "direction", facts_.is_outgoing() ? "outgoing" : "incoming");
  append_known(line, "used", used_text(used_));
  for (const auto& [key, value] : more) append_field(line, key, value);
  append_field(line, "took_us", std::to_string(took_.count()));
  services_.log.write(Severity::info, line);
}

}  // namespace mailweir
