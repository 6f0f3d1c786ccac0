// SPDX-License-Identifier: BSD-2-Clause
// Lines of mail logs: what is understood, and what a stranger's words in them cannot do.
#include <doctest/doctest.h>

#include <string>

#include "delivery/log_line.h"

namespace mailweir {
namespace {

std::string printed(const std::optional<DeliveryEvent>& event) {
  if (!event) return "-";
  using What = DeliveryEvent::What;
  switch (event->what) {
    case What::accepted: return event->queue_id + " from " + event->client_address + " first=" + event->first_queue_id;
    case What::message_id: return event->queue_id + " is " + event->message_id;
    case What::removed: return event->queue_id + " removed";
    case What::attempt: break;
  }
  constexpr std::string_view words[] = {"sent", "bounced", "deferred", "expired"};
  std::string text = event->queue_id + ' ' + std::string(words[static_cast<std::size_t>(event->status)]);
  for (const auto& recipient : event->recipients) text += " <" + recipient + '>';
  if (!event->first_recipient.empty()) text += " of <" + event->first_recipient + '>';
  return text + ' ' + event->code + ' ' + event->relay + (event->remote ? " remote: " : " here: ") + event->text;
}

struct Row {
  std::string in, want;
};

const std::string head = "Dec  1 07:30:58 mx postfix/smtp[123]: ";
const std::string tail =
    ", relay=mx.example.net[192.0.2.7]:25, delay=0.1, delays=0.01/0/0.05/0.04, dsn=5.1.1, status=bounced (host "
    "mx.example.net[192.0.2.7] said: 550 5.1.1 no (in reply to RCPT TO command))";
const std::string told =
    "mx.example.net[192.0.2.7]:25 remote: host mx.example.net[192.0.2.7] said: 550 5.1.1 no (in reply to RCPT TO "
    "command)";

TEST_CASE("lines of Postfix") {
  const Row rows[] = {
      {head + "4B013AA213B: to=<bob@example.net>" + tail, "4B013AA213B bounced <bob@example.net> 5.1.1 " + told},
      {"2026-12-01T07:30:58.123456+00:00 mx postfix/smtp[1]: 3Xyz9kLmNp: to=<bob@example.net>" + tail,
       "3Xyz9kLmNp bounced <bob@example.net> 5.1.1 " + told},
      {"Dec  1 07:30:58 mx pf/bad-gateway/smtp[1]: 4B013AA213B: to=<b@example.net>, orig_to=<alias@example.com>" + tail,
       "4B013AA213B bounced <b@example.net> of <alias@example.com> 5.1.1 " + told},
      {head +
           "4B013AA213B: to=<b@example.net>, relay=mx[192.0.2.7]:25, conn_use=3, delay=1, delays=0/0/1/0, dsn=2.0.0, "
           "status=sent (250 2.0.0 Ok: queued as 4XYZ1)",
       "4B013AA213B sent <b@example.net> 2.0.0 mx[192.0.2.7]:25 remote: 250 2.0.0 Ok: queued as 4XYZ1"},
      {head +
           "4B013AA213B: to=<b@example.net>, relay=none, delay=1, delays=0/0/1/0, dsn=5.4.4, status=bounced (Host or "
           "domain name not found. Name service error for name=example.net type=AAAA: Host not found)",
       "4B013AA213B bounced <b@example.net> 5.4.4 none remote: Host or domain name not found. Name service error for "
       "name=example.net type=AAAA: Host not found"},
      {head +
           "4B013AA213B: to=<b@example.net>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (connect "
           "to mx: timed out)",
       "4B013AA213B deferred <b@example.net> 4.4.1 none remote: connect to mx: timed out"},
      {"Dec  1 07:30:58 mx postfix/local[1]: 4B013AA213B: to=<b@here.example>, relay=local, delay=1, delays=0/0/1/0, "
       "dsn=5.1.1, status=bounced (unknown user: \"b\")",
       "4B013AA213B bounced <b@here.example> 5.1.1 local here: unknown user: \"b\""},
      {"Dec  1 07:30:58 mx postfix/smtpd[1]: 4B013AA213B: client=localhost[127.0.0.1]",
       "4B013AA213B from 127.0.0.1 first="},
      {"Dec  1 07:30:58 mx postfix/smtpd[1]: 4B013AA213B: client=localhost[127.0.0.1], orig_queue_id=4AAAA, "
       "orig_client=x[192.0.2.9]",
       "4B013AA213B from 127.0.0.1 first=4AAAA"},
      // A login of that name does not become a first queue id.
      {"Dec  1 07:30:58 mx postfix/smtpd[1]: 4B013AA213B: client=a[192.0.2.9], sasl_method=PLAIN, sasl_username=x, "
       "orig_queue_id=4AAAA, orig_client=x",
       "4B013AA213B from 192.0.2.9 first="},
      {"Dec  1 07:30:58 mx postfix/cleanup[1]: 4B013AA213B: message-id=<a b@c>", "4B013AA213B is <a b@c>"},
      {"Dec  1 07:30:58 mx postfix/qmgr[1]: 4B013AA213B: removed", "4B013AA213B removed"},
      {"Dec  1 07:30:58 mx postfix/qmgr[1]: 4B013AA213B: from=<removed>, size=1, nrcpt=1 (queue active)", "-"},
      {"Dec  1 07:30:58 mx postfix/qmgr[1]: 4B013AA213B: from=<a@b>, status=expired, returned to sender", "-"},
      // What stands within quotes, or within the answer, is no field.
      {head + "4B013AA213B: to=<\"x>, relay=evil, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (y\"@example.net>" +
           tail,
       "4B013AA213B bounced <\"x>, relay=evil, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (y\"@example.net> "
       "5.1.1 " +
           told},
      {head + "4B013AA213B: to=<b@example.net>, relay=mx[192.0.2.7]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, "
              "status=bounced (550 x, dsn=5.1.1, status=sent (250 ok))",
       "4B013AA213B bounced <b@example.net> 5.7.1 mx[192.0.2.7]:25 remote: 550 x, dsn=5.1.1, status=sent (250 ok)"},
      {head + "4B013AA213B: to=<b@example.net> (550 x) postfix/smtp[1]: 4AAAA: to=<victim@example.net>" + tail, "-"},
      {head + "4B013AA213B: host mx said: 450 4AAAA: to=<b@example.net>" + tail, "-"},
      {head + "4B013AA213B: to=<b@example.net>, relay=mx[192.0.2.7]:25, delay=1, dsn=5.1.1, status=bounced (x)", "-"},
      {head + "4B013AA213B: to=<b@example.net>, relay=m x, delay=1, delays=0, dsn=5.1.1, status=bounced (x)", "-"},
      {head + "4B013AA213B: to=<b@example.net>, relay=mx, delay=1, delays=0, dsn=5.1, status=bounced (x)", "-"},
      {head + "4B013AA213B: to=<b@example.net>, relay=mx, delay=1, delays=0, dsn=5.1.1.1, status=bounced (x)", "-"},
      {head + "4B013AA213B: to=<b@example.net>, relay=mx, delay=1, delays=0, dsn=5.1.1, status=broken (x)", "-"},
      {head + "4B013AA213B: to=<b@example.net>, relay=mx, delay=1, delays=0, dsn=5.1.1, status=bounced (x", "-"},
      {head + "4B-13AA213B: to=<b@example.net>" + tail, "-"},
      {head + "warning: 4B013AA213B: to=<b@example.net>" + tail, "-"},
      {"Dec  1 07:30:58 mx su[1]: 4B013AA213B: to=<b@example.net>" + tail, "-"},
      {"Dec  1 07:30:58 mx smtp[1]: 4B013AA213B: to=<b@example.net>" + tail, "-"},
      {"Dec  1 07:30:58 mx postfix/smtp[x]: 4B013AA213B: to=<b@example.net>" + tail, "-"},
      {"Dec  1 07:30:58 mx evil postfix/smtp[1]: 4B013AA213B: to=<b@example.net>" + tail, "-"},
      {"postfix/smtp[1]: 4B013AA213B: to=<b@example.net>" + tail, "-"},
      {"", "-"},
      {std::string(300, ' '), "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    CHECK(printed(read_log_line(row.in)) == row.want);
  }
  CHECK(printed(read_log_message("postfix/qmgr", "4B013AA213B: removed")) == "4B013AA213B removed");
}

TEST_CASE("lines of Sendmail") {
  const std::string sendmail = "Dec  1 07:30:58 mx sm-mta[123]: ";
  const Row rows[] = {
      {sendmail + "6B17UwXY000123: to=<bob@example.net>, ctladdr=<ann@example.com> (1000/1000), delay=00:00:01, "
                  "xdelay=00:00:01, mailer=esmtp, pri=120350, relay=mx.example.net. [192.0.2.7], dsn=5.1.1, stat=User "
                  "unknown",
       "6B17UwXY000123 bounced <bob@example.net> 5.1.1 mx.example.net. [192.0.2.7] remote: User unknown"},
      {sendmail + "6B17UwXY000123: to=<a@example.net>,<b@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=relay, "
                  "pri=1, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (ok, dsn=5.1.1, stat=no)",
       "6B17UwXY000123 sent <a@example.net> <b@example.net> 2.0.0 [127.0.0.1] [127.0.0.1] remote: Sent (ok, "
       "dsn=5.1.1, stat=no)"},
      {sendmail + "6B17UwXY000123: to=bob, delay=00:00:01, xdelay=00:00:01, mailer=local, pri=1, dsn=2.0.0, stat=Sent",
       "6B17UwXY000123 sent <bob> 2.0.0  here: Sent"},
      {sendmail +
           "6B17UwXY000123: to=<a@example.net>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx., "
           "dsn=4.0.0, stat=Deferred: Connection refused by mx.",
       "6B17UwXY000123 deferred <a@example.net> 4.0.0 mx. remote: Deferred: Connection refused by mx."},
      {sendmail + "6B17UwXY000123: to=<\"x, dsn=5.1.1, stat=y\"@example.net>, delay=00:00:01, xdelay=00:00:01, "
                  "mailer=esmtp, pri=1, relay=mx., dsn=2.0.0, stat=Sent",
       "6B17UwXY000123 sent <\"x, dsn=5.1.1, stat=y\"@example.net> 2.0.0 mx. remote: Sent"},
      {sendmail + "6B17UwXY000123: from=<a@example.com>, size=1, class=0, nrcpts=1, msgid=<x>, relay=y", "-"},
      {sendmail + "6B17UwXY000123: to=<a@example.net>, dsn=5.1.1, stat=User unknown", "-"},
      {sendmail +
           "6B17UwXY000123: to=<a@example.net>... to=<b@example.net>, delay=1, xdelay=1, mailer=esmtp, dsn=5.1.1, "
           "stat=x",
       "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    CHECK(printed(read_log_line(row.in)) == row.want);
  }
}

}  // namespace
}  // namespace mailweir
