// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/door_session.h"

#include <algorithm>

#include "base/log.h"
#include "mail/domain.h"
#include "milter_door/client_macros.h"
#include "milter_door/message_edits.h"

namespace mailweir {
namespace {

// A wait that is worth telling the MTA about: what comes behind it then has the whole time-out.
constexpr std::chrono::seconds long_wait{1};
// How often the MTA is told while a scanner thinks, so that its patience begins anew.
constexpr std::chrono::seconds progress_every{5};

const MilterAnswer trouble{MilterAnswer::Kind::tempfail,
                           Reply{"451", "4.3.0", "the message could not be edited, try again later"}, false};

std::string_view outcome_of(const MilterAnswer& answer) {
  switch (answer.kind) {
    case MilterAnswer::Kind::go_on: return "accepted";
    case MilterAnswer::Kind::reject: return "rejected";
    case MilterAnswer::Kind::tempfail: return "deferred";
    case MilterAnswer::Kind::discard: return "discarded";
  }
  return "accepted";
}

}  // namespace

MilterDoorSession::MilterDoorSession(const MilterDoor& door, PolicyPtr negotiated, MilterTraits traits)
    : door_(door), traits_(traits), session_(door.services, std::move(negotiated), Door::milter),
      handed_over_(door.services, session_), message_(door) {
  ++door_.stats.sessions;
  ++door_.stats.open;
}

MilterDoorSession::~MilterDoorSession() {
  try {
    session_.callback_begins();
    abort();
    door_.services.board.session_ended(session_.client());
  } catch (const std::exception&) {
    ++door_.stats.exceptions;  // its line is lost, and nothing else can be done about it here
  }
  --door_.stats.open;
}

// --- the session -----------------------------------------------------------------------------------------------------

MilterAnswer MilterDoorSession::connect(std::string_view host, const std::optional<IpAddress>& address,
                                        std::uint16_t port, const Macros& macros) {
  session_.callback_begins();
  read_client(host, address, port, macros, session_.client());
  sendmail_host_ = sendmail_host(macros);
  session_.client().bare_names_host = sendmail_host_;
  return judge(Stage::connect);
}

MilterAnswer MilterDoorSession::helo(std::string_view name, const Macros& macros) {
  session_.callback_begins();
  Client& client = session_.client();
  read_tls(macros, is_sendmail(), client);
  bad_helo_ = helo_over_bounds(name);
  if (bad_helo_) return {};  // answered at MAIL
  if (name = without_last_dot(name); client.helo_name != name) {
    client.helo_name = name;
    session_.helo_changed();
  }
  handed_over_.forget_helo();
  find_origin(sendmail_host_, false, client);
  return judge(Stage::helo);
}

// --- the envelope ----------------------------------------------------------------------------------------------------

void MilterDoorSession::begin(const Macros& macros) {
  abort();
  PolicyPtr current = door_.policy.get();
  // What was agreed with the MTA at the session's start may not be enough for a policy that came since.
  if (current != session_.shared_policy() && !traits_.needs.covers(milter_needs(*current)))
    current = session_.shared_policy();
  session_.begin_transaction(std::move(current));
  if (session_.policy().has_policy_door) door_.services.board.message_begins(session_.client());
  ++door_.stats.messages;
  ++door_.stats.in_flight;
  Transaction& transaction = session_.transaction();
  transaction.queue_id = macros.text("i");
  transaction.sasl_username = macros.text("{auth_authen}");
  transaction.sasl_method = macros.text("{auth_type}");
  transaction.sasl_sender = macros.text("{auth_author}");
  read_tls(macros, is_sendmail(), session_.client());
  find_origin(sendmail_host_, !transaction.sasl_username.empty(), session_.client());
}

void MilterDoorSession::take_queue_id(const Macros& macros) {
  if (const auto id = macros.text("i"); !id.empty()) session_.transaction().queue_id = id;
}

MilterAnswer MilterDoorSession::mail(const std::vector<std::string_view>& args, const Macros& macros) {
  session_.callback_begins();
  begin(macros);
  Transaction& transaction = session_.transaction();
  const std::string_view given = args.empty() ? std::string_view("<>") : args[0];
  if (auto over = bad_helo_ ? bad_helo_ : message_.bounds.mail(given)) {
    const MilterAnswer refused = refuse_over(*std::move(over));
    finish("refused", false);
    return refused;
  }
  const auto sender = envelope_sender(given, macros, is_sendmail(), session_.policy().spelling);
  transaction.sender = sender ? *sender : Address::parse(given);
  read_parameters(args, transaction);
  message_.headers = HeaderList({traits_.leading_space, transaction.smtputf8},
                                {door_.limits.header_bytes, door_.limits.header_bytes / 100});
  const MilterAnswer answer = sender ? judge(Stage::mail) : no_mailbox(Stage::mail);
  if (answer.kind == MilterAnswer::Kind::discard) {
    message_.discard = true;  // as DISCARD at the end: then it shows in one place what became of the message
    return {};
  }
  if (!answer.goes_on()) finish("refused", false);
  return answer;
}

MilterAnswer MilterDoorSession::rcpt(const std::vector<std::string_view>& args, const Macros& macros) {
  session_.callback_begins();
  Transaction& transaction = session_.transaction();
  take_queue_id(macros);
  const std::string_view given = args.empty() ? std::string_view() : args[0];
  // Local mail that is refused here would be tried again for ever.
  const bool heard = traits_.needs.answers[index(Stage::rcpt)] && !is_local();
  const bool by_the_mta = refused_by_the_mta(macros, is_sendmail());
  if (auto over = message_.bounds.recipient(given, message_.recipients.size(), heard)) {
    (by_the_mta ? message_.mta_refused_recipient : message_.refused_recipient) = true;
    return by_the_mta || is_local() ? MilterAnswer() : answer_of(*std::move(over));
  }
  const MailboxSpelling& spelling = session_.policy().spelling;
  if (by_the_mta) {  // what we answer does not count
    transaction.recipient = refused_recipient(given, spelling);
    rejected_recipient(macros);
    return {};
  }
  const auto recipient = envelope_recipient(given, macros, is_sendmail(), spelling);
  transaction.recipient = recipient ? *recipient : Address::parse(given);
  if (recipient && traits_.needs.reroutes && is_of_a_route(*recipient)) return refuse_pseudo();
  const MilterAnswer answer = recipient ? judge(Stage::rcpt) : no_mailbox(Stage::rcpt);
  if (answer.kind == MilterAnswer::Kind::discard) {
    message_.discarded.push_back(GivenRecipient::of(args, macros));
    return {};
  }
  if (!answer.goes_on()) {
    message_.refused_recipient = true;
    return answer;
  }
  session_.recipient_accepted();
  message_.recipients.push_back(GivenRecipient::of(args, macros));
  transaction.recipients.push_back(transaction.recipient);
  ++transaction.recipient_count;
  return answer;
}

// The command's text is no mailbox, and the MTA has not said what it makes of it: no rule could be asked about that.
MilterAnswer MilterDoorSession::no_mailbox(Stage stage) {
  return refuse_address(stage,
                        stage == Stage::mail ? Reply{"553", "5.1.7", "the sender is not a valid mail address"}
                                             : Reply{"553", "5.1.3", "the recipient is not a valid mail address"},
                        "no mailbox");
}

// What we add at the end of a message (Rerouting) is not for clients: a route is a rule's decision.
MilterAnswer MilterDoorSession::refuse_pseudo() {
  message_.refused_recipient = true;
  return refuse_address(Stage::rcpt, Reply{"550", "5.1.2", "this domain is not for mail from outside"},
                        "pseudo domain");
}

MilterAnswer MilterDoorSession::refuse_address(Stage stage, Reply reply, std::string reason) {
  Verdict verdict;
  verdict.stage = stage;
  verdict.action = Action::reject;
  verdict.reply = std::move(reply);
  verdict.reason = std::move(reason);
  session_.log_verdict(verdict, at_end(verdict));
  if (!is_local() && (stage == Stage::mail || traits_.needs.answers[index(stage)])) return answer(verdict);
  if (!message_.postponed) message_.postponed = std::move(verdict);
  return {};
}

void MilterDoorSession::rejected_recipient(const Macros& macros) {
  const std::string recipient = session_.transaction().recipient.key();
  // It was our own policy door; Postfix does not ask it again about the same recipient, but tells us again.
  auto& before = message_.refused_before;
  if (std::find(before.begin(), before.end(), recipient) != before.end()) return;
  if (door_.services.board.take_refused_recipient(session_.client(), recipient)) {
    message_.refused_recipient = true;
    if (before.size() < 100) before.push_back(recipient);
    return;
  }
  message_.mta_refused_recipient = true;
  if (is_unknown_at_the_mta(macros, is_sendmail())) session_.count_event(Quantity::unknown_recipients);
}

MilterAnswer MilterDoorSession::data(const Macros& macros) {
  session_.callback_begins();
  take_queue_id(macros);
  session_.transaction().recipient = session_.transaction().only_recipient();
  const MilterAnswer answer = judge_data();
  if (!answer.goes_on()) finish("refused", false);
  return answer;
}

// --- verdicts --------------------------------------------------------------------------------------------------------

MilterAnswer MilterDoorSession::judge(Stage stage) {
  const bool of_session = stage <= Stage::helo;
  if (of_session) postponed_refusals_[index(stage)].reset();
  // The policy door never sees local mail.
  if (!is_local() && !session_.policy().judges(Door::milter, stage)) return {};
  Verdict verdict = session_.judge(stage);
  session_.log_verdict(verdict, at_end(verdict));
  if (!verdict.refuses()) {
    message_.effects.join(std::move(verdict.effects));
    return answer(verdict);
  }
  if (!is_local() || stage == Stage::end_of_message) return answer(verdict);
  // Postfix would try mail that is refused here again every minute, for ever: the verdict waits for the end.
  if (of_session) postponed_refusals_[index(stage)].emplace(verdict, session_);
  else if (!message_.postponed) message_.postponed = std::move(verdict);
  return {};
}

MilterAnswer MilterDoorSession::judge_data() {
  message_.data_judged = true;
  MilterAnswer answer = handed_over_.judge_at_data(message_.effects);
  if (answer.goes_on()) answer = judge(Stage::data);
  if (answer.kind != MilterAnswer::Kind::discard) return answer;
  message_.discard = true;
  return {};
}

MilterAnswer MilterDoorSession::judge_end() {
  if (session_.policy().judges(Door::milter, Stage::end_of_message) || is_local()) return judge(Stage::end_of_message);
  return handed_over_.judge_at_end(message_.effects);
}

// What becomes at its end of local mail that is refused so.
std::string_view MilterDoorSession::at_end(const Verdict& verdict) {
  if (!is_local() || !verdict.refuses()) return {};
  for (const auto& earlier : postponed_refusals_)
    if (earlier && earlier->was_told(session_)) return "as-before";
  if (message_.postponed) return "as-before";
  return verdict.reply.klass() == '4' ? "held" : "bounced";
}

// Each message that is refused has the reason among its lines.
MilterAnswer MilterDoorSession::answer_again(const KeptVerdict& kept) {
  if (kept.verdict.refuses() && !kept.was_told(session_)) session_.log_verdict(kept.verdict, at_end(kept.verdict));
  return answer(kept.verdict);
}

// --- the message -----------------------------------------------------------------------------------------------------

MilterAnswer MilterDoorSession::header(std::string_view name, std::string_view value) {
  message_.bytes += name.size() + value.size() + 3;
  message_.bounds.header(message_.headers, name, value);
  return {};
}

MilterAnswer MilterDoorSession::end_of_header(const Macros& macros) {
  session_.callback_begins();
  take_queue_id(macros);
  message_.bytes += 2;
  session_.transaction().headers = &message_.headers;
  if (!message_.bounds.to_be_judged(message_.headers, sendmail_host_)) return {};  // nothing is looked up for it
  if (traits_.needs.body) message_.signer.begin(session_, message_.headers);
  if (traits_.needs.headers) session_.begin_message_checks(traits_.needs.body);
  return {};
}

MilterAnswer MilterDoorSession::body(std::string_view chunk) {
  message_.bytes += chunk.size();
  message_.signer.body(chunk);
  session_.facts().message_body(chunk);
  return {};
}

// In the order of the stages; the first that does not let the message go on is the answer.
MilterAnswer MilterDoorSession::judge_all_that_is_left() {
  // No rule is asked about what is over a bound: a part of it would be judged, and the rest would pass.
  MilterAnswer answer;
  if (auto over = message_.bounds.at_end(message_.headers, sendmail_host_)) answer = refuse_over(*std::move(over));
  for (const auto& postponed : postponed_refusals_)
    if (answer.goes_on() && postponed) answer = answer_again(*postponed);
  // Versions 2 and 3 of the protocol (an old milter_protocol in main.cf) do not tell of DATA.
  if (answer.goes_on() && traits_.needs.data && !message_.data_judged) answer = judge_data();
  if (answer.goes_on() && message_.postponed) answer = this->answer(*message_.postponed);
  return answer;
}

MilterAnswer MilterDoorSession::end_of_message(MessageEditor& editor, const Macros& macros) {
  session_.callback_begins();
  take_queue_id(macros);
  Transaction& transaction = session_.transaction();
  // Without the header and the body, which come only if the policy needs them, the true size is not known.
  if (traits_.needs.headers) transaction.headers = &message_.headers;
  if (traits_.needs.headers && traits_.needs.body) transaction.size = message_.bytes;
  transaction.recipient = transaction.only_recipient();
  message_.signer.body_ends();

  MilterAnswer answer = judge_all_that_is_left();
  if (answer.goes_on()) await_scans(editor);
  const auto begun = door_.services.clock.steady();
  if (answer.goes_on()) answer = judge_end();
  if (door_.services.clock.steady() - begun > long_wait) editor.progress();
  if (answer.goes_on() && (message_.discard || (message_.recipients.empty() && !message_.discarded.empty())))
    answer.kind = MilterAnswer::Kind::discard;
  answer = held_if_local(std::move(answer));
  MessageEdits edits(session_, message_, traits_.leading_space);
  if (answer.goes_on()) edits.reroute(is_sendmail(), door_.services.log);
  if (answer.goes_on()) answer = held_if_local(edit_and_sign(edits));
  const bool held = answer.goes_on() && message_.effects.find<Hold<>>() != nullptr;
  if (answer.goes_on()) {
    if (const auto done = edits.send(editor); !done) {
      ++door_.stats.edits_failed;
      Event("edits-failed")
          .with("queue_id", transaction.queue_id)
          .with("id", transaction.id)
          .with("edit", done.error().what)
          .with("done", "deferred")
          .with("reply", trouble.reply->line())
          .to(door_.services.log, Severity::warning);
      answer = trouble;
    }
  }
  const bool taken = answer.goes_on() || answer.kind == MilterAnswer::Kind::discard;
  if (const auto word = session_.facts().dkim_found(); !word.empty()) message_.done.emplace_back("dkim", word);
  if (const auto word = session_.facts().dmarc_found(); !word.empty()) message_.done.emplace_back("dmarc", word);
  if (answer.goes_on()) session_.message_accepted();
  for (auto& field : session_.facts().message_fields()) message_.done.push_back(std::move(field));
  finish(taken && held ? "held" : outcome_of(answer), taken);
  return answer;
}

// A scanner has a deadline of its own, longer than that of a callback: the other waits are counted from here on.
void MilterDoorSession::await_scans(MessageEditor& editor) {
  Facts& facts = session_.facts();
  if (!facts.message_ends() || session_.decides_before_scans()) return;
  while (!facts.await_message(Deadline::in(progress_every))) editor.progress();
  session_.callback_begins();
}

// Of memory that is short there is a line already.
MilterAnswer MilterDoorSession::refuse_over(Reply reply) {
  if (reply.klass() == '5')
    Event("message-over-bounds")
        .with("queue_id", session_.transaction().queue_id)
        .with("id", session_.transaction().id)
        .with("reply", reply.line())
        .to(door_.services.log, Severity::notice);
  return answer_of(std::move(reply));
}

// Only Postfix's pickup would try again, for ever.
MilterAnswer MilterDoorSession::held_if_local(MilterAnswer answer) {
  if (!is_local() || answer.kind != MilterAnswer::Kind::tempfail) return answer;
  message_.effects.add(Hold<>{answer.reply ? answer.reply->line() : "deferred"});
  return {};
}

// Signed last, over the message as it leaves.
MilterAnswer MilterDoorSession::edit_and_sign(MessageEdits& edits) {
  edits.change_header();
  auto done = message_.signer.sign(session_, message_.effects, message_.headers, sendmail_host_);
  for (auto& field : done.told) message_.done.push_back(std::move(field));
  return done.refusal ? answer_of(*std::move(done.refusal)) : MilterAnswer();
}

void MilterDoorSession::finish(std::string_view outcome, bool taken) {
  if (!session_.in_transaction()) return;
  session_.log_transaction(outcome, message_.done);
  session_.end_transaction(taken);
  if (session_.policy().has_policy_door) door_.services.board.message_ended(session_.client());
  --door_.stats.in_flight;
  message_ = MilterMessage(door_);
}

// When no recipient is left the MTA ends the message, and it looks like any other abort.
void MilterDoorSession::abort() {
  session_.callback_begins();
  const bool refused = message_.refused_recipient && !message_.mta_refused_recipient && message_.recipients.empty() &&
                       message_.discarded.empty();
  finish(refused ? "refused" : "aborted", false);
}

}  // namespace mailweir
