// SPDX-License-Identifier: BSD-2-Clause
// A mail server that says nothing, or next to nothing: how long it keeps its connection at the milter door.
#include <doctest/doctest.h>

#include "../fixture/milter_mta.h"

namespace mailweir {
namespace {

using test::Buffer;
using test::mta_bytes;

const std::string rules = std::string(test::milter_only) + R"([[rule]]
name = "no-rcpt"
at = "rcpt"
when = { recipient = "no@example.net" }
reject = "550 5.1.1 no"
[[rule]]
name = "told"
at = "end-of-message"
when = { header.subject = "told" }
reject = "550 5.7.1 no"
)";

TEST_CASE("milter conversation: how long a mail server may say nothing") {
  struct Row {
    std::string_view said;
    std::chrono::milliseconds want;
  };
  const Row rows[] = {
      {"", MilterConversation::within},
      {"O", MilterConversation::before_client},
      {"O C H", MilterConversation::postfix_idle},
      {"O DC=v:Postfix~3.7.11 C H", MilterConversation::postfix_idle},
      {"O C H M=a@example.com", MilterConversation::postfix_idle},
      {"O C H M=a@example.com R=no@example.net", MilterConversation::postfix_idle},  // refused: no text will come
      {"O C H M=a@example.com R=b@example.net", MilterConversation::in_transfer},
      {"O C H M=a@example.com R=b@example.net T", MilterConversation::in_transfer},
      {"O C H M=a@example.com R=b@example.net T L=Subject:x", MilterConversation::handing_over},
      {"O C H M=a@example.com R=b@example.net T L=Subject:x N B=text", MilterConversation::handing_over},
      {"O C H M=a@example.com R=b@example.net T L=Subject:x N B=text E", MilterConversation::postfix_idle},
      {"O C H M=a@example.com R=b@example.net A", MilterConversation::postfix_idle},
  };
  for (const auto& row : rows) {
    CAPTURE(row.said);
    test::Mta mta(rules);
    mta.say(row.said);
    CHECK(mta.conversation->patience() == row.want);
  }
  test::Mta sendmail(rules);
  sendmail.say("O");
  std::string macros;
  REQUIRE(append_event(macros, milter::Macros{milter::Command::connect, {{"v", "8.17.1.9"}, {"j", "mx.example"}}}));
  sendmail.bytes(macros);
  sendmail.say("C H");
  CHECK(sendmail.conversation->patience() == MilterConversation::sendmail_idle);
}

TEST_CASE("milter conversation: a byte now and then does not keep a connection") {
  test::Mta mta(rules);
  mta.say("O C H");
  const auto bytes = mta_bytes("M=" + std::string(200, 'a') + "@example.com");
  Buffer out;
  std::size_t sent = 0;
  for (; sent < bytes.size(); ++sent) {
    if (!mta.conversation->received(std::string_view(bytes).substr(sent, 1), out)) break;
    mta.engine.clock.advance(std::chrono::seconds(3));
  }
  CHECK(sent == 10);  // 30 s
  REQUIRE(mta.bad().size() == 1);
  CHECK(mta.bad()[0].find("too slowly") != std::string::npos);
  // Many packets may take as long as they like.
  test::Mta other(rules);
  other.say("O C");
  for (int i = 0; i < 100; ++i) {
    CHECK(other.say("H") != " | end");
    other.engine.clock.advance(std::chrono::seconds(20));
  }
  CHECK(other.bad().empty());
}

}  // namespace
}  // namespace mailweir
