// SPDX-License-Identifier: BSD-2-Clause
// The milter protocol as our own transport speaks it, byte for byte: what is answered to what, and what becomes of
// dialogues that are cut, out of order, or no protocol at all.
#include <doctest/doctest.h>

#include <random>
#include <stdexcept>

#include "../fixture/milter_mta.h"

namespace mailweir {
namespace {

using test::Buffer;
using test::filter_words;
using test::mta_bytes;
using Kind = milter::Command;

constexpr std::string_view rules = R"(
[[rule]]
name = "far"
at = "connect"
when = { client_address = "192.0.2.66" }
drop = "554 5.7.1 go"
[[rule]]
name = "many"
at = "mail"
when = { sender = "mallory@example.com" }
reject = "550 5.7.1 100% no\nnot {sasl_username}"
[[rule]]
name = "later"
at = "mail"
when = { sender = "later@example.com" }
defer = "450 4.7.1 later"
[[rule]]
name = "gone"
at = "rcpt"
when = { recipient = "gone@example.net" }
discard = true
[[rule]]
name = "no-rcpt"
at = "rcpt"
when = { recipient = "no@example.net" }
reject = "550 5.1.1 no"
[[rule]]
name = "no-data"
at = "data"
when = { sender = "nodata@example.com" }
reject = "554 5.6.0 no"
[[rule]]
name = "count"
at = "data"
limit = { by = "sender", of = "messages", max = "1000/1h" }
defer = "450 4.7.1 over"
[[rule]]
name = "edit"
at = "end-of-message"
when = { sender = "edit@example.com" }
remove_headers = ["X-Secret"]
add_headers = { X-Mark = "50%" }
hold = "look"
redirect = "carl@example.net"
[[rule]]
name = "who-is-it"
at = "end-of-message"
when = { sender = "stranger@example.com" }
hold = "{sasl_username}"
[[rule]]
name = "told"
at = "end-of-message"
when = { header.subject = "told" }
reject = "550 5.7.1 {queue_id} {size}"
)";

class Mta : public test::Mta {
 public:
  explicit Mta(const std::string& text = std::string(test::milter_only) + std::string(rules)) : test::Mta(text) {}
};

// The facts of one row; `bad`: what the log says of it.
struct Row {
  const char *said, *want, *bad = "";
};

// Connect, HELO, headers and body are not answered: the policy has nothing to say there but at connect.
constexpr Row dialogues[] = {
    {"O C H M=a@example.com R=bob@example.net T L=Subject:~hi N B=text E Q", "O | c | c | c | c | c | end"},
    {"O2 C H M=a@example.com R=bob@example.net L=Subject:hi N B=text E=more Q",
     "O | c | c | c | c | c | c | c | c | end"},
    {"O C=192.0.2.66", "O | y521 5.7.1 go"},
    {"O C H DM={auth_authen}:mal M=mallory@example.com A M=a@example.com",
     "O | c | y550-5.7.1 100%% no\r\n550 5.7.1 not mal | c"},
    {"O C H M=later@example.com M=a@example.com R=bob@example.net", "O | c | y450 4.7.1 later | c | c"},
    {"O C H M=a@example.com R=no@example.net R=bob@example.net T N E", "O | c | c | y550 5.1.1 no | c | c | c"},
    // Refused at DATA: a client that goes on without RSET gets the same reply, until a new MAIL.
    {"O C H M=nodata@example.com R=bob@example.net T T R=carl@example.net L=A:b N B=c E M=a@example.com "
     "R=bob@example.net T N E",
     "O | c | c | c | y554 5.6.0 no | y554 5.6.0 no | y554 5.6.0 no | y554 5.6.0 no | c | c | c | c"},
    {"O C H M=nodata@example.com R=bob@example.net T A R=bob@example.net",
     "O | c | c | c | y554 5.6.0 no | y451 4.5.1 no message in progress, start again with MAIL"},
    {"O C H R=bob@example.net T E M=a@example.com",
     "O | c | y451 4.5.1 no message in progress, start again with MAIL | y451 4.5.1 no message in progress, start "
     "again with MAIL | "
     "y451 4.5.1 no message in progress, start again with MAIL | c"},
    // Edits stand before the answer, deletions first; % is doubled in replies only.
    {"O C H M=edit@example.com R=bob@example.net T L=X-Secret:~1 L=Subject:~hi L=x-secret:~2 N B=text E",
     "O | c | c | c | c | m2 x-secret: | m1 X-Secret: | hX-Mark: 50% | -<bob@example.net> | +<carl@example.net> | "
     "qlook | c"},
    {"O C H M=a@example.com R=gone@example.net T N E M=a@example.com R=gone@example.net R=bob@example.net T N E",
     "O | c | c | c | c | d | c | c | c | c | -<gone@example.net> | c"},
    // A reason must be given.
    {"O C H M=stranger@example.com R=bob@example.net T N E A DM={auth_authen}:anna M=stranger@example.com "
     "R=bob@example.net T N E",
     "O | c | c | c | c | qwho-is-it | c | c | c | c | qanna | c"},
    // Macros: the later step's, and nothing of the message before. The size is what was sent, E's own piece too.
    {"O C H M=a@example.com R=b@example.net T DN=i:4B1 L=Subject:~told N B=12345 E=678 "
     "M=a@example.com DR={i}:4B2 R=b@example.net T L=Subject:~told N DE=i:4B3 E M=a@example.com R=b@example.net T "
     "L=Subject:~told N E",
     "O | c | c | c | c | y550 5.7.1 4B1 25 | c | c | c | y550 5.7.1 4B3 17 | c | c | c | y550 5.7.1  17"},
    // Another client on the same connection; its macros are its own.
    {"O C DH={auth_authen}:x H M=a@example.com R=b@example.net K DM={mail_addr}:x C=192.0.2.66 K C H "
     "M=mallory@example.com Q",
     "O | c | c | c | y521 5.7.1 go | c | y550-5.7.1 100%% no\r\n550 5.7.1 not  | end"},
    {"O C H C=192.0.2.66 M=a@example.com", "O | c | y521 5.7.1 go | c"},
    {"O C U=FOO H M=a@example.com U=BAR R=bob@example.net T N E", "O | c | c | c | c | c | c | c"},
    {"O C H M=a@example.com A A R=b@example.net",
     "O | c | c | y451 4.5.1 no message in progress, start again with MAIL"},
    {"Q", " | end"},
    {"O Q", "O | end"},
    // Out of order.
    {"C", " | end", "out of order"},
    {"DC=i:1 O", " | end", "out of order"},
    {"K", " | end", "out of order"},
    {"U=X", " | end", "out of order"},
    {"O O", "O | end", "out of order"},
    {"O H", "O | end", "HELO without a client"},
    {"O M=a@example.com", "O | end", "MAIL without a client"},
    {"O E", "O | end", "out of order"},
    {"O C H M=a@example.com R=b@example.net N R=c@example.net", "O | c | c | c | end", "out of order"},
    {"O C H M=a@example.com R=b@example.net B=c L=A:b", "O | c | c | c | end", "out of order"},
    {"O C H M=a@example.com N N", "O | c | c | end", "out of order"},
    {"O C H M=a@example.com N T", "O | c | c | end", "out of order"},
};

TEST_CASE("milter conversation: what is answered to what") {
  for (const auto& row : dialogues) {
    CAPTURE(row.said);
    Mta mta;
    CHECK(mta.say(row.said) == row.want);
    const auto bad = mta.bad();
    CHECK(bad.size() == (*row.bad ? 1 : 0));
    if (!bad.empty()) CHECK(bad[0].find(row.bad) != std::string::npos);
    mta.conversation.reset();
    CHECK(mta.stats.open == 0);
    CHECK(mta.stats.in_flight == 0);
    CHECK(mta.stats.exceptions == 0);
  }
}

TEST_CASE("milter conversation: malformed bytes are one line and the end; a text with control bytes stays one line") {
  const std::string agreed = mta_bytes("O C");
  const std::string rows[] = {std::string("\0\0\0\0", 4),
                              std::string("\xff\xff\xff\xff"
                                          "B",
                                          5),
                              std::string("\0\0\0\1"
                                          "Z",
                                          5),
                              std::string("\0\0\0\1\n", 5),
                              std::string("\0\0\0\3"
                                          "O\0\0",
                                          7),
                              agreed + std::string("\0\0\0\4Mabc", 8),
                              agreed + std::string("\0\0\0\2\r\nx", 7),
                              agreed + std::string("\0\0\0\3"
                                                   "DM!",
                                                   7),
                              std::string("GET / HTTP/1.1\r\n\r\n"),
                              std::string("\x16\x03\x01\x02\x00\x01", 6)};
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    Mta mta;
    CHECK(mta.bytes(row).ends_with(" | end"));
    REQUIRE(mta.bad().size() == 1);
    CHECK(mta.bad()[0].find_first_of("\r\n") == std::string::npos);
  }
  Mta many;
  std::string macros;
  const std::string value(MacroStore::most_bytes, 'x');
  REQUIRE(append_event(macros, milter::Macros{Kind::connect, {{"i", value}}}));
  CHECK(many.bytes(mta_bytes("O") + macros) == "O | end");
  CHECK(many.bad().size() == 1);
  MacroStore store;
  CHECK_FALSE(store.keep({Kind::mail, std::vector<milter::Macro>(MacroStore::most_macros + 1)}));
  CHECK(store.keep({Kind::mail, std::vector<milter::Macro>(MacroStore::most_macros)}));
}

TEST_CASE("milter conversation: cut anywhere, and in any slices") {
  const std::string_view good =
      "O DC={client_port}:4711 C H DM=i:4B1 M=edit@example.com R=bob@example.net DT=i:4B1 T L=Subject:~hi "
      "L=X-Secret:~x N "
      "B=text E M=a@example.com R=bob@example.net T L=A:~b N B=text E Q";
  const std::string bytes = mta_bytes(good);
  const std::string wanted = Mta().bytes(bytes);
  const auto taken_after = [&](std::size_t size) {  // E's that stand whole in so many bytes
    milter::Reader reader;
    auto rest = std::string_view(bytes).substr(0, size);
    int count = 0;
    for (auto packet = reader.next(rest); packet && *packet; packet = reader.next(rest))
      count += (*packet)->kind == 'E';
    return count;
  };
  Mta mta;
  for (std::size_t size = 0, counted = 0; size <= bytes.size(); ++size) {
    CAPTURE(size);
    mta.conversation.emplace(mta.door);
    const auto said = mta.bytes(std::string_view(bytes).substr(0, size));
    CHECK(wanted.starts_with(said));
    mta.conversation->closed("end");
    CHECK(mta.stats.open == 0);
    CHECK(mta.stats.in_flight == 0);
    counted += static_cast<std::size_t>(taken_after(size));
    if (size % 20 == 0) CHECK(mta.engine.counted("count") == counted);  // what was cut is given back
    counted = mta.engine.counted("count");
    if (counted > 900) mta.engine.clock.advance(std::chrono::hours(2)), counted = 0;
  }
  for (const std::size_t slice : {1, 2, 3, 5, 17, 64}) {
    CAPTURE(slice);
    Mta sliced;
    std::string said;
    for (std::size_t at = 0; at < bytes.size(); at += slice) {
      const auto more = sliced.bytes(std::string_view(bytes).substr(at, slice));
      if (!more.empty()) said += (said.empty() || more.starts_with(' ') ? "" : " | ") + more;
    }
    CHECK(said == wanted);
  }
}

TEST_CASE("milter conversation: any change of a good dialogue is survived") {
  const std::string good = mta_bytes(
      "O C H M=edit@example.com R=bob@example.net T L=From:~a@example.com L=X-Secret:~x N B=text E K C H "
      "M=b@example.com R=c@d.test T N E");
  std::minstd_rand random(7);
  Mta mta;
  for (int round = 0; round < 4000; ++round) {
    CAPTURE(round);
    std::string bytes = good;
    for (int change = 0, changes = 1 + static_cast<int>(random() % 4); change < changes; ++change) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 5) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes.erase(at, random() % 8); break;
        case 2: bytes.insert(at, good, random() % good.size(), random() % 60); break;
        case 3: bytes[at] = "ABCDEHKLMNOQRTU\0\1\xff"[random() % 18]; break;
        case 4: bytes = bytes.substr(at) + bytes.substr(0, at); break;
      }
      if (bytes.empty()) bytes = good;
    }
    mta.conversation.emplace(mta.door);
    for (std::size_t at = 0; at < bytes.size(); at += 40) {
      Buffer out;
      if (!mta.conversation->received(std::string_view(bytes).substr(at, 40), out)) break;
    }
    mta.conversation.reset();
    CHECK(mta.stats.open == 0);
    CHECK(mta.stats.in_flight == 0);
  }
  CHECK(mta.stats.exceptions == 0);
  CHECK(mta.bad().size() > 1000);
  CHECK(mta.stats.messages > 500);
}

TEST_CASE("milter conversation: silence") {
  Mta mta;
  Buffer out;
  CHECK(mta.conversation->patience() == MilterConversation::within);  // nothing was said yet
  mta.say("O C H M=a@example.com");
  CHECK(mta.conversation->patience() == MilterConversation::postfix_idle);
  mta.bytes(std::string("\0\0\0\5R", 5));
  CHECK(mta.conversation->patience() == MilterConversation::within);
  CHECK(mta.bad().empty());
  CHECK_FALSE(mta.conversation->silent(out));
  CHECK(mta.bad().size() == 1);
  Mta idle;
  idle.say("O C H");
  CHECK_FALSE(idle.conversation->silent(out));
  CHECK(idle.bad().empty());
}

TEST_CASE("milter conversation: while it drains, what is under way goes on and new mail is deferred") {
  Mta mta;
  mta.say("O C H M=a@example.com R=bob@example.net");
  mta.draining = true;
  CHECK(mta.say("T L=A:~b N B=c E") == "c | c");
  CHECK(mta.say("M=a@example.com R=bob@example.net") ==
        "y451 4.3.2 restarting, try again later | y451 4.3.2 restarting, try again later");
  CHECK(mta.stats.in_flight == 0);
}

TEST_CASE("milter conversation: a policy whose needs were not negotiated waits for the next connection") {
  const auto text = [](std::string_view more) {
    return std::string(test::milter_only) +
           "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { sender = \"no@example.com\" }\nreject = \"550 5.7.1 "
           "one\"\n" +
           std::string(more);
  };
  Mta mta(text(""));
  CHECK(mta.say("O C H M=no@example.com") == "O | y550 5.7.1 one");
  const auto next = test::load_policy(text("[[rule]]\nname = \"s\"\nat = \"mail\"\nreject = \"550 5.7.1 two\"\n"));
  mta.policy.swap(next);
  CHECK(mta.say("M=yes@example.com") == "y550 5.7.1 two");
  mta.policy.swap(test::load_policy(text(
      "[[rule]]\nname = \"h\"\nat = \"end-of-message\"\nremove_headers = [\"A\"]\nwhen = { header.a = \"b\" }\n")));
  CHECK(mta.say("M=yes@example.com K C H M=yes@example.com") == "y550 5.7.1 two | c");  // another client: as negotiated
  mta.conversation.emplace(mta.door);
  CHECK(mta.say("O C H M=yes@example.com R=b@example.net L=A:~b N E") == "O | c | m1 A: | c");
}

TEST_CASE("milter negotiation: what a policy does not need is negotiated away, as far as the MTA knows how") {
  namespace step = milter::step;
  namespace action = milter::action;
  constexpr std::uint32_t always = step::no_unknown | step::header_leading_space | step::silent_header |
                                   step::silent_end_of_header | step::silent_body;
  constexpr std::uint32_t no_answers = step::silent_connect | step::silent_helo | step::silent_rcpt | step::silent_data;
  constexpr std::uint32_t no_message = step::no_headers | step::no_end_of_header | step::no_body;
  Needs answers;
  answers.answers.fill(true);
  Needs message;
  message.data = message.headers = message.body = message.edits_headers = message.quarantines =
      message.edits_recipients = true;
  struct Line {
    Needs needs;
    std::uint32_t offered_actions, offered_steps, actions, steps;
  };
  const Line lines[] = {
      {{}, action::all, step::all, action::set_macros, always | no_answers | step::no_data | no_message},
      {answers, action::all, step::all, action::set_macros, always | step::no_data | no_message},
      {message, action::all, step::all,
       action::set_macros | action::add_headers | action::change_headers | action::add_recipients |
           action::delete_recipients | action::quarantine,
       always | no_answers},
      {{}, 0, 0x7f, 0, no_message},  // of version 2: it waits for every answer
  };
  for (const auto& line : lines) {
    CAPTURE(line.offered_steps);
    const auto agreed = negotiate({.actions = line.offered_actions, .steps = line.offered_steps}, line.needs);
    REQUIRE(agreed);
    CHECK(agreed->options.actions == line.actions);
    CHECK(agreed->options.steps == line.steps);
    CHECK(agreed->options.macros.empty() == (line.offered_actions == 0));
    CHECK(agreed->traits.leading_space == ((line.offered_steps & step::header_leading_space) != 0));
    CHECK_FALSE(agreed->silent(Kind::mail));
    CHECK_FALSE(agreed->silent(Kind::end_of_message));
    CHECK(agreed->silent(Kind::rcpt) == ((line.steps & step::silent_rcpt) != 0));
  }
}

TEST_CASE("milter conversation: an MTA that does not allow what the policy needs") {
  Mta mta;
  std::string bytes;
  REQUIRE(append_event(
      bytes, milter::Options{.version = 6, .actions = milter::action::add_headers, .steps = milter::step::all}));
  CHECK(mta.bytes(bytes) == " | end");
  CHECK(mta.engine.log.of("milter-negotiation-failed").size() == 1);
}

class ThrowingResolver final : public dns::Resolver {
 public:
  dns::AnswerPtr ask(const dns::Question&, Deadline, std::function<void(dns::AnswerPtr)>) override {
    throw std::runtime_error("boom");
  }
};

TEST_CASE("milter conversation: what is thrown defers the message and nothing else") {
  Mta mta(std::string(test::milter_only) +
          "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nwhen = { sender_domain_dns = \"nxdomain\" }\nunless = { sender = "
          "\"fine@example.com\" }\n"
          "reject = \"550 5.7.1 no\"\n");
  ThrowingResolver resolver;
  Services services{resolver,          mta.engine.services.counters,
                    mta.engine.log,    mta.engine.clock,
                    mta.engine.leases, mta.engine.board,
                    mta.engine.stats};
  const MilterDoor door{services, *mta.digests, mta.policy, {}, mta.stats, mta.draining};
  mta.conversation.emplace(door);
  CHECK(mta.say("O C H M=a@example.com R=bob@example.net E") ==
        "O | c | t | y451 4.3.0 failure while reading the message, try again later");
  CHECK(mta.stats.exceptions == 1);
  CHECK(mta.engine.log.of("milter-exception").size() == 1);
  CHECK(mta.stats.in_flight == 0);
  CHECK(mta.say("M=fine@example.com R=bob@example.net E") == "c | c | c");
  mta.conversation.reset();
}

}  // namespace
}  // namespace mailweir
