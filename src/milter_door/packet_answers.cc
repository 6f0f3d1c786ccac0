// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/packet_answers.h"

#include "milter_door/encode.h"

namespace mailweir {
namespace {

using milter::Answer;
namespace action = milter::action;

// "550-5.7.1 one CR LF 550 5.7.1 two". Sendmail uses the text as a format and Postfix follows it there: each % stands
// twice on the wire.
std::string reply_text(const Reply& reply, bool utf8) {
  const auto lines = reply.lines(utf8);
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += "\r\n";
    text += reply.code;
    text += i + 1 < lines.size() ? '-' : ' ';
    if (!reply.enhanced.empty()) text.append(reply.enhanced).append(1, ' ');
    for (const char byte : lines[i]) text.append(byte == '%' ? 2 : 1, byte);
  }
  return text;
}

Answer plain(MilterAnswer::Kind kind) {
  switch (kind) {
    case MilterAnswer::Kind::go_on: return Answer::go_on;
    case MilterAnswer::Kind::reject: return Answer::reject;
    case MilterAnswer::Kind::tempfail: return Answer::tempfail;
    case MilterAnswer::Kind::discard: return Answer::discard;
  }
  return Answer::tempfail;
}

}  // namespace

void append_answer(std::string& out, const MilterAnswer& answer) {
  const bool refuses = answer.kind == MilterAnswer::Kind::reject || answer.kind == MilterAnswer::Kind::tempfail;
  if (refuses && answer.reply) {
    // A reply of the other class would turn a deferral into a refusal.
    const char klass = answer.kind == MilterAnswer::Kind::reject ? '5' : '4';
    const auto text = reply_text(*answer.reply, answer.utf8);
    if (answer.reply->klass() == klass && append_response(out, milter::ReplyText{text})) return;
  }
  [[maybe_unused]] const auto always = append_response(out, milter::Plain{plain(answer.kind)});
}

bool PacketEditor::send(std::uint32_t action, bool makes_sense, const milter::Response& edit) {
  return makes_sense && (actions_ & action) != 0 && append_response(out_.buffer(), edit);
}

bool PacketEditor::add_header(const std::string& name, const std::string& value) {
  return send(action::add_headers, !name.empty(), milter::AddHeader{name, value});
}
bool PacketEditor::insert_header(int index, const std::string& name, const std::string& value) {
  return send(action::add_headers, !name.empty() && index >= 0,
              milter::InsertHeader{static_cast<std::uint32_t>(index), name, value});
}
bool PacketEditor::change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) {
  const std::string_view text = value ? std::string_view(*value) : std::string_view();
  return send(action::change_headers, !name.empty() && occurrence > 0,
              milter::ChangeHeader{static_cast<std::uint32_t>(occurrence), name, text});
}
bool PacketEditor::add_recipient(const std::string& address) {
  return send(action::add_recipients, !address.empty(), milter::AddRecipient{address});
}
bool PacketEditor::add_recipient_with(const std::string& address, const std::string& parameters) {
  return send(action::add_recipients_with_parameters, !address.empty(),
              milter::AddRecipientWithParameters{address, parameters});
}
bool PacketEditor::delete_recipient(const std::string& address) {
  return send(action::delete_recipients, !address.empty(), milter::DeleteRecipient{address});
}
bool PacketEditor::quarantine(const std::string& reason) {
  return send(action::quarantine, !reason.empty(), milter::Quarantine{reason});
}
void PacketEditor::progress() {
  [[maybe_unused]] const auto always = append_response(out_.buffer(), milter::Plain{Answer::progress});
  out_.flush();  // a peer that is gone shows at the next read
}

}  // namespace mailweir
