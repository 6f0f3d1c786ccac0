// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/rehearsal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "mail/path.h"
#include "milter_door/envelope.h"
#include "policy_door/attribute_address.h"

namespace mailweir {
namespace {

// How Postfix names the stages to the policy door.
std::string_view state_of(Stage stage) {
  switch (stage) {
    case Stage::connect: return "CONNECT";
    case Stage::helo: return "EHLO";
    case Stage::mail: return "MAIL";
    case Stage::rcpt: return "RCPT";
    case Stage::data: return "DATA";
    case Stage::end_of_message: return "END-OF-MESSAGE";
    case Stage::auth: break;
  }
  return {};
}

// As Postfix says what it found of the client's names; of local mail it says nothing.
std::string client_resolve(const WhatIf& what) {
  const auto is_known = [](const std::string& name) { return !name.empty() && name != "unknown"; };
  if (what.local) return {};
  return is_known(what.client_name) ? "OK" : is_known(what.reverse_client_name) ? "FORGED" : "";
}

std::string words_of(const MilterAnswer& answer) {
  if (answer.goes_on()) return "continue";
  if (answer.kind == MilterAnswer::Kind::discard) return "discard";
  return answer.reply ? answer.reply->line(true) : "451 4.7.1 Service unavailable - try again later";
}

}  // namespace

// The macros of a command.
class Rehearsal::Told final : public Macros {
 public:
  Told(std::initializer_list<std::pair<const std::string, std::string>> macros) : macros_(macros) {
    std::erase_if(macros_, [](const auto& macro) { return macro.second.empty(); });
  }
  std::optional<std::string_view> get(const char* name) const override {
    const auto found = macros_.find(name);
    return found == macros_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }

 private:
  std::map<std::string, std::string> macros_;
};

Rehearsal::Rehearsal(const Doors& doors, const WhatIf& what, Audience& audience)
    : doors_(doors), what_(what), audience_(audience), policy_(doors.milter.policy.get()), policy_door_(doors.policy),
      http_(doors.http) {
  traits_.needs = milter_needs(*policy_);
  if (!what_.message) traits_.needs.headers = false;  // what no header tells stays unknown
  if (policy_->has_milter) milter_ = std::make_unique<MilterDoorSession>(doors_.milter, policy_, traits_);
}

Rehearsal::~Rehearsal() = default;

Rehearsal::Fate Rehearsal::run() {
  if (!connect() || !login() || !sender()) return Fate::refused;
  for (std::size_t i = 0; i < what_.recipients.size(); ++i)
    if (recipient(i)) accepted_.push_back(what_.recipients[i]);
  if (!accepted_.empty() && accepted_.size() < what_.recipients.size())
    audience_.recipients_accepted(accepted_.size(), what_.recipients.size());
  const Fate fate = accepted_.empty() ? Fate::refused : message();
  if (fate == Fate::refused && milter_) milter_->abort();
  return fate;
}

bool Rehearsal::connect() {
  audience_.begins(Stage::connect, {});
  if (!ask_policy(Stage::connect)) return false;
  if (milter_) {
    const Told macros{{"{client_name}", what_.client_name},
                      {"{client_ptr}", what_.reverse_client_name},
                      {"{client_resolve}", client_resolve(what_)},
                      {"{daemon_name}", what_.service}};
    const std::string host = what_.local ? "localhost" : what_.client_name;
    const auto port = what_.local ? std::uint16_t{0} : what_.client_port;
    if (!hear_milter(milter_->connect(host, IpAddress::parse(what_.client_address), port, macros))) return false;
  }
  audience_.begins(Stage::helo, {});
  return ask_policy(Stage::helo) &&
         (!milter_ || hear_milter(milter_->helo(what_.helo, Told{{"{tls_version}", what_.encryption_protocol},
                                                                 {"{cipher}", what_.encryption_cipher},
                                                                 {"{cipher_bits}", what_.encryption_keysize}})));
}

// As Dovecot asks when the client gives its login.
bool Rehearsal::login() {
  if (!policy_->has_http || what_.sasl_username.empty()) return true;
  LoginAttempt attempt;
  attempt.login = what_.sasl_username;
  attempt.remote = IpAddress::parse(what_.client_address);
  attempt.protocol = "smtp";
  audience_.begins(Stage::auth, {});
  const LoginAnswer answer = http_.allow(attempt);
  audience_.answered(Door::http, answer.status < 0 ? "status -1: " + answer.message : "status 0");
  return answer.status >= 0;
}

// As it stands behind MAIL FROM: or RCPT TO:. Postfix hands over local mail without brackets.
std::string Rehearsal::argument(const std::string& path) const {
  return what_.local || path.find('<') != path.npos ? path : '<' + path + '>';
}

// What Postfix makes of an address. What was not given is left to the door, but for mail for this host:
// "user%domain@our-name", which the policy's names tell.
std::string Rehearsal::resolved(const std::string& path, const std::string& given, bool of_recipient) const {
  if (!given.empty()) return given;
  const auto mailbox = mailbox_in_path(path);
  if (!mailbox || mailbox->empty()) return {};
  const auto& spelling = policy_->spelling;
  const auto own =
      of_recipient ? envelope_recipient(path, Told{}, false, spelling) : envelope_sender(path, Told{}, false, spelling);
  const std::string known(attribute_address(*mailbox, *policy_).text());
  return !own || own->text() == known ? std::string() : known;
}

bool Rehearsal::sender() {
  audience_.begins(Stage::mail, what_.sender);
  if (!ask_policy(Stage::mail)) return false;
  if (!milter_) return true;
  const std::string path = argument(what_.sender);
  std::vector<std::string_view> args{path};
  // As clients do; sendmail(1) declares none.
  const auto size = what_.declared_size ? *what_.declared_size : what_.local ? 0 : what_.size();
  const std::string parameter = "SIZE=" + std::to_string(size);
  if (size > 0 || what_.declared_size) args.push_back(parameter);
  return hear_milter(milter_->mail(args, Told{{"{mail_addr}", resolved(path, what_.sender_resolved, false)},
                                              {"{auth_authen}", what_.sasl_username},
                                              {"{auth_type}", what_.sasl_username.empty() ? "" : "PLAIN"},
                                              {"{tls_version}", what_.encryption_protocol},
                                              {"{cipher}", what_.encryption_cipher},
                                              {"{cipher_bits}", what_.encryption_keysize}}));
}

bool Rehearsal::recipient(std::size_t number) {
  const std::string& given = what_.recipients[number];
  const std::string path = argument(given);
  audience_.begins(Stage::rcpt, given);
  if (!ask_policy(Stage::rcpt, given)) {
    // Postfix then tells the milters, if they want to know.
    if (milter_ && traits_.needs.rejected_recipients)
      milter_->rcpt({path}, Told{{"{rcpt_mailer}", "error"}, {"{rcpt_host}", "5.7.1"}, {"{rcpt_addr}", "refused"}});
    return false;
  }
  if (!milter_) return true;
  return hear_milter(milter_->rcpt({path}, Told{{"{rcpt_addr}", resolved(path, what_.resolved[number], true)}}));
}

Rehearsal::Fate Rehearsal::message() {
  audience_.begins(Stage::data, {});
  const std::string only = accepted_.size() == 1 ? accepted_.front() : std::string();
  if (!ask_policy(Stage::data, only)) return Fate::refused;
  if (milter_ && traits_.needs.data && !hear_milter(milter_->data(Told{}))) return Fate::refused;
  audience_.message_comes();
  audience_.begins(Stage::end_of_message, {});
  if (!ask_policy(Stage::end_of_message, only)) return Fate::refused;
  return milter_ ? end_of_message() : Fate::taken;
}

void Rehearsal::give_message() {
  if (!what_.message) {  // of its size alone
    const std::string piece(64 << 10, 'x');
    for (auto left = traits_.needs.body ? what_.size() : 0; left > 0;
         left -= std::min<std::uint64_t>(left, piece.size()))
      milter_->body(std::string_view(piece).substr(0, left));
    return;
  }
  if (traits_.needs.headers) {
    for (const auto& field : what_.message->fields) milter_->header(field.name, field.value);
    milter_->end_of_header(Told{});
  }
  if (traits_.needs.body) what_.message->read_body([this](std::string_view piece) { milter_->body(piece); });
}

Rehearsal::Fate Rehearsal::end_of_message() {
  give_message();
  const MilterAnswer answer = milter_->end_of_message(editor_, Told{});
  hear_milter(answer);
  if (answer.kind == MilterAnswer::Kind::discard) return Fate::discarded;
  if (!answer.goes_on()) return what_.local ? Fate::bounced : Fate::refused;
  const auto holds = [](const RecordingEditor::Edit& edit) { return edit.what == "hold"; };
  return std::any_of(edits().begin(), edits().end(), holds) ? Fate::held : Fate::taken;
}

bool Rehearsal::hear_milter(const MilterAnswer& answer) {
  audience_.answered(Door::milter, words_of(answer));
  return answer.goes_on() || answer.kind == MilterAnswer::Kind::discard;
}

// Postfix cleans what it hands over.
bool Rehearsal::ask_policy(Stage stage, std::string_view recipient) {
  if (!policy_->has_policy_door || what_.local || !policy_->judges(Door::policy, stage)) return true;
  using A = Attribute;
  const auto cleaned = [](std::string_view path) { return mailbox_in_path(path).value_or(std::string(path)); };
  const auto true_size = what_.size();
  const auto size = stage == Stage::end_of_message ? true_size : what_.declared_size.value_or(true_size);
  const bool in_message = stage >= Stage::mail;
  const std::pair<Attribute, std::string> values[] = {
      {A::request, "smtpd_access_policy"},
      {A::protocol_state, std::string(state_of(stage))},
      {A::client_address, what_.client_address},
      {A::client_name, what_.client_name},
      {A::client_port, std::to_string(what_.client_port)},
      {A::reverse_client_name, what_.reverse_client_name},
      {A::helo_name, stage >= Stage::helo ? what_.helo : std::string()},
      {A::sender, in_message ? cleaned(what_.sender) : std::string()},
      {A::recipient, cleaned(recipient)},
      {A::recipient_count, stage >= Stage::data ? std::to_string(accepted_.size()) : "0"},
      {A::instance, "explain"},
      {A::size, in_message ? std::to_string(size) : "0"},
      {A::sasl_method, in_message && !what_.sasl_username.empty() ? "PLAIN" : ""},
      {A::sasl_username, in_message ? what_.sasl_username : std::string()},
      {A::encryption_protocol, what_.encryption_protocol},
      {A::encryption_cipher, what_.encryption_cipher},
      {A::encryption_keysize, what_.encryption_keysize},
      {A::policy_context, what_.service}};
  PolicyRequest asked;
  for (const auto& [attribute, value] : values) asked.values[static_cast<std::size_t>(attribute)] = value;
  const std::string action = policy_door_.answer(asked);
  audience_.answered(Door::policy, "action=" + action);
  return !action.starts_with('4') && !action.starts_with('5');
}

}  // namespace mailweir
