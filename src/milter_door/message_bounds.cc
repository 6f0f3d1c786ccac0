// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/message_bounds.h"

#include <algorithm>

#include "mail/longest_address.h"
#include "milter_door/packet_reader.h"

namespace mailweir {
namespace {

// What is kept of a recipient: its text three times (as given, as compared, as written), a charge to be given back, and
// what vectors and the allocator take.
constexpr std::size_t recipient_cost(std::size_t size) { return 600 + 3 * size; }
// Of a header field: its text twice, for checks take copies.
constexpr std::size_t field_cost(std::string_view name, std::string_view value) {
  return 100 + 2 * (name.size() + value.size());
}

std::optional<Reply> too_long(std::string_view text, std::string_view code, std::string_view what) {
  const std::size_t brackets = text.starts_with('<') && text.ends_with('>') ? 2 : 0;
  if (text.size() <= longest_address + brackets) return {};
  return Reply{"501", std::string(code),
               std::string(what) + " is longer than " + std::to_string(longest_address) + " bytes"};
}

}  // namespace

std::size_t longest_packet(const MilterLimits& limits) {
  constexpr std::size_t too_large_by = 1 << 20;
  return std::max(milter::longest_data, limits.header_bytes + too_large_by);
}

std::optional<Reply> helo_over_bounds(std::string_view name) { return too_long(name, "5.5.4", "the HELO name"); }

std::optional<Reply> MessageBounds::mail(std::string_view sender) {
  if (auto reply = too_long(sender, "5.1.7", "the sender address")) return reply;
  if (limits_->memory != nullptr && limits_->memory->full()) return no_memory("mail");
  return {};
}

std::optional<Reply> MessageBounds::recipient(std::string_view text, std::size_t count, bool heard) {
  const auto cost = recipient_cost(text.size());
  std::optional<Reply> reply = too_long(text, "5.1.3", "the recipient address");
  if (!reply && (count >= limits_->recipients || recipient_bytes_ + cost > limits_->recipient_bytes))
    reply = Reply{"452", "4.5.3", "too many recipients"};
  if (!reply && !memory_.grow(cost)) reply = no_memory("rcpt");
  if (!reply) recipient_bytes_ += cost;
  else if (!heard) keep_for_end(*reply);
  return reply;
}

void MessageBounds::header(HeaderList& headers, std::string_view name, std::string_view value) {
  if (at_end_) return;
  if (!memory_.grow(field_cost(name, value))) keep_for_end(no_memory("header"));
  else if (!headers.receive(name, value)) keep_for_end({"552", "5.3.4", "the message's header is too large"});
  if (!at_end_) return;
  headers = HeaderList(headers.traits());  // of no more use
  static_cast<void>(memory_.resize(recipient_bytes_));
}

bool MessageBounds::to_be_judged(const HeaderList& headers, std::string_view sendmail) {
  if (!from_read_) {
    from_read_ = true;
    if (auto over = over_from_limits(headers, limits_->from, sendmail); !over.empty())
      keep_for_end({"554", "5.6.0", std::move(over)});
  }
  return !at_end_;
}

std::optional<Reply> MessageBounds::at_end(const HeaderList& headers, std::string_view sendmail) {
  static_cast<void>(to_be_judged(headers, sendmail));
  return at_end_;
}

// One line a second at most: while memory is short there would be one for each command.
Reply MessageBounds::no_memory(std::string_view of) {
  if (const auto left_out = limits_->memory->line_due(clock_->steady()))
    Event("memory-full")
        .with("door", "milter")
        .with("of", of)
        .with("used", static_cast<std::int64_t>(limits_->memory->used()))
        .with("most", static_cast<std::int64_t>(limits_->memory->most()))
        .with("left_out", static_cast<std::int64_t>(*left_out))
        .with("done", "deferred")
        .to(*log_, Severity::warning);
  return {"452", "4.3.1", "too much mail in progress, try again later"};
}

}  // namespace mailweir
