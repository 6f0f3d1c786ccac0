// SPDX-License-Identifier: BSD-2-Clause
// What rspamd is asked, and what its answers mean: of one piece, of many, and of those who do not mean well.
#include <doctest/doctest.h>

#include "adapter/scan/rspamd_protocol.h"
#include "adapter/scan/spam_symbols.h"

namespace mailweir {
namespace {

ScanEnvelope whole_envelope() {
  ScanEnvelope envelope;
  envelope.queue_id = "4Xyz";
  envelope.client_address = "2001:db8::1";
  envelope.client_name = "client.example";
  envelope.helo = "helo.example";
  envelope.login = "alice";
  envelope.sender = "alice@example.com";
  envelope.recipients = {"bob@example.net", "carol@example.net"};
  envelope.hostname = "mx.example.com";
  return envelope;
}

std::size_t times(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST_CASE("rspamd: what is known beside the message goes in header fields") {
  const RspamdProtocol protocol(whole_envelope(), "127.0.0.1:11333");
  CHECK(protocol.opening() ==
        "POST /checkv2 HTTP/1.1\r\n"
        "Host: 127.0.0.1:11333\r\n"
        "Transfer-Encoding: chunked\r\n"
        "Content-Type: message/rfc822\r\n"
        "Connection: close\r\n"
        "IP: 2001:db8::1\r\n"
        "Hostname: client.example\r\n"
        "Helo: helo.example\r\n"
        "User: alice\r\n"
        "From: alice@example.com\r\n"
        "Rcpt: bob@example.net\r\n"
        "Rcpt: carol@example.net\r\n"
        "Queue-Id: 4Xyz\r\n"
        "MTA-Name: mx.example.com\r\n"
        "\r\n");
  const RspamdProtocol bare(ScanEnvelope{}, "localhost");
  CHECK(bare.opening() ==
        "POST /checkv2 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: message/rfc822\r\n"
        "Connection: close\r\nFrom: <>\r\n\r\n");

  std::string out;
  protocol.wrap("Subject: hi\r\n\r\nhello", out);
  protocol.wrap(std::string(65536, 'x'), out);
  CHECK(out.starts_with("14\r\nSubject: hi\r\n\r\nhello\r\n10000\r\nxxx"));
  CHECK(out.ends_with("xxx\r\n"));
  CHECK(protocol.closing() == "0\r\n\r\n");
  CHECK_FALSE(protocol.half_closes());
}

TEST_CASE("rspamd: no text from the network makes a line of its own") {
  const std::string evil[] = {"a\r\nUser: root",          "a\nUser: root", "a\rUser: root", std::string("a\0b", 3),
                              "a\r\n\r\nPOST / HTTP/1.1", "a\x7f",         "a\tb",          std::string(1001, 'a')};
  for (const auto& text : evil) {
    CAPTURE(text);
    ScanEnvelope envelope;
    envelope.queue_id = envelope.client_address = envelope.client_name = envelope.helo = envelope.login = text;
    envelope.sender = envelope.hostname = text;
    envelope.recipients = {text, "bob@example.net"};
    const auto head = RspamdProtocol(envelope, "localhost").opening();
    CHECK(head ==
          "POST /checkv2 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: message/rfc822\r\n"
          "Connection: close\r\nRcpt: bob@example.net\r\n\r\n");
  }
  // Addresses beyond ASCII go as they are.
  ScanEnvelope utf8;
  utf8.sender = "j\xc3\xb6rg@example.com";
  CHECK(RspamdProtocol(utf8, "localhost").opening().find("From: j\xc3\xb6rg@example.com\r\n") != std::string::npos);

  ScanEnvelope many;
  many.recipients.assign(5000, "bob@example.net");
  CHECK(times(RspamdProtocol(many, "localhost").opening(), "\r\nRcpt: ") == RspamdProtocol::most_recipients);
}

constexpr std::string_view scored =
    R"({"is_skipped":false,"score":-1.500000,"required_score":15.0,"action":"no action","symbols":{)"
    R"("SMALL":{"name":"SMALL","score":0.1},"GOOD":{"name":"GOOD","score":-5.0},"BAD":{"name":"BAD","score":3.4},)"
    R"("ODD\u001b[31m":{"score":0.2}},"messages":{},"message-id":"1@x"})";
constexpr std::string_view gtube =
    R"({"is_skipped":true,"score":15.0,"required_score":15.0,"action":"reject","symbols":{"GTUBE":{"score":0.0}}})";

std::string with_length(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST_CASE("rspamd: score and action count, whatever the symbols add up to") {
  const RspamdProtocol protocol(ScanEnvelope{}, "localhost");
  const auto answer = protocol.read(with_length(scored), false);
  REQUIRE(answer);
  CHECK(answer->status == ScanStatus::clean);
  CHECK(answer->score == -1.5);
  CHECK(answer->action == "no action");
  CHECK(answer->symbols == std::vector<std::string>{"GOOD", "BAD", "ODD?[31m", "SMALL"});
  const auto skipped = protocol.read(with_length(gtube), false);
  REQUIRE(skipped);
  CHECK(skipped->status == ScanStatus::found);
  CHECK(skipped->score == 15);
  CHECK(skipped->action == "reject");
}

TEST_CASE("rspamd: an answer in pieces, and however it tells its end") {
  struct Row {
    std::string label, bytes;
    bool needs_close = false;
  };
  const std::string half(gtube.substr(0, 20)), rest(gtube.substr(20));
  const Row rows[] = {
      {"Content-Length", with_length(gtube)},
      {"until closed", "HTTP/1.0 200 OK\r\n\r\n" + std::string(gtube), true},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n14;x=y\r\n" + half + "\r\n" + "56\r\n" + rest +
                      "\r\n0\r\n\r\n"},
      {"chunked, with a trailer",
       "HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n6A\r\n" + std::string(gtube) + "\r\n0\r\nX: y\r\n\r\n"},
      {"after an interim answer", "HTTP/1.1 100 Continue\r\n\r\n" + with_length(gtube)},
  };
  const RspamdProtocol protocol(ScanEnvelope{}, "localhost");
  REQUIRE(rest.size() == 0x56);
  for (const auto& row : rows) {
    CAPTURE(row.label);
    for (std::size_t size = 0; size < row.bytes.size(); ++size) {
      CAPTURE(size);
      REQUIRE_FALSE(protocol.read(std::string_view(row.bytes).substr(0, size), false));
      if (row.needs_close) continue;
      const auto broken = protocol.read(std::string_view(row.bytes).substr(0, size), true);
      REQUIRE(broken);
      REQUIRE(broken->status == ScanStatus::temperror);
    }
    const auto answer = protocol.read(row.bytes, row.needs_close);
    REQUIRE(answer);
    CHECK(answer->action == "reject");
    CHECK(answer->why.empty());
  }
}

TEST_CASE("rspamd: what is no answer is trouble, with its reason") {
  struct Row {
    std::string bytes, want;
  };
  const std::string deep(60000, '[');
  const Row rows[] = {
      {"", "it closed the connection without an answer"},
      {"HTTP/1.1 200 OK\r\n", "it broke off within its answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "it broke off within its answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "its answer is empty"},
      {"HTTP/1.1 200 OK\r\n\r\n", "its answer is empty"},
      {"HTTP/1.1 503 Over\x1bload\r\nContent-Length: 2\r\n\r\n{}", "it answered with status 503 Over?load"},
      {"HTTP/1.1 404 Not Found\r\n\r\n", "it answered with status 404 Not Found"},
      {"SPAMD/1.1 0 EX_OK\r\n\r\n", "not an answer of an HTTP server: \"SPAMD/1.1 0 EX_OK\""},
      {"HTTP/2 200\r\n\r\n", "not an answer of an HTTP server: \"HTTP/2 200\""},
      {"HTTP/1.1 -20 OK\r\n\r\n", "not an answer of an HTTP server: \"HTTP/1.1 -20 OK\""},
      {"HTTP/1.1 2000 OK\r\n\r\n", "not an answer of an HTTP server: \"HTTP/1.1 2000 OK\""},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "a header field without a name"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "a Content-Length that is none"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "a Content-Length that is none"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "a Content-Length that is none"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "an unknown Transfer-Encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "a chunk without a length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "a chunk without a length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n{}", "a chunk without a length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n{}\r\n", "it broke off within its answer"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n", "a chunk that is longer than its length"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x'), "the head of the answer is longer than 16 KiB"},
      {with_length("hello"), "its answer is not a JSON object"},
      {with_length("[]"), "its answer is not a JSON object"},
      {with_length(deep), "its answer is not a JSON object"},
      {with_length(R"({"action":"no action"})"), "its answer has no score"},
      {with_length(R"({"score":"15","action":"reject"})"), "its answer has no score"},
      {with_length(R"({"score":null,"action":"reject"})"), "its answer has no score"},
      {with_length(R"({"score":1})"), "its answer has no action"},
      {with_length(R"({"score":1,"action":""})"), "its answer has no action"},
      {with_length(R"({"score":1,"action":7})"), "its answer has no action"},
      {with_length(R"({"score":1e300,"action":"reject"})"), "its score is out of range"},
      {with_length(R"({"score":nan,"action":"reject"})"), "its answer is not a JSON object"},
  };
  const RspamdProtocol protocol(ScanEnvelope{}, "localhost");
  for (const auto& row : rows) {
    CAPTURE(row.bytes.substr(0, 200));
    const auto answer = protocol.read(row.bytes, true);
    REQUIRE(answer);
    CHECK(answer->status == ScanStatus::temperror);
    CHECK(answer->why == row.want);
    CHECK_FALSE(answer->score);
  }
}

TEST_CASE("rspamd: odd symbols are bounded, and no trouble") {
  const RspamdProtocol protocol(ScanEnvelope{}, "localhost");
  std::string many = R"({"score":1,"action":"reject","symbols":{"":{"score":9})";
  for (int i = 0; i < 300; ++i) many += ",\"S" + std::to_string(i) + std::string(200, 'x') + "\":{\"score\":1}";
  const auto bounded = protocol.read(with_length(many + "}}"), false);
  REQUIRE(bounded);
  CHECK(bounded->symbols.size() == most_symbols);
  for (const auto& name : bounded->symbols) CHECK(name.size() == longest_symbol);
  for (const std::string_view symbols : {R"([])", R"("x")", R"({"A":1,"B":{"score":"x"},"C":null})"}) {
    CAPTURE(symbols);
    const auto answer = protocol.read(
        with_length(R"({"score":6.5,"action":"add header","symbols":)" + std::string(symbols) + '}'), false);
    REQUIRE(answer);
    CHECK(answer->score == 6.5);
    CHECK(answer->status == ScanStatus::found);
    CHECK(answer->symbols.size() == (symbols.starts_with('{') ? 3 : 0));
  }
  // A subject in Latin-1 that a symbol repeats.
  const auto latin = protocol.read(with_length("{\"score\":1,\"action\":\"greylist\",\"symbols\":{\"A\":{\"score\":1,"
                                               "\"options\":[\"gr\xfc\xdf"
                                               "e\"]}}}"),
                                   false);
  REQUIRE(latin);
  CHECK(latin->action == "greylist");
  CHECK(latin->status == ScanStatus::clean);
}

}  // namespace
}  // namespace mailweir
