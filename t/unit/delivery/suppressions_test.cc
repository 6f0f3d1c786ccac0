// SPDX-License-Identifier: BSD-2-Clause
// Which bounces prove that a mailbox is dead, and for whom it is suppressed.
#include <doctest/doctest.h>

#include <string>

#include "delivery/suppressions.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

constexpr auto month = std::chrono::hours(24 * 30);
const WallTime start(std::chrono::seconds(1'700'000'000));

TEST_CASE("suppressions: what proves that a mailbox is dead") {
  const std::string rcpt = " (in reply to RCPT TO command)";
  struct Row {
    std::string code, text, relay;
    bool want;
  };
  const Row rows[] = {
      {"5.1.1", "host mx[192.0.2.7] said: 550 no" + rcpt, "mx[192.0.2.7]:25", true},
      {"5.1.10", "host mx[192.0.2.7] said: 556 no" + rcpt, "mx[192.0.2.7]:25", true},
      {"5.0.0", "host mx[192.0.2.7] said: 550 no such user" + rcpt, "mx[192.0.2.7]:25", true},
      {"5.1.1", "User unknown", "mx. [192.0.2.7]", true},
      {"5.0.0", "host mx[192.0.2.7] said: 550 mailbox unavailable" + rcpt, "mx[192.0.2.7]:25", false},
      {"5.1.1", "host mx[192.0.2.7] said: 550 no" + rcpt + " (in reply to end of DATA command)", "mx[192.0.2.7]:25",
       false},
      {"5.7.1", "host mx[192.0.2.7] said: 550 no such user" + rcpt, "mx[192.0.2.7]:25", false},
      {"5.2.1", "host mx[192.0.2.7] said: 550 user unknown" + rcpt, "mx[192.0.2.7]:25", false},
      {"5.4.4", "Host or domain name not found", "none", false},
      {"5.1.1", "x" + rcpt, "none", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    CAPTURE(row.text);
    Outcome outcome{nullptr, "a@example.net", DeliveryEvent::Status::bounced, row.code, row.relay, row.text, true};
    CHECK(is_of_dead_mailbox(outcome) == row.want);
    outcome.remote = false;
    CHECK_FALSE(is_of_dead_mailbox(outcome));
  }
}

TEST_CASE("suppressions: two bounces on different days, and none delivered between") {
  Suppressions all;
  const auto bounced = [&](WallTime now, const std::string& scope = "ann") {
    return all.bounced(scope, "a@example.net", "550 no", now, month);
  };
  const auto found = [&](WallTime now, const std::string& scope = "ann") {
    return all.find(scope, "a@example.net", now, month).has_value();
  };
  CHECK_FALSE(bounced(start));
  CHECK_FALSE(bounced(start + 10min));
  CHECK_FALSE(found(start + 10min));
  CHECK_FALSE(all.delivered("ann", "a@example.net"));
  CHECK_FALSE(bounced(start + 24h));  // there was a delivery between
  CHECK(bounced(start + 48h));
  CHECK_FALSE(bounced(start + 49h));  // it is already
  CHECK(found(start + 49h));
  CHECK_FALSE(found(start + 49h, "bob"));
  CHECK(all.find("ann", "a@example.net", start + 49h, month)->first == start + 24h);
  CHECK_FALSE(found(start + 49h + month + 1min));
  CHECK(all.delivered("ann", "a@example.net"));
  CHECK_FALSE(found(start + 49h));
  CHECK(all.size() == 0);
  CHECK_FALSE(bounced(start, "bob"));
  CHECK_FALSE(bounced(start + month + 24h, "bob"));  // the first is too long ago
  all.put({"eve", "a@example.net", "by hand", start, start, true});
  CHECK(found(start, "eve"));
  CHECK(all.all().front().scope == "eve");  // oldest first
}

}  // namespace
}  // namespace mailweir
