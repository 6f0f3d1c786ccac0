// SPDX-License-Identifier: BSD-2-Clause
// What spamd is asked, and what its answers mean.
#include <doctest/doctest.h>

#include "adapter/scan/spam_symbols.h"
#include "adapter/scan/spamd_protocol.h"

namespace mailweir {
namespace {

TEST_CASE("spamd: the message ends where our side is shut down") {
  const SpamdProtocol protocol;
  std::string out = protocol.opening();
  protocol.wrap("Subject: hi\r\n\r\n", out);
  protocol.wrap("hello\r\n", out);
  out += protocol.closing();
  CHECK(out == "SYMBOLS SPAMC/1.5\r\n\r\nSubject: hi\r\n\r\nhello\r\n");
  CHECK(protocol.half_closes());
}

TEST_CASE("spamd: its scores are compared, its word is not believed") {
  struct Row {
    std::string bytes;
    double score;
    std::string action;
    std::vector<std::string> symbols;
    bool needs_close = false;
  };
  const std::string head = "SPAMD/1.1 0 EX_OK\r\n";
  const Row rows[] = {
      {head + "Content-length: 0\r\nSpam: False ; 0.0 / 5.0\r\n\r\n", 0, "no action", {}},
      {head + "Content-length: 16\r\nSpam: True ; 1003.5 / 5.0\r\n\r\nGTUBE,T_SUBJ_BUY",
       1003.5,
       "add header",
       {"GTUBE", "T_SUBJ_BUY"}},
      {head + "Content-length: 1\r\nSpam: Yes ; 5.0 / 5.0\r\n\r\nA", 5, "add header", {"A"}},
      {head + "Spam: False ; 15.00 / 15.00\r\ncontent-LENGTH: 6\r\n\r\nA,,B\r\n", 15, "add header", {"A", "B"}},
      {head + "Content-length: 1\r\nspam: True ; -1.5 / 5.0\r\n\r\nA", -1.5, "no action", {"A"}},
      {"SPAMD/1.5 0 EX_OK\r\nSpam: False;4.9/5\r\n\r\nA, B\r\n", 4.9, "no action", {"A", "B"}, true},
  };
  const SpamdProtocol protocol;
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
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
    CHECK(answer->score == row.score);
    CHECK(answer->action == row.action);
    CHECK(answer->symbols == row.symbols);
    CHECK(answer->status == (row.action == "no action" ? ScanStatus::clean : ScanStatus::found));
  }
}

TEST_CASE("spamd: what is no answer is trouble, with its reason") {
  struct Row {
    std::string bytes, want;
  };
  const std::string head = "SPAMD/1.1 0 EX_OK\r\n";
  const Row rows[] = {
      {"", "it closed the connection without an answer"},
      {"SPAMD/1.1 0 EX_OK", "it broke off within its answer"},
      {head, "it broke off within its answer"},
      {head + "Spam: True ; 15.0 / 5.0\r\n", "it broke off within its answer"},
      {head + "Content-length: 9\r\nSpam: True ; 15.0 / 5.0\r\n\r\nGTUBE", "it broke off within its answer"},
      {"SPAMD/1.0 76 Bad header line: (Content-Length mismatch: Expected 5 bytes, got 16 bytes)\r\n",
       "it answered \"SPAMD/1.0 76 Bad header line: (Content-Length mismatch: Expected 5 bytes, got 16 bytes)\""},
      {"HTTP/1.1 200 OK\r\n\r\n", "not an answer of spamd: \"HTTP/1.1 200 OK\""},
      {"SPAMD/1.1 -1 x\x1b[31m\r\n\r\n", "not an answer of spamd: \"SPAMD/1.1 -1 x?[31m\""},
      {"\r\n\r\n", "not an answer of spamd: \"\""},
      {head + "\r\n", "its answer has no score"},
      {head + "Content-length: 0\r\n\r\n", "its answer has no score"},
      {head + "Spam: True\r\n\r\n", "its answer has no score"},
      {head + "Spam: True ; 15.0\r\n\r\n", "its answer has no score"},
      {head + "Spam: True ; x / 5.0\r\n\r\n", "its answer has no score"},
      {head + "Spam: True ; nan / 5.0\r\n\r\n", "its answer has no score"},
      {head + "Spam: True ; 1e300 / 5.0\r\n\r\n", "its answer has no score"},
      {head + "Spam: True ; 99999999999 / 5.0\r\n\r\n", "its answer has no score"},
      {head + "Spam: True ; 15.0 / \r\n\r\n", "its answer has no score"},
      {head + "Content-length: x\r\nSpam: True ; 15.0 / 5.0\r\n\r\n", "it answered with a Content-length that is none"},
  };
  const SpamdProtocol protocol;
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    const auto answer = protocol.read(row.bytes, true);
    REQUIRE(answer);
    CHECK(answer->status == ScanStatus::temperror);
    CHECK(answer->why == row.want);
    CHECK_FALSE(answer->score);
  }
  std::string many = head + "Spam: True ; 15.0 / 5.0\r\n\r\n";
  for (int i = 0; i < 300; ++i) many += "S" + std::to_string(i) + ",";
  const auto bounded = protocol.read(many, true);
  REQUIRE(bounded);
  CHECK(bounded->symbols.size() == most_symbols);
}

}  // namespace
}  // namespace mailweir
