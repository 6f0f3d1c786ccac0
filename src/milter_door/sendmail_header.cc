// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/sendmail_header.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "base/text.h"
#include "milter_door/sendmail_addresses.h"

namespace mailweir {
namespace {

// Those of its HdrInfo table (conf.c) that it takes for lists of addresses.
bool holds_addresses(std::string_view name) {
  constexpr std::array<std::string_view, 13> fields{"From",
                                                    "Sender",
                                                    "Reply-To",
                                                    "To",
                                                    "Cc",
                                                    "Apparently-To",
                                                    "Errors-To",
                                                    "Resent-From",
                                                    "Resent-Sender",
                                                    "Resent-Reply-To",
                                                    "Resent-To",
                                                    "Resent-Cc",
                                                    "Disposition-Notification-To"};
  return std::any_of(fields.begin(), fields.end(), [&](std::string_view field) { return equal_folded(field, name); });
}

}  // namespace

std::string mail_date(WallTime when) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t whole = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(when));
  std::tm utc{};
  gmtime_r(&whole, &utc);
  char rest[32] = "";
  std::strftime(rest, sizeof rest, "%Y %H:%M:%S +0000", &utc);
  return std::string(days[static_cast<std::size_t>(utc.tm_wday)]) + ", " + std::to_string(utc.tm_mday) + ' ' +
         months[static_cast<std::size_t>(utc.tm_mon)] + ' ' + rest;
}

Result<void> settle_for_sendmail(HeaderList& headers, const SignPolicy& policy, WallTime now, std::string_view id,
                                 std::string_view host) {
  bool has_date = false, has_id = false;
  std::string beyond;
  const bool room = headers.rewrite([&](std::string_view name, std::string_view value) -> std::optional<std::string> {
    has_date = has_date || equal_folded(name, "Date");
    has_id = has_id || equal_folded(name, "Message-ID");
    if (!holds_addresses(name) || !policy.covers(name)) return {};
    auto written = as_sendmail_writes(value, host);
    if (written.kind == AsSendmailWrites::Kind::unknown && beyond.empty())
      beyond = std::string(name) + " has an address that Sendmail would rewrite: " + cleaned(written.text, false, 100);
    if (written.kind != AsSendmailWrites::Kind::otherwise) return {};
    return (headers.traits().leading_space ? " " : "") + written.text;
  });
  if (!beyond.empty()) return Error{beyond};
  if (!room) return Error{"the message's header is too large to be written as Sendmail does"};
  if (!has_date) headers.add(HeaderList::Place::end, "Date", mail_date(now));
  if (!has_id) headers.add(HeaderList::Place::end, "Message-ID", '<' + std::string(id) + '@' + std::string(host) + '>');
  return {};
}

}  // namespace mailweir
