// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/conversation.h"

#include "base/log.h"
#include "milter_door/decode.h"
#include "milter_door/encode.h"
#include "milter_door/packet_answers.h"

namespace mailweir {
namespace {

using milter::Command;

MilterAnswer no_message() {
  return {MilterAnswer::Kind::tempfail, Reply{"451", "4.5.1", "no message in progress, start again with MAIL"}, false};
}

const std::vector<std::string_view>& joined(std::vector<std::string_view>& into, std::string_view first,
                                            const std::vector<std::string_view>& more) {
  into.assign(1, first);
  into.insert(into.end(), more.begin(), more.end());
  return into;
}

}  // namespace

struct MilterConversation::Take {
  MilterConversation& it;
  Output& out;

  bool operator()(const milter::Options& event) const { return it.on_options(event, out); }
  bool operator()(const milter::Macros& event) const {
    if (it.at_ == At::start) return it.out_of_order("macros");
    const auto kept = it.macros_.keep(event);
    if (!kept) it.log_bad(kept.error().what);
    return static_cast<bool>(kept);
  }
  bool operator()(const milter::Connect& event) const { return it.on_connect(event, out); }
  bool operator()(const milter::Helo& event) const { return it.on_helo(event, out); }
  bool operator()(const milter::Mail& event) const { return it.on_mail(event, out); }
  bool operator()(const milter::Rcpt& event) const { return it.on_rcpt(event, out); }
  bool operator()(const milter::Data&) const { return it.on_data(out); }
  bool operator()(const milter::Header& event) const { return it.on_header(event, out); }
  bool operator()(const milter::EndOfHeader&) const { return it.on_end_of_header(out); }
  bool operator()(const milter::Body& event) const { return it.on_body(Command::body, event.chunk, out); }
  bool operator()(const milter::EndOfMessage& event) const { return it.on_end_of_message(event.chunk, out); }
  bool operator()(const milter::Abort&) const {
    it.end_message();
    return true;
  }
  bool operator()(const milter::Quit&) const { return false; }
  bool operator()(const milter::QuitForNewConnection&) const {
    if (it.at_ == At::start) return it.out_of_order("the end of a session");
    it.end_message();
    it.session_.reset();
    it.macros_.clear();
    it.at_ = At::agreed;
    return true;
  }
  bool operator()(const milter::UnknownCommand&) const {
    if (it.at_ == At::start) return it.out_of_order("an SMTP command");
    it.answer(Command::unknown, {}, out);
    return true;
  }
};

// --- bytes -----------------------------------------------------------------------------------------------------------

bool MilterConversation::received(std::string_view bytes, Output& out) {
  for (bool fresh = reader_.pending() == 0;; fresh = true) {
    const auto packet = reader_.next(bytes);
    if (packet && !*packet) return in_time(fresh);
    if (!packet) {
      log_bad(packet.error().what);
      return false;
    }
    const auto event = milter::decode_event(**packet);
    if (!event) {
      log_bad(event.error().what);
      return false;
    }
    if (!std::visit(Take{*this, out}, *event)) return false;
  }
}

// Of a packet that is not whole: `fresh` if it began with the bytes just read. A peer that sends a byte now and then is
// not silent, and would keep its place for ever.
bool MilterConversation::in_time(bool fresh) {
  const auto now = door_.services.clock.steady();
  if (fresh) begun_ = now;
  if (reader_.pending() > 0 && now - begun_ >= whole) {
    log_bad("the packet came in too slowly");
    return false;
  }
  if (memory_.resize(reader_.pending())) return true;
  log_bad("no memory for a packet of this size now");
  return false;
}

void MilterConversation::closed(std::string_view why) {
  if (reader_.pending() > 0) log_bad("the connection ended within a packet: " + std::string(why));
  session_.reset();
}

std::chrono::milliseconds MilterConversation::patience() const {
  if (reader_.pending() > 0 || at_ == At::start) return within;
  switch (at_) {
    case At::agreed: return before_client;
    case At::header:
    case At::body: return handing_over;
    default: break;
  }
  if (has_recipient_) return in_transfer;
  if (door_.limits.idle.count() > 0) return door_.limits.idle;
  return session_ && session_->is_sendmail() ? sendmail_idle : postfix_idle;
}

bool MilterConversation::silent(Output&) {
  if (reader_.pending() > 0) log_bad("the packet stopped in the middle");
  return false;
}

void MilterConversation::log_bad(std::string_view why) {
  Event("bad-milter-packet").with("reason", why).to(door_.services.log, Severity::warning);
}

bool MilterConversation::out_of_order(std::string_view what) {
  log_bad("out of order: " + std::string(what));
  return false;
}

// --- the session -----------------------------------------------------------------------------------------------------

bool MilterConversation::on_options(const milter::Options& offered, Output& out) {
  if (at_ != At::start) return out_of_order("a second negotiation");
  PolicyPtr policy = door_.policy.get();
  auto agreed = negotiate(offered, milter_needs(*policy));
  if (!agreed) {
    Event("milter-negotiation-failed").with("reason", agreed.error().what).to(door_.services.log, Severity::error);
    return false;
  }
  agreed_ = std::move(*agreed);
  negotiated_ = std::move(policy);
  at_ = At::agreed;
  return static_cast<bool>(append_response(out.buffer(), agreed_.options));
}

void MilterConversation::new_session() {
  end_message();
  session_.reset();
  PolicyPtr policy = door_.policy.get();
  if (policy != negotiated_ && !agreed_.traits.needs.covers(milter_needs(*policy))) policy = negotiated_;
  session_ = std::make_unique<MilterDoorSession>(door_, std::move(policy), agreed_.traits);
  at_ = At::session;
}

void MilterConversation::end_message() {
  if (session_)
    run([this] {
      session_->abort();
      return MilterAnswer();
    });
  if (in_message()) at_ = At::session;
  has_recipient_ = false;
  failed_ = false;
  refusal_ = no_message();
}

// What is thrown ends here, as a deferral.
template <typename Step>
MilterAnswer MilterConversation::run(Step step) {
  try {
    return step();
  } catch (const std::exception& failure) {
    ++door_.stats.exceptions;
    failed_ = true;
    Event("milter-exception")
        .with("reason", failure.what())
        .with("answer", "tempfail")
        .to(door_.services.log, Severity::error);
  }
  return {MilterAnswer::Kind::tempfail, {}, false};
}

void MilterConversation::answer(Command command, const MilterAnswer& answer, Output& out) {
  if (!agreed_.silent(command)) append_answer(out.buffer(), answer);
}

bool MilterConversation::on_connect(const milter::Connect& connect, Output& out) {
  if (at_ == At::start) return out_of_order("a client before the negotiation");
  macros_.reached(Command::connect);
  answer(Command::connect, run([&] {
           new_session();
           const bool inet = connect.family == milter::Family::inet || connect.family == milter::Family::inet6;
           const auto address = inet ? IpAddress::parse(connect.address) : std::nullopt;
           return session_->connect(connect.host, address, inet ? connect.port : std::uint16_t{0}, macros_);
         }),
         out);
  return true;
}

bool MilterConversation::on_helo(const milter::Helo& helo, Output& out) {
  if (!session_) return out_of_order("HELO without a client");
  macros_.reached(Command::helo);
  answer(Command::helo, run([&] {
           end_message();
           return session_->helo(helo.name, macros_);
         }),
         out);
  return true;
}

// --- the message -----------------------------------------------------------------------------------------------------

bool MilterConversation::on_mail(const milter::Mail& mail, Output& out) {
  if (!session_) return out_of_order("MAIL without a client");
  macros_.reached(Command::mail);
  const auto said = run([&] {
    end_message();
    if (door_.draining) return restarting();
    return session_->mail(joined(arguments_, mail.sender, mail.parameters), macros_);
  });
  if (said.goes_on()) {
    at_ = At::envelope;
  } else {
    end_message();
    refusal_ = said;
  }
  answer(Command::mail, said, out);
  return true;
}

bool MilterConversation::on_rcpt(const milter::Rcpt& rcpt, Output& out) {
  if (!session_ || at_ > At::envelope) return out_of_order("RCPT");
  macros_.reached(Command::rcpt);
  const auto said =
      in_message() ? run([&] { return session_->rcpt(joined(arguments_, rcpt.recipient, rcpt.parameters), macros_); })
                   : refusal_;
  has_recipient_ = has_recipient_ || (in_message() && said.goes_on());
  answer(Command::rcpt, said, out);
  return true;
}

bool MilterConversation::on_data(Output& out) {
  if (!session_ || at_ > At::envelope) return out_of_order("DATA");
  macros_.reached(Command::data);
  const bool had_one = in_message();
  const auto said = had_one ? run([&] { return session_->data(macros_); }) : refusal_;
  if (had_one && !failed_ && !said.goes_on()) {  // the session has ended it
    at_ = At::session;
    refusal_ = said;
  }
  answer(Command::data, said, out);
  return true;
}

bool MilterConversation::on_header(const milter::Header& header, Output& out) {
  if (!session_ || at_ > At::header) return out_of_order("a header field");
  macros_.reached(Command::header);
  if (in_message()) at_ = At::header;
  answer(Command::header, in_message() ? run([&] { return session_->header(header.name, header.value); }) : refusal_,
         out);
  return true;
}

bool MilterConversation::on_end_of_header(Output& out) {
  if (!session_ || at_ > At::header) return out_of_order("the end of the header");
  macros_.reached(Command::end_of_header);
  if (in_message()) at_ = At::body;
  answer(Command::end_of_header, in_message() ? run([&] { return session_->end_of_header(macros_); }) : refusal_, out);
  return true;
}

bool MilterConversation::on_body(Command command, std::string_view chunk, Output& out) {
  if (!session_) return out_of_order("a body");
  macros_.reached(command);
  if (in_message()) at_ = At::body;
  answer(command, in_message() ? run([&] { return session_->body(chunk); }) : refusal_, out);
  return true;
}

bool MilterConversation::on_end_of_message(std::string_view chunk, Output& out) {
  if (!session_) return out_of_order("the end of a message");
  MilterAnswer said = refusal_;
  if (in_message()) {
    said = run([&] {
      if (!chunk.empty()) session_->body(chunk);
      if (failed_) return trouble_while_reading();
      PacketEditor editor(out, agreed_.options.actions);
      return session_->end_of_message(editor, macros_);
    });
    end_message();  // for the session it has ended, but after trouble
  }
  answer(Command::end_of_message, said, out);
  return true;
}

}  // namespace mailweir
