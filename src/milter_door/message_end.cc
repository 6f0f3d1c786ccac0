// SPDX-License-Identifier: BSD-2-Clause
// End-of-message: the last verdict, and the edits that it and earlier ones want.
#include <utility>

#include "base/text.h"
#include "check/authentication_results.h"
#include "engine/removed_headers.h"
#include "milter_door/milter_session.h"

namespace mailweir {
namespace {

constexpr std::string_view route_field = "X-Mailweir-Route";

// A wait that is worth telling the MTA about: what comes behind it then has the whole time-out.
constexpr std::chrono::seconds long_wait{1};

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

MilterAnswer MilterSession::end_of_message(MessageEditor& editor, const Macros& macros) {
  session_.callback_begins();
  Transaction& transaction = session_.transaction();
  if (const auto id = macros.text("i"); !id.empty()) transaction.queue_id = id;
  transaction.headers = &headers_;
  // Without the header and the body, which come only if the policy needs them, the true size is not known.
  if (traits_.needs.headers && traits_.needs.body) transaction.size = bytes_;
  transaction.recipient = transaction.recipients.size() == 1 ? transaction.recipients.front() : Address();
  if (hashes_) hashes_->finish();

  MilterAnswer answer = over_bounds();
  for (const auto& postponed : postponed_of_session_)
    if (answer.kind == MilterAnswer::Kind::go_on && postponed) answer = answer_again(*postponed);
  // Versions 2 and 3 of the protocol (an old milter_protocol in main.cf) do not tell of DATA.
  if (answer.kind == MilterAnswer::Kind::go_on && traits_.needs.data && !data_judged_) answer = judge_data();
  if (answer.kind == MilterAnswer::Kind::go_on && postponed_) answer = this->answer(*postponed_);
  const auto begun = services_.clock.steady();
  if (answer.kind == MilterAnswer::Kind::go_on) answer = judge_end();
  if (services_.clock.steady() - begun > long_wait) editor.progress();
  if (answer.kind == MilterAnswer::Kind::go_on && (discard_ || (recipients_.empty() && !discarded_.empty())))
    answer.kind = MilterAnswer::Kind::discard;
  const bool local = session_.client().origin == Origin::local;
  bool held = false;
  if (local && answer.kind == MilterAnswer::Kind::tempfail) {  // nobody would try again but Postfix's pickup, for ever
    effects_.hold = answer.reply ? answer.reply->line() : "deferred";
    answer = MilterAnswer();
  }
  if (answer.kind == MilterAnswer::Kind::go_on) {
    held = effects_.hold.has_value();
    if (const auto done = carry_out(editor); !done) {
      ++stats_.edits_failed;
      Event("edits-failed")
          .with("queue_id", transaction.queue_id)
          .with("id", transaction.id)
          .with("edit", done.error().what)
          .with("done", "deferred")
          .with("reply", trouble.reply->line())
          .to(services_.log, Severity::warning);
      answer = trouble;
    }
  }
  const bool taken = answer.kind == MilterAnswer::Kind::go_on || answer.kind == MilterAnswer::Kind::discard;
  if (const auto word = session_.facts().dkim_found(); !word.empty()) done_.emplace_back("dkim", word);
  if (const auto word = session_.facts().dmarc_found(); !word.empty()) done_.emplace_back("dmarc", word);
  finish(taken && held ? "held" : outcome_of(answer), taken);
  return answer;
}

// What no rule is asked about: it is more than will be judged, and judging a part of it would let the rest pass.
MilterAnswer MilterSession::over_bounds() {
  auto over = bounds_.at_end(headers_);
  return over ? refuse_over(*std::move(over)) : MilterAnswer();
}

// Of memory that is short there is a line already.
MilterAnswer MilterSession::refuse_over(Reply reply) {
  if (reply.klass() == '5')
    Event("message-over-bounds")
        .with("queue_id", session_.transaction().queue_id)
        .with("id", session_.transaction().id)
        .with("reply", reply.line())
        .to(services_.log, Severity::notice);
  return answer(std::move(reply));
}

MilterAnswer MilterSession::judge_end() {
  const Policy& policy = session_.policy();
  const Client& client = session_.client();
  const bool handed_over = !policy.judges(Door::milter, Stage::end_of_message) && client.origin != Origin::local;
  if (!handed_over) return judge(Stage::end_of_message);
  if (!client.port || services_.board.was_asked(client, Stage::end_of_message, session_.transaction())) return {};
  ++services_.stats.not_handed_over;
  Verdict verdict = session_.judge(Stage::end_of_message);
  session_.log_verdict(verdict);
  effects_.join(std::move(verdict.effects));
  return answer(verdict);
}

// Errors name the edit that the MTA does not take.
Result<void> MilterSession::carry_out(MessageEditor& editor) {
  edit_headers();
  tell_results();
  if (effects_.signs()) sign();
  if (const auto sent = send_headers(editor); !sent) return sent;
  if (const auto sent = send_recipients(editor); !sent) return sent;
  if (!effects_.hold) return {};
  // Sendmail shows the reason; Postfix 3.7 drops it, there it stands in our log only.
  const std::string reason = cleaned(*effects_.hold, true, 100);
  return editor.quarantine(reason) ? Result<void>() : Error{"hold: " + reason};
}

void MilterSession::edit_headers() {
  std::string removed;
  if (effects_.route) headers_.remove(route_field);
  for (const auto& edit : effects_.edits) {
    switch (edit.kind) {
      case HeaderEdit::Kind::remove: {
        for (const auto& name : removed_headers(headers_, edit)) removed += (removed.empty() ? "" : ",") + name;
        const auto count =
            edit.value ? headers_.remove(edit.name, [&](std::string_view value) { return edit.value->matches(value); })
                       : headers_.remove(edit.name);
        static_cast<void>(count);
        break;
      }
      case HeaderEdit::Kind::replace: {  // all of the name become one, where the first of them stood
        bool another = false;
        headers_.remove(edit.name, [&](std::string_view) { return std::exchange(another, true); });
        headers_.replace(edit.name, edit.text, HeaderList::Which::all);
        break;
      }
      case HeaderEdit::Kind::add: headers_.add(HeaderList::Place::end, edit.name, edit.text); break;
    }
  }
  if (!removed.empty()) done_.emplace_back("removed", removed);
}

// On top of all, above the MTA's own Received field: what stands below a trace field was there before it (RFC 8601 4.1,
// 5).
void MilterSession::tell_results() {
  if (session_.removes_authentication_results()) {
    const std::string& ours = session_.policy().authentication_results.authserv_id;
    const auto forged = headers_.remove(authentication_results_field,
                                        [&](std::string_view value) { return claims_authserv_id(value, ours); });
    if (forged > 0) done_.emplace_back("forged_results", std::to_string(forged));
  }
  if (const auto value = session_.authentication_results())
    headers_.add(HeaderList::Place::top, authentication_results_field, *value);
}

Result<void> MilterSession::send_headers(MessageEditor& editor) {
  const auto take = [&editor](const HeaderOp& op) {
    const int occurrence = static_cast<int>(op.occurrence);
    switch (op.kind) {
      case HeaderOp::Kind::change: return editor.change_header(op.name, occurrence, op.value);
      case HeaderOp::Kind::remove: return editor.change_header(op.name, occurrence, std::nullopt);
      case HeaderOp::Kind::insert: return editor.insert_header(0, op.name, op.value);
      case HeaderOp::Kind::append: return editor.add_header(op.name, op.value);
    }
    return false;
  };
  for (const auto& op : headers_.ops())
    if (!take(op)) return Error{"header " + op.name + " (" + std::to_string(op.value.size()) + " bytes)"};
  if (!effects_.route) return {};
  // Postfix's milter_header_checks sees the field and sets FILTER; deleted again at once, nobody else sees it.
  std::string value = cleaned(*effects_.route, true, 300);
  std::erase(value, ' ');
  const std::string name(route_field);
  const bool good = editor.add_header(name, (traits_.leading_space ? " " : "") + value) &&
                    editor.change_header(name, 1, std::nullopt);
  return good ? Result<void>() : Error{"route: " + value};
}

Result<void> MilterSession::send_recipients(MessageEditor& editor) {
  const auto address = [](const std::string& text) { return '<' + cleaned(text, false, 500) + '>'; };
  // Both spellings: for some recipients Postfix knows only the one, for some only the other, and no answer says so.
  const auto remove = [&editor](const Given& recipient) {
    return editor.delete_recipient(recipient.path) &&
           (recipient.resolved.empty() || editor.delete_recipient(recipient.resolved));
  };
  for (const auto& recipient : discarded_)
    if (!remove(recipient)) return Error{"discard of recipient " + recipient.path};
  if (effects_.redirect) {
    for (const auto& recipient : recipients_)
      if (!remove(recipient)) return Error{"redirect, away from " + recipient.path};
    return editor.add_recipient(address(*effects_.redirect)) ? Result<void>()
                                                             : Error{"redirect to " + *effects_.redirect};
  }
  for (const auto& recipient : effects_.bcc)
    if (!editor.add_recipient(address(recipient))) return Error{"bcc to " + recipient};
  return {};
}

}  // namespace mailweir
