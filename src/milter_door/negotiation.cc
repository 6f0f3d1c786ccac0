// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/negotiation.h"

#include "milter_door/offer.h"

namespace mailweir {
namespace {

using milter::Command;
using milter::MacroStage;
namespace action = milter::action;
namespace step = milter::step;

// Each list replaces the MTA's own, so it names all that is needed (facts of Postfix and Sendmail; at most 50 a stage).
const std::vector<milter::MacroList> macros = {
    {MacroStage::connect,
     "j _ v {daemon_name} {daemon_addr} {daemon_port} {client_addr} {client_name} {client_ptr} {client_port} "
     "{client_resolve} {client_connections}"},
    {MacroStage::helo,
     "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer} {cn_subject} {cn_issuer} {verify}"},
    {MacroStage::mail,
     "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer} {tls_version} {cipher} "
     "{cert_subject} {cert_issuer} "
     "{cn_subject} {cn_issuer} {verify}"},
    {MacroStage::rcpt, "i {rcpt_addr} {rcpt_host} {rcpt_mailer}"},
    {MacroStage::data, "i"},
    {MacroStage::end_of_header, "i"},
    {MacroStage::end_of_message, "i"}};

std::uint32_t wanted_actions(const Needs& needs) {
  std::uint32_t actions = 0;
  if (needs.edits_headers) actions |= action::add_headers | action::change_headers;
  if (needs.edits_recipients) actions |= action::add_recipients | action::delete_recipients;
  if (needs.reroutes) actions |= action::add_recipients_with_parameters;
  if (needs.quarantines) actions |= action::quarantine;
  return actions;
}

std::uint32_t wanted_steps(const Needs& needs) {
  std::uint32_t steps = step::no_unknown | step::header_leading_space;
  const auto unless = [&](bool needed, std::uint32_t flags) { steps |= needed ? 0 : flags; };
  unless(needs.answers[index(Stage::connect)], step::silent_connect);
  unless(needs.answers[index(Stage::helo)], step::silent_helo);
  // MAIL always answers: while the daemon drains it defers there.
  unless(needs.answers[index(Stage::rcpt)], step::silent_rcpt);
  unless(needs.answers[index(Stage::data)], step::silent_data);
  steps |= step::silent_header | step::silent_end_of_header | step::silent_body;
  if (needs.rejected_recipients) steps |= step::rejected_recipients;
  unless(needs.data, step::no_data);
  unless(needs.headers, step::no_headers | step::no_end_of_header);
  unless(needs.body, step::no_body);
  return steps;
}

}  // namespace

bool MilterAgreement::silent(Command command) const {
  const auto has = [this](std::uint32_t flag) { return (options.steps & flag) != 0; };
  switch (command) {
    case Command::connect: return has(step::silent_connect);
    case Command::helo: return has(step::silent_helo);
    case Command::mail: return has(step::silent_mail);
    case Command::rcpt: return has(step::silent_rcpt);
    case Command::data: return has(step::silent_data);
    case Command::header: return has(step::silent_header);
    case Command::end_of_header: return has(step::silent_end_of_header);
    case Command::body: return has(step::silent_body);
    case Command::unknown: return has(step::silent_unknown);
    case Command::end_of_message: return false;
    default: return true;  // macros, abort, quit are never answered
  }
}

Result<MilterAgreement> negotiate(const milter::Options& offered, const Needs& needs) {
  milter::Options wanted{.actions = wanted_actions(needs), .steps = wanted_steps(needs), .macros = macros};
  wanted.actions |= offered.actions & action::set_macros;
  auto agreed = milter::agree(offered, wanted);
  if (!agreed) return agreed.error();
  MilterAgreement agreement{std::move(*agreed), {}};
  agreement.traits.needs = needs;
  agreement.traits.leading_space = (agreement.options.steps & step::header_leading_space) != 0;
  return agreement;
}

MilterAnswer restarting() {
  return {MilterAnswer::Kind::tempfail, Reply{"451", "4.3.2", "restarting, try again later"}, false};
}

MilterAnswer trouble_while_reading() {
  return {MilterAnswer::Kind::tempfail, Reply{"451", "4.3.0", "failure while reading the message, try again later"},
          false};
}

}  // namespace mailweir
