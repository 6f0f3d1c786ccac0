// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/milter_session.h"

#include <algorithm>

#include "base/port_number.h"
#include "base/text.h"
#include "mail/domain.h"
#include "mail/path.h"
#include "milter_door/client_macros.h"
#include "milter_door/envelope.h"

namespace mailweir {

MilterSession::MilterSession(Services& services, const Digests& digests, const Snapshot<Policy>& policy,
                             PolicyPtr negotiated, MilterLimits limits, MilterTraits traits, MilterStats& stats)
    : services_(services), digests_(digests), policy_(policy), limits_(limits), traits_(traits), stats_(stats),
      session_(services, std::move(negotiated), Door::milter), bounds_(limits_, services.clock, services.log) {
  ++stats_.sessions;
  ++stats_.open;
}

MilterSession::~MilterSession() {
  try {
    session_.callback_begins();
    abort();
    services_.board.session_ended(session_.client());
  } catch (const std::exception&) {
    ++stats_.exceptions;  // its line is lost, and nothing else can be done about it here
  }
  --stats_.open;
}

MilterAnswer MilterSession::connect(std::string_view host, const std::optional<IpAddress>& address, std::uint16_t port,
                                    const Macros& macros) {
  session_.callback_begins();
  Client& client = session_.client();
  client.address = address;
  if (const auto given = IpAddress::parse(macros.text("{client_addr}"))) client.address = given;
  client.port = to_port(macros.text("{client_port}"));
  if (!client.port && port != 0) client.port = port;
  client.name = macros.text("{client_name}");
  if (client.name.empty()) client.name = host;
  if (client.name.starts_with('[')) client.name = "unknown";  // Sendmail: an address in brackets when there is no name
  client.reverse_name = macros.text("{client_ptr}");
  if (client.reverse_name.starts_with('[')) client.reverse_name = "unknown";
  client.resolved = resolved(macros.text("{client_resolve}"));
  client.service = macros.text("{daemon_name}");
  client.server_address = macros.text("{daemon_addr}");
  client.server_port = to_port(macros.text("{daemon_port}"));
  // Postfix gives its name there, "Postfix 3.7.11"; Sendmail its version, "8.17.1.9".
  if (const auto version = macros.text("v"); !version.empty() && version[0] >= '0' && version[0] <= '9')
    sendmail_host_ = macros.text("j");
  // sendmail(1) at Postfix, sendmail -bs at Sendmail: no connection, so no port, and the client is this host.
  if (host == "localhost" && !client.port && (!client.address || client.address->is_loopback()))
    client.origin = Origin::local;
  return judge(Stage::connect);
}

MilterAnswer MilterSession::helo(std::string_view name, const Macros& macros) {
  session_.callback_begins();
  Client& client = session_.client();
  read_tls(macros, !sendmail_host_.empty(), client);
  if (bounds_.helo(name)) return {};  // answered at MAIL
  if (name = without_last_dot(name); client.helo_name != name) {
    client.helo_name = name;
    session_.helo_changed();
  }
  judged_at_data_[index(Stage::helo)].reset();
  find_origin(false);
  return judge(Stage::helo);
}

// Sendmail's submission program (sendmail(1), submit.cf) hands mail to the daemon by SMTP: a client on this host that
// greets with the host's own name and does not log in.
void MilterSession::find_origin(bool logged_in) {
  Client& client = session_.client();
  if (sendmail_host_.empty() || !client.port || !client.address || !client.address->is_loopback()) return;
  client.origin = !logged_in && equal_folded(client.helo_name, sendmail_host_) ? Origin::local : Origin::smtp;
}

void MilterSession::begin(const Macros& macros) {
  abort();
  PolicyPtr current = policy_.get();
  // What was agreed with the MTA at the session's start may not be enough for a policy that came since.
  if (current != session_.shared_policy() && !traits_.needs.covers(milter_needs(*current)))
    current = session_.shared_policy();
  session_.begin_transaction(std::move(current));
  if (session_.policy().has_policy_door) services_.board.message_begins(session_.client());
  ++stats_.messages;
  ++stats_.in_flight;
  Transaction& transaction = session_.transaction();
  transaction.queue_id = macros.text("i");
  transaction.sasl_username = macros.text("{auth_authen}");
  transaction.sasl_method = macros.text("{auth_type}");
  transaction.sasl_sender = macros.text("{auth_author}");
  read_tls(macros, !sendmail_host_.empty(), session_.client());
  find_origin(!transaction.sasl_username.empty());
}

MilterAnswer MilterSession::mail(const std::vector<std::string_view>& args, const Macros& macros) {
  session_.callback_begins();
  begin(macros);
  Transaction& transaction = session_.transaction();
  const std::string_view given = args.empty() ? std::string_view("<>") : args[0];
  if (auto over = bounds_.mail(given)) {
    const MilterAnswer refused = refuse_over(*std::move(over));
    finish("refused", false);
    return refused;
  }
  const auto sender = envelope_sender(given, macros, !sendmail_host_.empty(), session_.policy().spelling);
  transaction.sender = sender ? *sender : Address::parse(given);
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (starts_folded(args[i], "SIZE=")) {
      if (const auto size = size_in_bytes(args[i].substr(5)); size && *size > 0) transaction.declared_size = *size;
    } else if (equal_folded(args[i], "SMTPUTF8")) {
      transaction.smtputf8 = true;
    }
  }
  headers_ =
      HeaderList({traits_.leading_space, transaction.smtputf8}, {limits_.header_bytes, limits_.header_bytes / 100});
  const MilterAnswer answer = sender ? judge(Stage::mail) : no_mailbox(Stage::mail);
  if (answer.kind == MilterAnswer::Kind::discard) {
    discard_ = true;  // as DISCARD at the end: then it shows in one place what became of the message
    return {};
  }
  if (answer.kind != MilterAnswer::Kind::go_on) finish("refused", false);
  return answer;
}

MilterAnswer MilterSession::rcpt(const std::vector<std::string_view>& args, const Macros& macros) {
  session_.callback_begins();
  Transaction& transaction = session_.transaction();
  if (const auto id = macros.text("i"); !id.empty()) transaction.queue_id = id;
  const std::string_view given = args.empty() ? std::string_view() : args[0];
  const bool local = session_.client().origin == Origin::local;  // refused here it would be tried again for ever
  if (auto over = bounds_.recipient(given, recipients_.size(), traits_.needs.answers[index(Stage::rcpt)] && !local)) {
    const bool by_the_mta = refused_by_the_mta(macros, !sendmail_host_.empty());
    (by_the_mta ? mta_refused_recipient_ : refused_recipient_) = true;
    return by_the_mta || local ? MilterAnswer() : answer(*std::move(over));
  }
  const MailboxSpelling& spelling = session_.policy().spelling;
  if (refused_by_the_mta(macros, !sendmail_host_.empty())) {  // what we answer does not count
    transaction.recipient = ::mailweir::refused_recipient(given, spelling);
    rejected_recipient(macros);
    return {};
  }
  const auto recipient = envelope_recipient(given, macros, !sendmail_host_.empty(), spelling);
  transaction.recipient = recipient ? *recipient : Address::parse(given);
  const MilterAnswer answer = recipient ? judge(Stage::rcpt) : no_mailbox(Stage::rcpt);
  if (answer.kind == MilterAnswer::Kind::discard) {
    discarded_.push_back(to_delete(given, macros));
    return {};
  }
  if (answer.kind != MilterAnswer::Kind::go_on) {
    refused_recipient_ = true;
    return answer;
  }
  session_.recipient_accepted();
  recipients_.push_back(to_delete(given, macros));
  transaction.recipients.push_back(transaction.recipient);
  ++transaction.recipient_count;
  return answer;
}

// The command's text is no mailbox, and the MTA has not said what it makes of it: no rule could be asked about that.
MilterAnswer MilterSession::no_mailbox(Stage stage) {
  Verdict verdict;
  verdict.stage = stage;
  verdict.action = Action::reject;
  verdict.reply = stage == Stage::mail ? Reply{"553", "5.1.7", "the sender is not a valid mail address"}
                                       : Reply{"553", "5.1.3", "the recipient is not a valid mail address"};
  verdict.reason = "no mailbox";
  session_.log_verdict(verdict, at_end(verdict));
  if (session_.client().origin != Origin::local && (stage == Stage::mail || traits_.needs.answers[index(stage)]))
    return answer(verdict);
  if (!postponed_) postponed_ = std::move(verdict);
  return {};
}

// A recipient as the MTA may have it: which of the two, depends on how it was written.
MilterSession::Given MilterSession::to_delete(std::string_view path, const Macros& macros) {
  Given given{std::string(path), {}};
  if (const auto address = macros.text("{rcpt_addr}"); !address.empty())
    given.resolved.append("<").append(address).append(">");
  if (given.resolved == path) given.resolved.clear();
  return given;
}

// {rcpt_host} has the enhanced code. Only X.1.1 says that there is no such mailbox (RFC 3463 3.2).
void MilterSession::rejected_recipient(const Macros& macros) {
  const std::string recipient = session_.transaction().recipient.key();
  // It was our own policy door; Postfix does not ask it again about the same recipient, but tells us again.
  if (std::find(refused_before_.begin(), refused_before_.end(), recipient) != refused_before_.end()) return;
  if (services_.board.take_refused_recipient(session_.client(), recipient)) {
    refused_recipient_ = true;
    if (refused_before_.size() < 100) refused_before_.push_back(recipient);
    return;
  }
  mta_refused_recipient_ = true;
  if (macros.text("{rcpt_host}").ends_with(".1.1")) session_.count_event(Quantity::unknown_recipients);
}

MilterAnswer MilterSession::data(const Macros& macros) {
  session_.callback_begins();
  Transaction& transaction = session_.transaction();
  if (const auto id = macros.text("i"); !id.empty()) transaction.queue_id = id;
  transaction.recipient = transaction.recipients.size() == 1 ? transaction.recipients.front() : Address();
  const MilterAnswer answer = judge_data();
  if (answer.kind != MilterAnswer::Kind::go_on) finish("refused", false);
  return answer;
}

MilterAnswer MilterSession::judge_data() {
  data_judged_ = true;
  MilterAnswer answer = judge_handed_over();
  if (answer.kind == MilterAnswer::Kind::go_on) answer = judge(Stage::data);
  if (answer.kind != MilterAnswer::Kind::discard) return answer;
  discard_ = true;
  return {};
}

// Stages that the policy door should have judged and did not: a permit stood before check_policy_service in main.cf.
MilterAnswer MilterSession::judge_handed_over() {
  const Policy& policy = session_.policy();
  Client& client = session_.client();
  if (!policy.has_policy_door || client.origin == Origin::local || !client.port) return {};
  Transaction& transaction = session_.transaction();
  for (const Stage stage : {Stage::connect, Stage::helo, Stage::mail, Stage::rcpt, Stage::data}) {
    if (policy.judges(Door::milter, stage)) continue;
    std::vector<Address> not_asked;  // at rcpt
    if (stage == Stage::rcpt) not_asked = recipients_not_asked();
    if (stage == Stage::rcpt ? not_asked.empty() : services_.board.was_asked(client, stage, transaction)) continue;
    const bool of_session = stage <= Stage::helo;
    if (of_session && judged_at_data_[index(stage)]) {
      MilterAnswer result = answer_again(*judged_at_data_[index(stage)]);
      if (result.kind != MilterAnswer::Kind::go_on) return result;
      continue;
    }
    ++services_.stats.not_handed_over;
    Event("stage-not-asked")
        .with("queue_id", transaction.queue_id)
        .with("id", transaction.id)
        .with("stage", to_string(stage))
        .with("reason",
              "Postfix did not ask the policy door; is a permit before check_policy_service? Judged at DATA instead")
        .to(services_.log, Severity::notice);
    const auto judge_here = [&](Stage one) {
      const Verdict verdict = session_.judge(one);
      session_.log_verdict(verdict);
      if (of_session) judged_at_data_[index(one)] = kept(verdict);
      effects_.join(Effects(verdict.effects));
      return answer(verdict);
    };
    if (stage != Stage::rcpt) {
      MilterAnswer result = judge_here(stage);
      if (result.kind != MilterAnswer::Kind::go_on) return result;
      continue;
    }
    for (const auto& recipient : not_asked) {
      transaction.recipient = recipient;
      MilterAnswer result = judge_here(stage);
      if (result.kind != MilterAnswer::Kind::go_on)
        return result;  // one recipient can't be refused any more: the message is
      session_.recipient_accepted();
    }
    transaction.recipient = transaction.recipients.size() == 1 ? transaction.recipients.front() : Address();
  }
  return {};
}

// Those of the message's recipients that the policy door was not asked about.
std::vector<Address> MilterSession::recipients_not_asked() {
  Transaction& transaction = session_.transaction();
  const Address before = transaction.recipient;
  std::vector<Address> all;
  for (const Address& recipient : transaction.recipients) {
    transaction.recipient = recipient;
    if (!services_.board.was_asked(session_.client(), Stage::rcpt, transaction)) all.push_back(recipient);
  }
  transaction.recipient = before;
  return all;
}

MilterAnswer MilterSession::judge(Stage stage) {
  const bool local = session_.client().origin == Origin::local;  // the policy door never sees such mail
  const bool of_session = stage <= Stage::helo;
  if (of_session) postponed_of_session_[index(stage)].reset();
  if (!local && !judges(stage)) return {};
  Verdict verdict = session_.judge(stage);
  session_.log_verdict(verdict, at_end(verdict));
  if (!verdict.refuses()) {
    effects_.join(std::move(verdict.effects));
    return answer(verdict);
  }
  if (!local || stage == Stage::end_of_message) return answer(verdict);
  // Postfix would try mail that is refused here again every minute, for ever: the verdict waits for the end.
  if (of_session) postponed_of_session_[index(stage)] = kept(verdict);
  else if (!postponed_) postponed_ = std::move(verdict);
  return {};
}

// What becomes at its end of local mail that is refused so.
std::string_view MilterSession::at_end(const Verdict& verdict) {
  if (session_.client().origin != Origin::local || !verdict.refuses()) return {};
  for (const auto& earlier : postponed_of_session_)
    if (earlier && earlier->told == session_.transaction().id) return "as-before";
  if (postponed_) return "as-before";
  return verdict.reply.klass() == '4' ? "held" : "bounced";
}

MilterSession::SessionVerdict MilterSession::kept(const Verdict& verdict) {
  SessionVerdict kept{verdict, session_.shared_policy(), session_.transaction().id};
  kept.verdict.alerts.clear();  // raised once
  return kept;
}

// Each message that is refused has the reason among its lines.
MilterAnswer MilterSession::answer_again(const SessionVerdict& kept) {
  if (kept.verdict.refuses() && kept.told != session_.transaction().id)
    session_.log_verdict(kept.verdict, at_end(kept.verdict));
  return answer(kept.verdict);
}

MilterAnswer MilterSession::answer(const Verdict& verdict) {
  MilterAnswer answer;
  if (verdict.action == Action::discard) {
    answer.kind = MilterAnswer::Kind::discard;
  } else if (verdict.refuses()) {
    answer.kind = verdict.reply.klass() == '4' ? MilterAnswer::Kind::tempfail : MilterAnswer::Kind::reject;
    answer.reply = verdict.reply;
    answer.utf8 = session_.transaction().smtputf8;
    // Only 421 and 521 close the connection.
    if (verdict.action == Action::drop) answer.reply->code = verdict.reply.klass() == '4' ? "421" : "521";
  }
  return answer;
}

MilterAnswer MilterSession::answer(Reply reply) {
  return {reply.klass() == '4' ? MilterAnswer::Kind::tempfail : MilterAnswer::Kind::reject, std::move(reply), false};
}

MilterAnswer MilterSession::header(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + 3;
  bounds_.header(headers_, name, value);
  return {};
}

MilterAnswer MilterSession::end_of_header(const Macros& macros) {
  session_.callback_begins();
  Transaction& transaction = session_.transaction();
  if (const auto id = macros.text("i"); !id.empty()) transaction.queue_id = id;
  bytes_ += 2;
  transaction.headers = &headers_;
  if (!bounds_.to_be_judged(headers_)) return {};  // nothing is looked up for it
  begin_hashes();
  if (traits_.needs.headers) session_.begin_message_checks(traits_.needs.body);
  return {};
}

MilterAnswer MilterSession::body(std::string_view chunk) {
  bytes_ += chunk.size();
  if (hashes_) {
    hashes_->write(chunk);
    lines_.write(chunk);
  }
  session_.facts().message_body(chunk);
  return {};
}

void MilterSession::finish(std::string_view outcome, bool taken) {
  if (!session_.in_transaction()) return;
  session_.log_transaction(outcome, done_);
  session_.end_transaction(taken);
  if (session_.policy().has_policy_door) services_.board.message_ended(session_.client());
  --stats_.in_flight;
  headers_ = HeaderList();
  hashes_.reset();
  lines_ = BodyLines();
  bytes_ = 0;
  bounds_.clear();
  effects_ = Effects();
  postponed_.reset();
  recipients_.clear();
  discarded_.clear();
  refused_before_.clear();
  done_.clear();
  discard_ = data_judged_ = refused_recipient_ = mta_refused_recipient_ = false;
}

// When no recipient is left the MTA ends the message, and it looks like any other abort.
void MilterSession::abort() {
  session_.callback_begins();
  const bool refused = refused_recipient_ && !mta_refused_recipient_ && recipients_.empty() && discarded_.empty();
  finish(refused ? "refused" : "aborted", false);
}

}  // namespace mailweir
