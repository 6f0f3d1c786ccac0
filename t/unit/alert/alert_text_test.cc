// SPDX-License-Identifier: BSD-2-Clause
// What an alert says as JSON and as a mail, when what it says was written by a stranger.
#include <doctest/doctest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "adapter/alert/alert_text.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr WallTime time_told{std::chrono::seconds(1'700'000'000)};

Alert over(std::string key, std::string sender = "alice@example.com") {
  Alert alert;
  alert.time = time_told;
  alert.kind = AlertKind::over;
  alert.rule = "stolen";
  alert.action = "reject";
  alert.key = std::move(key);
  alert.limit = "100/1h";
  alert.count = 100;
  alert.maximum = 100;
  alert.login = "alice";
  alert.client_address = "192.0.2.7";
  alert.sender = std::move(sender);
  alert.id = "h03es7hedxv";
  return alert;
}

TEST_CASE("an alert as JSON") {
  const std::string text = alert_json(over("alice"), "mx.example.net");
  CHECK(text.ends_with("}\n"));
  const auto want = nlohmann::json::parse(
      R"json({"type": "alert", "host": "mx.example.net", "time": "2023-11-14T22:13:20Z", "what": "over",
          "rule": "stolen", "shadow": false, "action": "reject", "key": "alice", "limit": "100/1h", "count": 100,
          "maximum": 100, "login": "alice", "client_address": "192.0.2.7", "sender": "alice@example.com",
          "id": "h03es7hedxv",
          "text": "mailweir on mx.example.net: over: alice has crossed 100/1h of rule stolen (100 counted)"})json");
  CHECK(nlohmann::json::parse(text) == want);
}

TEST_CASE("what the reputation watch found, as JSON and as a mail") {
  ReputationAlert alert;
  alert.time = time_told;
  const std::string record = "\"v=DKIM1; p=" + std::string(243, 'A') + '"';
  alert.changes.push_back({"wrong", "example.com", "DKIM s1", "wrong: example.com: DKIM s1 is wrong (missing)",
                           "Publish: " + record, "", "", time_told});
  alert.changes.push_back({"listed", "192.0.2.1", "dnsbl zen", "listed: 192.0.2.1 is listed in zen (\x1b[2J\r\n.\r\n)",
                           "", "https://zen.example/192.0.2.1", "Please remove\x1b it", time_told});
  alert.more = 3;
  const auto json = nlohmann::json::parse(alert_json(alert, "mx"));
  CHECK(json["type"] == "reputation");
  CHECK(json["more"] == 3);
  CHECK(json["text"] == "mailweir on mx: reputation: wrong: example.com: DKIM s1 is wrong (missing) (and 4 more)");
  CHECK(json["changes"][0] == nlohmann::json::parse(
                                  R"json({"what": "wrong", "subject": "example.com", "check": "DKIM s1",
          "text": "wrong: example.com: DKIM s1 is wrong (missing)", "since": "2023-11-14T22:13:20Z"})json")
                                  .patch({{{"op", "add"}, {"path", "/advice"}, {"value", "Publish: " + record}}}));
  CHECK(json["changes"][1]["page"] == "https://zen.example/192.0.2.1");

  const auto mail = alert_mail(alert, "mx", "from@example.com", {"to@example.com"}, time_told);
  CHECK(mail.find("\nSubject: [mailweir] reputation: wrong: example.com: DKIM s1") != std::string::npos);
  CHECK(mail.find(std::string(243, 'A') + '"') != std::string::npos);  // whole: it is to be published
  CHECK(mail.find("\n  removal page: https://zen.example/192.0.2.1\n") != std::string::npos);
  CHECK(mail.find("and 3 more") != std::string::npos);
  CHECK(std::ranges::all_of(mail, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  for (std::size_t at = 0; at < mail.size();) {
    const auto end = mail.find('\n', at);
    REQUIRE(end != std::string::npos);
    CHECK(end - at <= 998);
    CHECK(mail.substr(at, end - at) != ".");
    at = end + 1;
  }
}

TEST_CASE("a summary as JSON") {
  AlertSummary summary;
  summary.alerts = 12;
  summary.first = time_told;
  summary.last = time_told + std::chrono::seconds(60);
  summary.top.push_back({"forged", AlertKind::hit, "eve", true, 9, time_told, time_told + std::chrono::seconds(2)});
  summary.more_keys = 3;
  summary.lost = 4;
  const auto want = nlohmann::json::parse(
      R"json({"type": "summary", "host": "mx", "alerts": 12, "first": "2023-11-14T22:13:20Z", 
          "last": "2023-11-14T22:14:20Z", "more_keys": 3, "lost": 4,
          "top": [{"rule": "forged", "what": "hit", "key": "eve", "shadow": true, "count": 9,
                   "first": "2023-11-14T22:13:20Z", "last": "2023-11-14T22:13:22Z"}],
          "text": "mailweir on mx: summary: 12 more alerts from 2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z, )json"
      R"json(most of them (9) of rule forged for eve; 4 were dropped for lack of room"})json");
  CHECK(nlohmann::json::parse(alert_json(summary, "mx")) == want);
}

TEST_CASE("hostile bytes stay where they belong") {
  using namespace std::string_literals;
  struct Row {
    std::string what;
    std::string key;
    const char* want_in_mail;
  };
  const Row rows[] = {
      {"a header of its own", "a\r\nBcc: all@example.com\r\n\r\nhello", "a\\x0d\\x0aBcc: all@example.com\\x0d\\x0a"},
      {"the end of the mail", "\n.\nMAIL FROM:<>", "\\x0a.\\x0aMAIL FROM:<>"},
      {"NUL", "a\0b"s, "a\\x00b"},
      {"bytes that are no UTF-8", "\xff\xfe", "\\xff\\xfe"},
      {"UTF-8", "\xc3\xa4@example.com", "\\xc3\\xa4@example.com"},
      {"a terminal's escape", "\x1b]0;x\x07", "\\x1b]0;x\\x07"},
      {"JSON", "\",\"rule\":\"x", "\",\"rule\":\"x"},
      {"a backslash", "a\\x0a", "a\\x5cx0a"},
      {"an encoded word", "=?utf-8?q?x?=", "=?utf-8?q?x?="},
      {"far too long", std::string(100'000, '\n'), "\\x0a\\x0a"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Alert alert = over(row.key, row.key);
    AlertSummary summary;
    summary.alerts = 1;
    summary.top.push_back({"r", AlertKind::hit, row.key, false, 1, time_told, time_told});
    for (const AlertNotice& notice : {AlertNotice(alert), AlertNotice(summary)}) {
      const auto json = nlohmann::json::parse(alert_json(notice, "mx"), nullptr, false);
      REQUIRE_FALSE(json.is_discarded());
      if (std::holds_alternative<Alert>(notice)) CHECK(json["key"] == made_utf8(row.key));
      const std::string words = json["text"];
      CHECK(std::all_of(words.begin(), words.end(), [](char c) { return c >= ' ' && c < 0x7f; }));

      const std::string mail =
          alert_mail(notice, "mx", "alerts@example.com", {"admin@example.com", "boss@example.com"}, time_told);
      CHECK(std::all_of(mail.begin(), mail.end(), [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
      CHECK(mail.find(row.want_in_mail) != mail.npos);
      const std::string head = mail.substr(0, mail.find("\n\n"));
      CHECK(std::count(head.begin(), head.end(), '\n') == 10);
      CHECK(head.find("\nBcc") == head.npos);
      for (const auto& line : split(mail, '\n')) CHECK(line.size() <= 998);
    }
  }
}

TEST_CASE("a mail's header") {
  const std::string mail = alert_mail(over("alice"), "mx.example.net", "alerts@example.com",
                                      {"admin@example.com", "boss@example.com"}, time_told);
  CHECK(
      mail.starts_with("From: Mailweir <alerts@example.com>\nTo: <admin@example.com>,\n <boss@example.com>\n"
                       "Subject: [mailweir] over: alice has crossed 100/1h of rule stolen (100 counted)\nDate: Tue, 14 "
                       "Nov 2023 22:13:20 +0000\n"
                       "Message-ID: <alert."));
  CHECK(mail.find("\nAuto-Submitted: auto-generated\n") != mail.npos);
  CHECK(
      mail.find("\nlogin: alice\nclient address: 192.0.2.7\nsender: alice@example.com\nid in the log: h03es7hedxv\n") !=
      mail.npos);
}

TEST_CASE("what a message would have added is told where the count alone would puzzle") {
  Alert alert = over("alice");
  alert.adds = 5;
  CHECK(one_line(alert) == "over: alice has crossed 100/1h of rule stolen (100 counted)");
  alert.count = 99;
  CHECK(one_line(alert) == "over: alice has crossed 100/1h of rule stolen (99 counted and 5 more in this message)");
  CHECK(nlohmann::json::parse(alert_json(alert, "mx.example.net"))["adds"] == 5);
}

TEST_CASE("a summary says which counter was most of it, or one of many") {
  struct Row {
    std::uint64_t alerts, most;
    const char* want;
  };
  const Row rows[] = {
      {1, 1, "summary: 1 more alert, most of them (1) of rule forged for eve"},
      {12, 7, "summary: 12 more alerts, most of them (7) of rule forged for eve"},
      {12, 6, "summary: 12 more alerts, 6 of them of rule forged for eve"},
      {13, 1, "summary: 13 more alerts, 1 of them of rule forged for eve"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.want);
    AlertSummary summary;
    summary.alerts = row.alerts;
    summary.top.push_back({"forged", AlertKind::hit, "eve", false, row.most, {}, {}});
    std::string text = one_line(summary);
    if (const auto from = text.find(" from "); from != text.npos) text.erase(from, text.find(',', from) - from);
    CHECK(text == row.want);
  }
}

TEST_CASE("each kind in words") {
  struct Row {
    AlertKind kind;
    bool shadow;
    const char* want;
  };
  const Row rows[] = {
      {AlertKind::over, false, "over: alice has crossed 100/1h of rule stolen (100 counted)"},
      {AlertKind::near, false, "near: alice comes near 100/1h of rule stolen (100 counted)"},
      {AlertKind::blocked, true,
       "blocked: alice has crossed 100/1h of rule stolen (100 counted) and is blocked [shadow: refuses nothing]"},
      {AlertKind::hit, false, "hit: rule stolen acted (reject): alice"},
      {AlertKind::test, false, "test: this is a test alert"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.want);
    Alert alert = over("alice");
    alert.kind = row.kind;
    alert.shadow = row.shadow;
    CHECK(one_line(alert) == row.want);
  }
}

}  // namespace
}  // namespace mailweir
