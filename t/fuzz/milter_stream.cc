// SPDX-License-Identifier: BSD-2-Clause
// The milter door: any bytes as an MTA's. However they come, the same answers; those are packets that an MTA
// understands, with replies and headers that are safe; log lines are printable.
#include "doors.h"
#include "milter_door/conversation.h"
#include "milter_door/decode.h"

namespace mailweir {
namespace {

using fuzz::must;

void must_be_lines(std::string_view text) {  // of a reply: CR LF between them, at most 32 of them
  must(text.size() >= 4 && split(text, '\n').size() <= 32);
  for (auto line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    must(fuzz::is_printable(line) && is_utf8(line) && line.size() <= 980);
    must((line[0] == '4' || line[0] == '5') && line.substr(0, 3) == text.substr(0, 3));
  }
}

void must_be_header(std::string_view name, std::string_view value) {
  must(is_header_name(name));
  for (auto line : split(value, '\n')) must(fuzz::is_printable(line.starts_with('\t') ? line.substr(1) : line));
}

struct LookAt {
  void operator()(const milter::Options&) const {}
  void operator()(const milter::Plain&) const {}
  void operator()(const milter::ReplyText& it) const { must_be_lines(it.text); }
  void operator()(const milter::AddRecipient& it) const { must(it.recipient == "<copy@example.org>"); }
  void operator()(const milter::DeleteRecipient&) const { must(false); }  // nothing in the policy asks for these
  void operator()(const milter::AddRecipientWithParameters&) const { must(false); }
  void operator()(const milter::ChangeSender&) const { must(false); }
  void operator()(const milter::ReplaceBody&) const { must(false); }
  void operator()(const milter::AddHeader& it) const { must_be_header(it.name, it.value); }
  void operator()(const milter::InsertHeader& it) const { must_be_header(it.name, it.value); }
  void operator()(const milter::ChangeHeader& it) const { must(it.index > 0 && !it.name.empty() && is_utf8(it.value)); }
  void operator()(const milter::Quarantine& it) const {
    must(fuzz::is_printable(it.reason) && !it.reason.empty() && it.reason.size() < 1000);
  }
};

std::string answers(std::string_view bytes, std::size_t piece) {
  fuzz::Doors doors;
  static const auto digests = openssl_digests();
  MilterStats stats;
  std::atomic<bool> draining{false};
  const MilterLimits limits{.header_bytes = 20'000, .recipients = 50};
  const MilterDoor door{doors.services, *digests, doors.policy, limits, stats, draining};
  std::string said;
  {
    MilterConversation conversation(door);
    said = doors.hear(conversation, bytes, piece);
  }
  must(stats.open == 0 && stats.in_flight == 0 && stats.exceptions == 0);
  return said;
}

}  // namespace

const std::size_t fuzz::changes = 4'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  const auto whole = answers(text, 64 << 10);
  std::string_view left = whole;
  if (left.ends_with('|')) left.remove_suffix(1);
  milter::Reader reader;
  for (;;) {
    const auto packet = reader.next(left);
    fuzz::must(static_cast<bool>(packet));
    if (!*packet) break;
    const auto response = milter::decode_response(**packet);
    fuzz::must(static_cast<bool>(response));
    std::visit(LookAt{}, *response);
  }
  fuzz::must(reader.pending() == 0);
  if (size < 4000) fuzz::must(answers(text, 5) == whole);
  return 0;
}
