// SPDX-License-Identifier: BSD-2-Clause
// How [dns] deadline is shared out among the parts of a transaction, and which policies keep time for which.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "rule/early.h"

using namespace mailweir;
using Part = DnsBudget::Part;
using std::chrono::milliseconds;

TEST_CASE("dns budget: what is left for each part when those before it used all they had") {
  struct Row {
    int deadline;
    bool envelope, message;
    int session_want, envelope_want, message_want;
  };
  const Row rows[] = {
      {5000, false, false, 5000, 0, 0},
      {5000, true, false, 3334, 1666, 0},
      {5000, false, true, 3334, 0, 1666},
      {5000, true, true, 1668, 1666, 1666},
      {7000, true, true, 2334, 2333, 2333},
      {3000, true, true, 1000, 1000, 1000},
      {2000, false, true, 1000, 0, 1000},
      // Of less than 3 s each part that asks has 1 s still, or the deadline.
      {2000, true, true, 666, 1000, 1000},
      {500, false, true, 250, 0, 500},
      {50, true, true, 16, 50, 50},
  };
  for (const auto& row : rows) {
    CAPTURE(row.deadline);
    CAPTURE(row.envelope);
    CAPTURE(row.message);
    const DnsBudget budget(milliseconds(row.deadline), row.envelope, row.message);
    auto used = milliseconds(0);
    for (const auto& [part, want] :
         {std::pair(Part::session, row.session_want), std::pair(Part::envelope, row.envelope_want),
          std::pair(Part::message, row.message_want)}) {
      const auto left = budget.left(part, used, milliseconds(0));
      CHECK(left == milliseconds(want));
      CHECK(left <= milliseconds(row.deadline));
      CHECK(budget.left(part, used, left) == milliseconds(0));
      used += std::chrono::duration_cast<milliseconds>(left);
    }
  }
}

TEST_CASE("dns budget: time that was not used is there for what comes later") {
  const DnsBudget budget(milliseconds(6000), true, true);
  CHECK(budget.left(Part::envelope, milliseconds(100), milliseconds(0)) == milliseconds(3900));
  CHECK(budget.left(Part::envelope, milliseconds(100), milliseconds(900)) == milliseconds(3000));
  CHECK(budget.left(Part::message, milliseconds(100), milliseconds(0)) == milliseconds(5900));
  CHECK(budget.left(Part::message, milliseconds(9000), milliseconds(500)) == milliseconds(1500));
}

TEST_CASE("dns budget: time is kept for what a policy asks") {
  struct Row {
    std::string rules;
    bool envelope, message;
  };
  const auto rule = [](const std::string& at, const std::string& when) {
    return "[[rule]]\nname = \"r\"\nat = \"" + at + "\"\nwhen = { " + when + " }\nreject = \"550 no\"\n";
  };
  const std::string list = "[dnsbl.dbl]\nzone = \"dbl.example\"\nkind = \"domain\"\n";
  const Row rows[] = {
      {"", false, false},
      {rule("connect", "iprev = \"fail\""), false, false},
      {rule("rcpt", "helo_dns = \"nxdomain\""), false, false},
      {rule("mail", "sender_domain_dns = \"nxdomain\""), true, false},
      {rule("rcpt", "spf = \"fail\""), true, false},
      {rule("end-of-message", "spf = \"fail\""), true, false},
      {rule("rcpt", "recipient_provider = \"google\""), true, false},
      {"[[rule]]\nname = \"r\"\nat = \"rcpt\"\nlimit = { by = \"recipient_provider\", of = \"recipients\", max = "
       "\"1/1h\" }\ndefer = \"450 no\"\n",
       true, false},
      {rule("end-of-message", "from_dmarc = \"fail\""), false, true},
      {rule("end-of-message", "will_sign = false"), false, false},
      {rule("end-of-message", "dkim = \"fail\""), false, true},
      {rule("end-of-message", "dmarc_policy = \"reject\""), false, true},
      {rule("end-of-message", "from_domain = \"example.com\""), false, false},
      {list + rule("end-of-message", "from_dnsbl = \"dbl\""), false, true},
      {list + rule("end-of-message", "from_dnsbl_score = \"> 1\""), false, true},
      {"[authentication_results]\nauthserv_id = \"mx\"\nchecks = [\"dkim\"]\n", false, true},
      {"[authentication_results]\nauthserv_id = \"mx\"\nchecks = [\"iprev\"]\n", false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    const auto policy = test::load_policy(std::string(test::milter_only) + row.rules);
    CHECK(asks_dns_in(*policy, Door::milter, Part::envelope) == row.envelope);
    CHECK(asks_dns_in(*policy, Door::milter, Part::message) == row.message);
    CHECK_FALSE(asks_dns_in(*policy, Door::policy, Part::envelope));
    CHECK_FALSE(asks_dns_in(*policy, Door::policy, Part::message));
  }
}
