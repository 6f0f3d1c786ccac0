// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/message_edits.h"

#include <utility>

#include "base/text.h"
#include "check/authentication_results.h"
#include "engine/removed_headers.h"

namespace mailweir {
namespace {

constexpr std::string_view route_field = "X-Mailweir-Route";

}  // namespace

void MessageEdits::change_header() {
  make_edits();
  tell_results();
}

Result<void> MessageEdits::send(MessageEditor& editor) {
  if (const auto sent = send_headers(editor); !sent) return sent;
  if (const auto sent = send_recipients(editor); !sent) return sent;
  if (!message_.effects.hold) return {};
  // Sendmail shows the reason; Postfix 3.7 drops it, there it stands in our log only.
  const std::string reason = cleaned(*message_.effects.hold, true, 100);
  return editor.quarantine(reason) ? Result<void>() : Error{"hold: " + reason};
}

void MessageEdits::make_edits() {
  std::string removed;
  if (message_.effects.route) message_.headers.remove(route_field);
  for (const auto& edit : message_.effects.edits) {
    switch (edit.kind) {
      case HeaderEdit::Kind::remove: {
        for (const auto& name : removed_headers(message_.headers, edit)) removed += (removed.empty() ? "" : ",") + name;
        const auto count =
            edit.value
                ? message_.headers.remove(edit.name, [&](std::string_view value) { return edit.value->matches(value); })
                : message_.headers.remove(edit.name);
        static_cast<void>(count);
        break;
      }
      case HeaderEdit::Kind::replace: {  // all of the name become one, where the first of them stood
        bool another = false;
        message_.headers.remove(edit.name, [&](std::string_view) { return std::exchange(another, true); });
        message_.headers.replace(edit.name, edit.text, HeaderList::Which::all);
        break;
      }
      case HeaderEdit::Kind::add: message_.headers.add(HeaderList::Place::end, edit.name, edit.text); break;
    }
  }
  if (!removed.empty()) message_.done.emplace_back("removed", removed);
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
  if (!message_.effects.route) return {};
  // Postfix's milter_header_checks sees the field and sets FILTER; deleted again at once, nobody else sees it.
  std::string value = cleaned(*message_.effects.route, true, 300);
  std::erase(value, ' ');
  const std::string name(route_field);
  const bool good =
      editor.add_header(name, (leading_space_ ? " " : "") + value) && editor.change_header(name, 1, std::nullopt);
  return good ? Result<void>() : Error{"route: " + value};
}

Result<void> MessageEdits::send_recipients(MessageEditor& editor) {
  const auto address = [](const std::string& text) { return '<' + cleaned(text, false, 500) + '>'; };
  // Both spellings: for some recipients Postfix knows only the one, for some only the other, and no answer says so.
  const auto remove = [&editor](const GivenRecipient& recipient) {
    return editor.delete_recipient(recipient.path) &&
           (recipient.resolved.empty() || editor.delete_recipient(recipient.resolved));
  };
  for (const auto& recipient : message_.discarded)
    if (!remove(recipient)) return Error{"discard of recipient " + recipient.path};
  if (message_.effects.redirect) {
    for (const auto& recipient : message_.recipients)
      if (!remove(recipient)) return Error{"redirect, away from " + recipient.path};
    return editor.add_recipient(address(*message_.effects.redirect))
               ? Result<void>()
               : Error{"redirect to " + *message_.effects.redirect};
  }
  for (const auto& recipient : message_.effects.bcc)
    if (!editor.add_recipient(address(recipient))) return Error{"bcc to " + recipient};
  return {};
}

}  // namespace mailweir
