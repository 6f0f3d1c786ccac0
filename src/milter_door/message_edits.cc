// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/message_edits.h"

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/log.h"
#include "base/text.h"
#include "check/authentication_results.h"
#include "engine/removed_headers.h"

namespace mailweir {
namespace {

constexpr std::string_view route_field = "X-Mailweir-Route";

// What edits the header, in our copy of it.
class HeaderChange {
 public:
  explicit HeaderChange(HeaderList& headers) : headers_(headers) {}

  void operator()(const Route<>& effect) {
    if (!effect.named || effect.named->kind == RouteKind::filter) headers_.remove(route_field);
  }
  void operator()(const RemoveHeaders& effect) {
    for (const auto& name : removed_headers(headers_, effect)) removed_ += (removed_.empty() ? "" : ",") + name;
    if (effect.value)
      headers_.remove(effect.name, [&](std::string_view value) { return effect.value->matches(value); });
    else headers_.remove(effect.name);
  }
  void operator()(const ReplaceHeader<>& effect) {  // all of the name become one, where the first of them stood
    bool another = false;
    headers_.remove(effect.name, [&](std::string_view) { return std::exchange(another, true); });
    headers_.replace(effect.name, effect.text, HeaderList::Which::all);
  }
  void operator()(const AddHeader<>& effect) { headers_.add(HeaderList::Place::end, effect.name, effect.text); }
  void operator()(const Sign&) {}  // by MessageSigner, when all else is done

  const std::string& removed() const { return removed_; }

 private:
  HeaderList& headers_;
  std::string removed_;
};

// What is done at the MTA.
class AtTheMta {
 public:
  AtTheMta(MessageEditor& editor, const MilterMessage& message, bool leading_space)
      : editor_(editor), message_(message), leading_space_(leading_space) {}

  // Postfix's milter_header_checks sees the field and sets FILTER; it is deleted at once, so nothing else sees it.
  Result<void> send(const Route<>& effect) {
    if (effect.named && (effect.named->kind == RouteKind::rewrite || message_.rerouting.not_taken())) return {};
    std::string value = cleaned(effect.text, true, 300);
    std::erase(value, ' ');
    const std::string name(route_field);
    const bool good =
        editor_.add_header(name, (leading_space_ ? " " : "") + value) && editor_.change_header(name, 1, std::nullopt);
    return good ? Result<void>() : Error{"route: " + value};
  }
  Result<void> send(const Redirect<>& effect) {
    for (const auto& recipient : message_.recipients)
      if (!remove(recipient)) return Error{"redirect, away from " + recipient.path};
    return editor_.add_recipient(path_of(effect.text)) ? Result<void>() : Error{"redirect to " + effect.text};
  }
  Result<void> send(const Bcc<>& effect) {
    if (message_.effects.find<Redirect<>>() != nullptr) return {};
    return editor_.add_recipient(path_of(effect.text)) ? Result<void>() : Error{"bcc to " + effect.text};
  }
  // Sendmail shows the reason; Postfix 3.7 drops it, there it stands in our log only.
  Result<void> send(const Hold<>& effect) {
    const std::string reason = cleaned(effect.text, true, 100);
    return editor_.quarantine(reason) ? Result<void>() : Error{"hold: " + reason};
  }

  // Added first: an MTA that does not take the new one still has the old one.
  Result<void> rewrite_recipients() {
    for (const auto& one : message_.rerouting.rewrites) {
      if (!editor_.add_recipient_with('<' + one.address + '>', one.parameters))
        return Error{"route, recipient " + one.address};
      if (!remove(*one.recipient)) return Error{"route, away from " + one.recipient->path};
    }
    return {};
  }
  Result<void> discard_recipients() {
    for (const auto& recipient : message_.discarded)
      if (!remove(recipient)) return Error{"discard of recipient " + recipient.path};
    return {};
  }

  // Kind by kind.
  template <typename... Kinds>
  Result<void> send_all(EffectKinds<Kinds...>) {
    Result<void> sent;
    const auto send_kind = [&]<typename Kind>(std::type_identity<Kind>) {
      for (const Effect& effect : message_.effects)
        if (const auto* one = std::get_if<Kind>(&effect); one != nullptr && !(sent = send(*one))) return false;
      return true;
    };
    static_cast<void>((send_kind(std::type_identity<Kinds>()) && ...));
    return sent;
  }

 private:
  static std::string path_of(const std::string& address) { return '<' + cleaned(address, false, 500) + '>'; }
  // Both spellings: for some recipients Postfix knows only the one, for some only the other, and no answer says so.
  bool remove(const GivenRecipient& recipient) {
    return editor_.delete_recipient(recipient.path) &&
           (recipient.resolved.empty() || editor_.delete_recipient(recipient.resolved));
  }

  MessageEditor& editor_;
  const MilterMessage& message_;
  const bool leading_space_;
};

// What does not edit the header, in this order.
using NotInHeader = EffectKinds<Redirect<>, Bcc<>, Hold<>>;
static_assert(NotInHeader::are_all<Effect>([](const EffectRow& row) { return !row.edits_header; }));

}  // namespace

// What Redirect takes goes there, as with FILTER (access(5)).
void MessageEdits::reroute(bool sendmail, Log& log) {
  const auto* route = message_.effects.find<Route<>>();
  if (route == nullptr || !route->named || message_.effects.find<Redirect<>>() != nullptr) return;
  const std::string name = route->named->name;
  const Transaction& transaction = session_.transaction();
  message_.rerouting = Rerouting::of(*route->named, session_.policy(), {message_.recipients, transaction, sendmail});
  const Rerouting& done = message_.rerouting;
  if (!done.rewrites.empty()) message_.done.emplace_back("rerouted", std::to_string(done.rewrites.size()));
  if (!done.not_taken()) return;
  Event("route-not-taken")
      .with("queue_id", transaction.queue_id)
      .with("id", transaction.id)
      .with("route", name)
      .with("reason", done.why)
      .with("done", done.hold ? "held" : "usual-way")
      .to(log, Severity::warning);
  if (done.hold && message_.effects.find<Hold<>>() == nullptr)
    message_.effects.add(Hold<>{"route " + name + ": " + done.why});
}

void MessageEdits::change_header() {
  make_edits();
  tell_results();
}

Result<void> MessageEdits::send(MessageEditor& editor) {
  if (const auto sent = send_headers(editor); !sent) return sent;
  AtTheMta mta(editor, message_, leading_space_);
  if (const auto sent = mta.send_all(EffectKinds<Route<>>()); !sent) return sent;
  if (const auto sent = mta.discard_recipients(); !sent) return sent;
  if (const auto sent = mta.rewrite_recipients(); !sent) return sent;
  return mta.send_all(NotInHeader());
}

void MessageEdits::make_edits() {
  HeaderChange change(message_.headers);
  for (const Effect& effect : message_.effects)
    std::visit(
        [&change]<typename Kind>(const Kind& one) {
          if constexpr (Kind::row.edits_header) change(one);
        },
        effect);
  // It says who sent the message, and has done its work: it leaves with no message, whoever wrote it.
  if (const auto& user = session_.policy().local_user_header; !user.empty()) message_.headers.remove(user);
  if (!change.removed().empty()) message_.done.emplace_back("removed", change.removed());
}

// On top of all, above the MTA's own Received field: what stands below a trace field was there before it (RFC 8601 4.1,
// 5).
void MessageEdits::tell_results() {
  if (session_.removes_authentication_results()) {
    const std::string& ours = session_.policy().authentication_results.authserv_id;
    const auto forged = message_.headers.remove(
        authentication_results_field, [&](std::string_view value) { return claims_authserv_id(value, ours); });
    if (forged > 0) message_.done.emplace_back("forged_results", std::to_string(forged));
  }
  if (const auto value = session_.authentication_results())
    message_.headers.add(HeaderList::Place::top, authentication_results_field, *value);
}

Result<void> MessageEdits::send_headers(MessageEditor& editor) {
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
  for (const auto& op : message_.headers.ops())
    if (!take(op)) return Error{"header " + op.name + " (" + std::to_string(op.value.size()) + " bytes)"};
  return {};
}

}  // namespace mailweir
