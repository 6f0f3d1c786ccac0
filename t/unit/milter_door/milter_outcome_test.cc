// SPDX-License-Identifier: BSD-2-Clause
// What the log says of messages at the milter door: what became of them, to whom they went, and what becomes of local
// mail that is refused where no reply can be sent.
#include <doctest/doctest.h>

#include "../fixture/milter_mta.h"

namespace mailweir {
namespace {

constexpr std::string_view rules = R"(
[[rule]]
name = "helo"
at = "helo"
when = { helo_name = "later" }
defer = "450 4.7.1 not by this name"
[[rule]]
name = "mail-later"
at = "mail"
when = { sender = "later@example.com" }
defer = "450 4.7.1 later"
[[rule]]
name = "mail-no"
at = "mail"
when = { sender = "no@example.com" }
reject = "550 5.7.1 no"
[[rule]]
name = "rcpt-no"
at = "rcpt"
when = { recipient = "no@example.net" }
reject = "550 5.1.1 no"
[[rule]]
name = "rcpt-later"
at = "rcpt"
when = { recipient = "later@example.net" }
defer = "450 4.7.1 later"
[[rule]]
name = "rcpt-gone"
at = "rcpt"
when = { recipient = "gone@example.net" }
discard = true
[[rule]]
name = "unknown"
at = "rcpt"
limit = { by = "client_address", of = "unknown-recipients", max = "100/1h" }
defer = "450 4.7.1 too many"
[[rule]]
name = "end-later"
at = "end-of-message"
when = { header.subject = "later" }
defer = "451 4.7.1 later"
)";

std::string text() { return std::string(test::milter_only) + std::string(rules); }

std::string field(const std::string& line, std::string_view name) {
  const auto at = line.find(' ' + std::string(name) + '=');
  if (at == line.npos) return "-";
  const auto begin = at + name.size() + 2;
  return line.substr(begin, line.find(' ', begin) - begin);
}

// `outcome`: of each message's line, with its recipient and how many.
struct Row {
  const char *said, *outcome;
};

constexpr Row rows[] = {
    {"O C H M=a@example.com R=bob@example.net T N E", "accepted bob@example.net 1"},
    {"O C H M=a@example.com R=bob@example.net R=carl@example.net T N E", "accepted - 2"},
    {"O C H M=a@example.com R=bob@example.net R=no@example.net T N E", "accepted bob@example.net 1"},
    {"O C H M=a@example.com R=no@example.net R=bob@example.net A", "aborted bob@example.net 1"},
    {"O C H M=a@example.com R=bob@example.net R=no@example.net Q", "aborted bob@example.net 1"},
    {"O C H M=a@example.com A", "aborted - 0"},
    {"O C H M=no@example.com", "refused - 0"},
    // No recipient is left: by us, by us and not for good, by the MTA too, dropped in silence.
    {"O C H M=a@example.com R=no@example.net A", "refused - 0"},
    {"O C H M=a@example.com R=no@example.net R=later@example.net Q", "refused - 0"},
    {"O C H M=a@example.com R=no@example.net M=a@example.com R=bob@example.net A",
     "refused - 0, aborted bob@example.net 1"},
    {"O C H M=a@example.com R=no@example.net DR={rcpt_mailer}:error R=bob@example.net A", "aborted - 0"},
    {"O C H M=a@example.com R=no@example.net R=gone@example.net A", "aborted - 0"},
};

TEST_CASE("what a message's line says became of it, and its only recipient") {
  for (const auto& row : rows) {
    CAPTURE(row.said);
    test::Mta mta(text());
    mta.say(row.said);
    mta.conversation.reset();
    std::string outcome;
    for (const auto& line : mta.engine.log.of("message"))
      outcome += (outcome.empty() ? "" : ", ") + field(line, "outcome") + ' ' + field(line, "recipient") + ' ' +
                 field(line, "recipients");
    CHECK(outcome == row.outcome);
  }
}

// `verdicts`: of each refusal the rule and what is said to become of the message; `end`: the answer at its end.
struct LocalRow {
  const char *said, *verdicts, *end, *outcome;
};

constexpr LocalRow local_rows[] = {
    {"O C=local H M=later@example.com R=bob@example.net T N E", "mail-later held", "q450 4.7.1 later | c", "held"},
    {"O C=local H M=a@example.com R=later@example.net T N E", "rcpt-later held", "q450 4.7.1 later | c", "held"},
    {"O C=local H M=a@example.com R=no@example.net T N E", "rcpt-no bounced", "y550 5.1.1 no", "rejected"},
    {"O C=local H M=a@example.com R=bob@example.net T L=Subject:~later N E", "end-later held", "q451 4.7.1 later | c",
     "held"},
    // The first one counts.
    {"O C=local H M=no@example.com R=later@example.net T N E", "mail-no bounced, rcpt-later as-before", "y550 5.7.1 no",
     "rejected"},
    {"O C=local H M=later@example.com R=no@example.net T N E", "mail-later held, rcpt-no as-before",
     "q450 4.7.1 later | c", "held"},
    {"O C H M=a@example.com R=later@example.net R=bob@example.net T N E", "rcpt-later -", "c", "accepted"},
    // What was refused before MAIL counts for every message, until another HELO.
    {"O C=local H=later M=a@example.com R=bob@example.net T N E M=a@example.com R=bob@example.net T N E",
     "helo held, helo held", "q450 4.7.1 not by this name | c", "held held"},
    {"O C=local H=later H=host M=a@example.com R=bob@example.net T N E", "helo held", "c", "accepted"},
};

TEST_CASE("a refusal of local mail says what becomes of it at its end") {
  for (const auto& row : local_rows) {
    CAPTURE(row.said);
    test::Mta mta(text());
    const std::string said = mta.say(row.said);
    CHECK(said.ends_with(" | " + std::string(row.end)));
    std::string verdicts, outcome;
    for (const auto& line : mta.engine.log.of("verdict"))
      verdicts += (verdicts.empty() ? "" : ", ") + field(line, "rule") + ' ' + field(line, "at_end");
    CHECK(verdicts == row.verdicts);
    for (const auto& line : mta.engine.log.of("message"))
      outcome += (outcome.empty() ? "" : " ") + field(line, "outcome");
    CHECK(outcome == row.outcome);
  }
}

}  // namespace
}  // namespace mailweir
