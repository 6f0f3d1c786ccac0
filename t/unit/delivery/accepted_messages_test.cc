// SPDX-License-Identifier: BSD-2-Clause
// What is remembered of messages: outcomes once each, second queue ids, bounds.
#include <doctest/doctest.h>

#include <string>

#include "delivery/accepted_messages.h"
#include "delivery/log_line.h"

namespace mailweir {
namespace {

AcceptedMessage message(const std::string& queue_id, const std::string& id = "id") {
  AcceptedMessage made;
  made.queue_id = queue_id;
  made.id = id;
  made.message_id = '<' + id + "@example.com>";
  made.recipients = {"a@example.net", "b@example.net"};
  return made;
}

std::string line(const std::string& program, const std::string& text) {
  return "Dec  1 07:30:58 mx postfix/" + program + "[1]: " + text;
}
std::string attempt(const std::string& queue_id, const std::string& recipient, const std::string& end,
                    const std::string& relay = "mx[192.0.2.7]:25") {
  return line("smtp", queue_id + ": to=<" + recipient + ">, relay=" + relay + ", delay=1, delays=0/0/1/0, " + end);
}
const std::string bounced = "dsn=5.1.1, status=bounced (no)", sent = "dsn=2.0.0, status=sent (250 ok)";

// "id:a@example.net:bounced" of each outcome.
std::string note(AcceptedMessages& messages, const std::string& text) {
  const auto event = read_log_line(text);
  REQUIRE_MESSAGE(event, text);
  std::string all;
  for (const Outcome& outcome : messages.note(*event))
    all += (all.empty() ? "" : " ") + outcome.message->id + ':' + outcome.recipient +
           (outcome.status == DeliveryEvent::Status::sent ? ":sent" : ":bounced");
  return all;
}

TEST_CASE("remembered messages: each recipient's outcome once, and only of those that were accepted") {
  AcceptedMessages messages({});
  messages.add(message("4AAAA"));
  CHECK(note(messages, attempt("4AAAA", "a@example.net", "dsn=4.1.1, status=deferred (later)")).empty());
  CHECK(note(messages, attempt("4AAAA", "A@Example.NET", bounced)) == "id:a@example.net:bounced");
  CHECK(note(messages, attempt("4AAAA", "a@example.net", bounced)).empty());
  CHECK(note(messages, attempt("4BBBB", "b@example.net", bounced)).empty());
  CHECK(note(messages, attempt("4AAAA", "member@example.net>, orig_to=<b@example.net", bounced)).empty());
  CHECK(note(messages, attempt("4AAAA", "b@example.net>, orig_to=<list@example.com", bounced)).empty());
  CHECK(note(messages, attempt("4AAAA", "b@example.net", "dsn=5.0.0, status=expired (too old)")).empty());
  CHECK(note(messages, attempt("4AAAA", "b@example.net", sent)) == "id:b@example.net:sent");
  CHECK(messages.stats().messages == 1);
  CHECK(note(messages, line("qmgr", "4AAAA: removed")).empty());
  CHECK(messages.stats().messages == 0);
  CHECK(messages.stats().bytes == 0);
}

TEST_CASE("remembered messages: a queue id that is used again belongs to the new message") {
  AcceptedMessages messages({});
  messages.add(message("4AAAA", "old"));
  messages.add(message("4AAAA", "new"));
  CHECK(note(messages, attempt("4AAAA", "a@example.net", bounced)) == "new:a@example.net:bounced");
  CHECK(messages.stats().messages == 1);
}

TEST_CASE("remembered messages: what a content filter sends back") {
  const std::string filter = "localhost[127.0.0.1]:10024";
  struct Row {
    std::string name;
    std::vector<std::string> lines;
    std::string want;
  };
  const Row rows[] = {
      {"it says the first queue id",
       {line("smtpd", "4BBBB: client=localhost[127.0.0.1], orig_queue_id=4AAAA, orig_client=x[192.0.2.1]"),
        attempt("4AAAA", "a@example.net", sent, filter)},
       "id:a@example.net:bounced"},
      {"its answer says the second",
       {attempt("4AAAA", "a@example.net", "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4BBBB)", filter)},
       "id:a@example.net:bounced"},
      {"the Message-ID is the same",
       {line("smtpd", "4BBBB: client=localhost[127.0.0.1]"), line("cleanup", "4BBBB: message-id=<id@example.com>")},
       "id:a@example.net:bounced"},
      {"long after it took the message",
       {attempt("4AAAA", "a@example.net", sent, filter), line("qmgr", "4AAAA: removed"),
        line("smtpd", "4BBBB: client=localhost[127.0.0.1]"), line("cleanup", "4BBBB: message-id=<id@example.com>")},
       "id:a@example.net:bounced"},
      {"another Message-ID",
       {line("smtpd", "4BBBB: client=localhost[127.0.0.1]"), line("cleanup", "4BBBB: message-id=<other@example.com>")},
       ""},
      {"a stranger sends the same Message-ID",
       {line("smtpd", "4BBBB: client=x[192.0.2.9]"), line("cleanup", "4BBBB: message-id=<id@example.com>")},
       ""},
      {"a stranger's server says the second id",
       {attempt("4AAAA", "b@example.net", "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4BBBB)")},
       ""},
      {"two messages have the Message-ID",
       {line("cleanup", "4CCCC: message-id=<id@example.com>"), line("smtpd", "4BBBB: client=localhost[127.0.0.1]"),
        line("cleanup", "4BBBB: message-id=<id@example.com>")},
       ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    AcceptedMessages messages({});
    messages.add(message("4AAAA"));
    auto other = message("4CCCC", "other");
    other.message_id.clear();
    messages.add(other);
    for (const auto& text : row.lines) note(messages, text);
    CHECK(note(messages, attempt("4BBBB", "a@example.net", bounced)) == row.want);
  }
}

TEST_CASE("remembered messages: the milter was asked about it a second time") {
  for (const bool first : {true, false}) {
    AcceptedMessages messages({});
    messages.add(message("4AAAA"));
    const auto log = [&] {
      note(messages,
           line("smtpd", "4BBBB: client=localhost[127.0.0.1], orig_queue_id=4AAAA, orig_client=x[192.0.2.1]"));
    };
    if (first) log();
    messages.add(message("4BBBB", "again"));
    if (!first) log();
    CHECK(note(messages, attempt("4BBBB", "a@example.net", bounced)) == "id:a@example.net:bounced");
    note(messages, line("qmgr", "4AAAA: removed"));
    note(messages, line("qmgr", "4BBBB: removed"));
    CHECK(messages.stats().messages == 0);
  }
}

TEST_CASE("remembered messages are bounded in memory and in time") {
  AcceptedMessages messages({std::chrono::hours(1), 20'000});
  for (int i = 0; i < 100; ++i) messages.add(message("4AAAA" + std::to_string(i)));
  CHECK(messages.stats().bytes <= 20'000);
  CHECK(messages.stats().messages + messages.stats().forgotten == 100);
  CHECK(messages.stats().messages >= 10);
  CHECK(note(messages, attempt("4AAAA99", "a@example.net", bounced)) == "id:a@example.net:bounced");
  auto late = message("4LATE", "late");
  late.time += std::chrono::hours(2);
  messages.add(late);
  CHECK(messages.stats().messages == 1);
}

}  // namespace
}  // namespace mailweir
