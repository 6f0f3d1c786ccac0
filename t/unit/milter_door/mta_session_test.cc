// SPDX-License-Identifier: BSD-2-Clause
// The load generator's MTA keeps to what the filter negotiates: a measurement of the wrong dialogue is worth nothing.
#include <doctest/doctest.h>

#include "../../bench/mta_session.h"
#include "milter_door/decode.h"
#include "milter_door/encode.h"

using namespace mailweir;
using namespace mailweir::milter;
using bench::MtaSession;

namespace {

const std::string body(70'000, 'x');  // two chunks

bench::MailToSend mail() {
  return {.client_name = "client.example",
          .client_address = "192.0.2.1",
          .helo = "client.example",
          .login = "anna",
          .queue_id = "4B1",
          .sender = "<anna@example.com>",
          .recipient = "<bob@example.net>",
          .client_port = 4711,
          .headers = {{"From", "anna@example.com"}, {"Subject", "weir"}},
          .body = body};
}

std::string bytes(const Response& response) {
  std::string out;
  REQUIRE(append_response(out, response));
  return out;
}

// What the session has sent since the last call: a letter for each event, "D(...)" for macros with their values.
std::string sent(MtaSession& session) {
  Reader reader;
  const std::string output = session.take_output();
  std::string_view rest = output;
  std::string text;
  for (;;) {
    const auto packet = reader.next(rest);
    REQUIRE(packet);
    if (!*packet) return text;
    const auto event = decode_event(**packet);
    REQUIRE(event);
    text += (*packet)->kind;
    if (const auto* macros = std::get_if<Macros>(&*event)) {
      std::string values;
      for (const auto& macro : macros->values)
        values.append(values.empty() ? "" : " ").append(macro.name).append("=").append(macro.value);
      text.append(values.empty() ? "" : "(" + values + ")");
    }
    if (const auto* header = std::get_if<Header>(&*event)) text.append("[").append(header->value).append("]");
  }
}

// Negotiates, then answers each step with `continue`; all that was sent, a blank where an answer was waited for.
std::string dialogue(const Options& answer) {
  MtaSession session(mail());
  std::string all = sent(session);
  REQUIRE(session.receive(bytes(answer)));
  for (int i = 0; i < 50 && !session.done(); ++i) {
    all += ' ' + sent(session);
    REQUIRE(session.receive(bytes(Plain{Answer::go_on})));
  }
  CHECK(session.verdict() == "accept");
  return all + ' ' + sent(session);
}

const std::vector<MacroList> few_macros = {{MacroStage::connect, "{client_addr} {client_port}"},
                                           {MacroStage::helo, "{unknown}"},
                                           {MacroStage::mail, "{auth_authen} i"},
                                           {MacroStage::rcpt, "{rcpt_addr}"},
                                           {MacroStage::end_of_header, "i"},
                                           {MacroStage::end_of_message, "i"}};

}  // namespace

TEST_CASE("bench MTA: steps, replies and macros as negotiated") {
  struct Row {
    Options answer;
    const char* want;
  };
  const Row rows[] = {
      {{.macros = few_macros},
       "O D({client_addr}=192.0.2.1 {client_port}=4711)C DH D({auth_authen}=anna)M D({rcpt_addr}=bob@example.net)R DT "
       "D(i=4B1)L[anna@example.com] D(i=4B1)L[weir] D(i=4B1)N D(i=4B1)B D(i=4B1)B D(i=4B1)E AAQ"},
      {{.steps = step::silent_connect | step::silent_helo | step::silent_mail | step::silent_rcpt | step::silent_data |
                 step::silent_header | step::silent_end_of_header | step::silent_body | step::header_leading_space,
        .macros = few_macros},
       "O D({client_addr}=192.0.2.1 {client_port}=4711)CDHD({auth_authen}=anna)MD({rcpt_addr}=bob@example.net)RDT"
       "D(i=4B1)L[ anna@example.com]D(i=4B1)L[ weir]D(i=4B1)ND(i=4B1)BD(i=4B1)BD(i=4B1)E AAQ"},
      {{.steps = step::no_connect | step::no_helo | step::no_mail | step::no_rcpt | step::no_data | step::no_headers |
                 step::no_end_of_header | step::no_body,
        .macros = few_macros},
       "O D({client_addr}=192.0.2.1 {client_port}=4711)DD({auth_authen}=anna)D({rcpt_addr}=bob@example.net)D"
       "D(i=4B1)D(i=4B1)D(i=4B1)D(i=4B1)D(i=4B1)D(i=4B1)E AAQ"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answer.steps);
    CHECK(dialogue(row.answer) == row.want);
  }
}

TEST_CASE("bench MTA: answers and what becomes of the message") {
  struct Row {
    std::vector<Response> answers;  // after the negotiation
    const char* verdict;
    const char* last;  // what is sent after the last answer
  };
  const Options all_steps_silent_but_end{.steps = step::silent_connect | step::silent_helo | step::silent_mail |
                                                  step::silent_rcpt | step::silent_data | step::silent_header |
                                                  step::silent_end_of_header | step::silent_body};
  const Row rows[] = {
      {{Plain{Answer::accept}}, "accept", "AAQ"},
      {{Plain{Answer::progress}, Plain{Answer::go_on}}, "accept", "AAQ"},
      {{Plain{Answer::reject}}, "reject", "AAQ"},
      {{ReplyText{"550 5.7.1 no"}}, "reject", "AAQ"},
      {{ReplyText{"450 4.7.1 later"}}, "tempfail", "AAQ"},
      {{Plain{Answer::shutdown}}, "tempfail", "AAQ"},
      {{Plain{Answer::discard}}, "discard", "AAQ"},
      {{Quarantine{"odd"}, Plain{Answer::go_on}}, "quarantine", "AAQ"},
      {{InsertHeader{0, "DKIM-Signature", "v=1"}, ChangeHeader{1, "Subject", ""}, Plain{Answer::go_on}},
       "accept",
       "AAQ"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.verdict);
    MtaSession session(mail());
    REQUIRE(session.receive(bytes(all_steps_silent_but_end)));
    sent(session);
    for (const auto& answer : row.answers) REQUIRE(session.receive(bytes(answer)));
    CHECK(session.verdict() == row.verdict);
    CHECK(sent(session) == row.last);
    CHECK(session.added_header("dkim-signature") == (row.answers.size() == 3));
    CHECK(session.removed_header("subject") == (row.answers.size() == 3));
  }
  MtaSession refused(mail());
  REQUIRE(refused.receive(bytes(Options{.steps = step::silent_connect | step::silent_helo | step::silent_mail})));
  sent(refused);
  REQUIRE(refused.receive(bytes(Plain{Answer::tempfail})));  // to RCPT
  CHECK(refused.verdict() == "tempfail");
  CHECK(sent(refused) == "AAQ");
}

TEST_CASE("bench MTA: a filter that does not keep to the protocol") {
  const std::string agreed = bytes(Options{});
  const std::string rows[] = {
      bytes(Plain{Answer::go_on}),            // before the negotiation
      bytes(Options{.steps = 1U << 30}),      // wants what was not offered
      agreed + agreed,                        // negotiates twice
      agreed + bytes(AddHeader{"A", "b"}),    // edits at connect
      agreed + bytes(Plain{Answer::skip}),    // skips where there is no body
      agreed + bytes(ReplyText{"250 fine"}),  // no refusal
      agreed + bytes(Plain{Answer::reject}) + bytes(Plain{Answer::reject}),
      std::string("\0\0\0\0", 4),
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    MtaSession session(mail());
    CHECK_FALSE(session.receive(row));
  }
}
