// SPDX-License-Identifier: BSD-2-Clause
#include "mta_session.h"

#include <algorithm>

#include "base/text.h"
#include "milter_door/decode.h"
#include "milter_door/encode.h"
#include "milter_door/offer.h"

namespace mailweir::bench {
namespace {

using milter::Answer;
using milter::Command;
using milter::MacroStage;

const milter::Options offer{.version = 6, .actions = milter::action::all, .steps = milter::step::all};

// Postfix 3.7's defaults, by MacroStage (milter_connect_macros and so on).
constexpr std::array<std::string_view, milter::macro_stage_count> default_macros{
    "j {daemon_name} {daemon_addr} v _",
    "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
    "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "i",
    "i",
    "i",
};

std::string_view without_brackets(std::string_view address) { return address.substr(1, address.size() - 2); }

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == address.npos ? std::string_view() : without_brackets(address).substr(at);
}

bool names(const std::vector<std::string>& headers, std::string_view wanted) {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& name) { return equal_folded(name, wanted); });
}

}  // namespace

MtaSession::MtaSession(MailToSend mail) : mail_(std::move(mail)), port_text_(std::to_string(mail_.client_port)) {
  for (std::size_t i = 0; i < default_macros.size(); ++i) macro_names_[i] = default_macros[i];
  append(offer);
}

Result<void> MtaSession::receive(std::string_view bytes) {
  for (;;) {
    const auto packet = reader_.next(bytes);
    if (!packet) return packet.error();
    if (!*packet) return {};
    const auto response = milter::decode_response(**packet);
    if (!response) return response.error();
    if (done()) return Error{"the filter speaks after its last answer"};
    if (auto taken = take(*response); !taken) return taken;
  }
}

Result<void> MtaSession::take(const milter::Response& response) {
  if (const auto* options = std::get_if<milter::Options>(&response)) return negotiated(*options);
  if (step_ == Step::options) return Error{"the filter's first packet is no answer to the negotiation"};
  if (const auto* plain = std::get_if<milter::Plain>(&response)) return answered(plain->answer);
  if (const auto* reply = std::get_if<milter::ReplyText>(&response)) {
    if (!reply->text.starts_with('4') && !reply->text.starts_with('5'))
      return Error{"the filter's reply is no 4xx or 5xx"};
    finish(reply->text[0] == '5' ? "reject" : "tempfail");
    return {};
  }
  if (step_ != Step::end_of_message) return Error{"the filter edits the message before its end"};
  if (const auto* insert = std::get_if<milter::InsertHeader>(&response)) added_.emplace_back(insert->name);
  if (const auto* add = std::get_if<milter::AddHeader>(&response)) added_.emplace_back(add->name);
  if (const auto* change = std::get_if<milter::ChangeHeader>(&response); change && change->value.empty())
    removed_.emplace_back(change->name);
  if (std::holds_alternative<milter::Quarantine>(response)) quarantined_ = true;
  return {};
}

Result<void> MtaSession::negotiated(const milter::Options& answer) {
  if (step_ != Step::options) return Error{"the filter negotiates twice"};
  if (auto fits = milter::check_answer(offer, answer); !fits) return fits;
  steps_ = answer.steps;
  // A filter that names one list gets nothing at the stages that it does not name.
  if (!answer.macros.empty()) macro_names_.fill("");
  for (const auto& list : answer.macros) macro_names_[static_cast<std::size_t>(list.stage)] = list.names;
  next_step();
  go_on();
  return {};
}

Result<void> MtaSession::answered(Answer answer) {
  switch (answer) {
    case Answer::progress: return {};
    case Answer::accept: finish("accept"); return {};
    case Answer::reject: finish("reject"); return {};
    case Answer::discard: finish("discard"); return {};
    case Answer::skip:
      if (step_ != Step::body) return Error{"the filter answers skip where there is no body"};
      at_ = mail_.body.size();
      break;
    case Answer::go_on: break;
    default: finish("tempfail"); return {};  // tempfail, shutdown, connection_failure
  }
  if (step_ == Step::end_of_message) {
    finish("accept");
    return {};
  }
  next_step();
  go_on();
  return {};
}

bool MtaSession::added_header(std::string_view name) const { return names(added_, name); }
bool MtaSession::removed_header(std::string_view name) const { return names(removed_, name); }

void MtaSession::go_on() {
  // A silent step is not answered: the next follows in the same write, as in Postfix's buffer.
  for (;; next_step()) {
    if (send_step() && !is_silent()) return;
  }
}

// Headers and body chunks are steps of their own, repeated until there are no more.
void MtaSession::next_step() {
  if (step_ == Step::header && at_ < mail_.headers.size()) return;
  if (step_ == Step::body && at_ < mail_.body.size()) return;
  step_ = static_cast<Step>(static_cast<int>(step_) + 1);
  at_ = 0;
}

// Postfix sends the macros of a step even when the filter does not want the step itself, those of end-of-header with
// each header, and those of end-of-message with each chunk of the body.
bool MtaSession::send_step() {
  using namespace milter;
  switch (step_) {
    case Step::connect:
      return send(Command::connect, MacroStage::connect, step::no_connect,
                  Connect{mail_.client_name, Family::inet, mail_.client_port, mail_.client_address});
    case Step::helo: return send(Command::helo, MacroStage::helo, step::no_helo, Helo{mail_.helo});
    case Step::mail: return send(Command::mail, MacroStage::mail, step::no_mail, Mail{mail_.sender, {"BODY=8BITMIME"}});
    case Step::rcpt: return send(Command::rcpt, MacroStage::rcpt, step::no_rcpt, Rcpt{mail_.recipient});
    case Step::data: return send(Command::data, MacroStage::data, step::no_data, Data{});
    case Step::header: {
      if (at_ >= mail_.headers.size()) return false;
      const auto& [name, value] = mail_.headers[at_++];
      const auto shown = (steps_ & step::header_leading_space) != 0 ? ' ' + value : value;
      return send(Command::header, MacroStage::end_of_header, step::no_headers, Header{name, shown});
    }
    case Step::end_of_header:
      return send(Command::end_of_header, MacroStage::end_of_header, step::no_end_of_header, EndOfHeader{});
    case Step::body: {
      const auto chunk = mail_.body.substr(at_, body_chunk);
      if (chunk.empty()) return false;
      at_ += chunk.size();
      return send(Command::body, MacroStage::end_of_message, step::no_body, Body{chunk});
    }
    case Step::end_of_message: return send(Command::end_of_message, MacroStage::end_of_message, 0, EndOfMessage{});
    case Step::options: break;
  }
  return false;
}

bool MtaSession::send(Command command, MacroStage stage, std::uint32_t unwanted_bit, const milter::Event& event) {
  // Macros without a value are left out; the packet is sent even so.
  milter::Macros macros{.of = command};
  for (const auto name : words(macro_names_[static_cast<std::size_t>(stage)]))
    if (const auto value = macro(name); !value.empty()) macros.values.push_back({name, value});
  append(macros);
  if ((steps_ & unwanted_bit) != 0) return false;
  append(event);
  return true;
}

bool MtaSession::is_silent() const {
  using namespace milter;
  const auto said = [&](std::uint32_t bit) { return (steps_ & bit) != 0; };
  switch (step_) {
    case Step::connect: return said(step::silent_connect);
    case Step::helo: return said(step::silent_helo);
    case Step::mail: return said(step::silent_mail);
    case Step::rcpt: return said(step::silent_rcpt);
    case Step::data: return said(step::silent_data);
    case Step::header: return said(step::silent_header);
    case Step::end_of_header: return said(step::silent_end_of_header);
    case Step::body: return said(step::silent_body);
    default: return false;
  }
}

void MtaSession::append(const milter::Event& event) {
  // Only a NUL or a size over the protocol's could fail here, and the mails are our own: without it the filter's
  // silence makes the session time out, which is counted.
  [[maybe_unused]] const auto appended = milter::append_event(out_, event);
}

std::string_view MtaSession::macro(std::string_view name) const {
  const bool mail_known = step_ >= Step::mail;
  struct Known {
    std::string_view name, value;
  };
  const Known known[] = {
      {"j", "mx.example.com"},
      {"v", "Postfix 3.7.11"},
      {"_", mail_.client_name},
      {"{daemon_name}", "submission"},
      {"{daemon_addr}", "127.0.0.1"},
      {"{daemon_port}", "587"},
      {"{client_addr}", mail_.client_address},
      {"{client_name}", mail_.client_name},
      {"{client_ptr}", mail_.client_name},
      {"{client_port}", port_text_},
      {"{client_resolve}", "OK"},
      {"{client_connections}", "0"},
      {"{tls_version}", "TLSv1.3"},
      {"{cipher}", "TLS_AES_256_GCM_SHA384"},
      {"{cipher_bits}", "256"},
      {"{auth_type}", mail_.login.empty() || !mail_known ? "" : "PLAIN"},
      {"{auth_authen}", mail_known ? mail_.login : std::string_view()},
      {"{mail_addr}", mail_known ? without_brackets(mail_.sender) : std::string_view()},
      {"{mail_host}", mail_known ? domain_of(mail_.sender) : std::string_view()},
      {"{mail_mailer}", mail_known ? "smtp" : ""},
      {"{rcpt_addr}", step_ == Step::rcpt ? without_brackets(mail_.recipient) : std::string_view()},
      {"{rcpt_host}", step_ == Step::rcpt ? domain_of(mail_.recipient) : std::string_view()},
      {"{rcpt_mailer}", step_ == Step::rcpt ? "smtp" : ""},
      // Postfix makes the queue file at the first accepted recipient.
      {"i", step_ > Step::rcpt ? std::string_view(mail_.queue_id) : std::string_view()},
  };
  for (const auto& one : known)
    if (one.name == name) return one.value;
  return {};
}

void MtaSession::finish(std::string_view verdict) {
  verdict_ = quarantined_ && verdict == "accept" ? "quarantine" : verdict;
  // Postfix resets the transaction at the message's end, and once more at the session's.
  if (step_ >= Step::mail) {
    append(milter::Abort{});
    append(milter::Abort{});
  }
  append(milter::Quit{});
}

}  // namespace mailweir::bench
