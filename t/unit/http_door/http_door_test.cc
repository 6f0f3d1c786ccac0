// SPDX-License-Identifier: BSD-2-Clause
// The http door without its socket: bytes in, answers out, and what becomes of the counters and the log.
#include <string>

#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "base/http_request.h"
#include "http_door/conversation.h"

namespace mailweir {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view rules = R"([milter]
socket = "inet:10025@127.0.0.1"
[http]
[lists]
banned = ["192.0.2.66"]
ours = ["192.0.2.99"]
[[rule]]
name = "banned"
at = "auth"
when = { client_address = "list:banned" }
reject = "535 5.7.8 not from {client_address}"
[[rule]]
name = "address"
at = "auth"
unless = { client_address = "list:ours" }
limit = { by = "client_address", of = "auth-failures", max = "2/1h" }
reject = "535 5.7.8 {count} failures, wait {retry_after}"
[[rule]]
name = "login"
at = "auth"
limit = { by = "sasl_username", of = "auth-failures", max = "3/1d" }
reject = "535 5.7.8 too many failures"
[[rule]]
name = "later"
at = "connect"
limit = { by = "client_address", of = "auth-failures", max = "2/1h" }
drop = "421 4.7.0 no"
)";

class Bytes final : public Conversation::Output {
 public:
  bool flush() override { return true; }
};

std::string post(std::string_view command, std::string_view body, std::string_view fields = "") {
  return "POST /?command=" + std::string(command) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

struct Scene {
  explicit Scene(const std::string& token = "", bool down = false, const std::string& counters = "")
      : engine(std::string(rules) + counters, "", down),
        policy(engine.policy), door{engine.services, policy, {}, stats, token, bad_lines, login_lines} {}

  // What one connection answers to bytes; a "|" behind it: it is closed.
  std::string say(std::string_view bytes) {
    HttpConversation conversation(door);
    Bytes out;
    const bool open = conversation.received(bytes, out);
    return out.buffer() + (open ? "" : "|");
  }
  std::string body(std::string_view bytes) {
    const auto answer = say(bytes);
    const auto at = answer.find("\r\n\r\n");
    return at == answer.npos ? answer : answer.substr(at + 4);
  }
  std::string allow(const std::string& login, const std::string& remote) {
    return body(post("allow",
                     R"({"login":")" + login + R"(","remote":")" + remote + R"(","protocol":"smtp","pwhash":"0123"})"));
  }
  std::string report(const std::string& login, const std::string& remote,
                     const std::string& what = R"("success":false)") {
    return body(post("report", R"({"login":")" + login + R"(","remote":")" + remote + R"(",)" + what + "}"));
  }

  test::Engine engine;
  Snapshot<Policy> policy;
  HttpDoorStats stats;
  OnceAMinute bad_lines, login_lines;
  HttpDoor door;
};

const std::string goes_on = R"({"msg":"","status":0})";

TEST_CASE("http door: requests, good and bad") {
  const std::string good = R"({"login":"alice","remote":"192.0.2.7"})";
  struct Row {
    std::string label, bytes, want;  // want: how the answer begins; "|" at its end: the connection is closed
  };
  const Row rows[] = {
      {"a good one", post("allow", good), "HTTP/1.1 200 "},
      {"no address: a client on the machine", post("allow", R"({"login":"alice"})"), "HTTP/1.1 200 "},
      {"an empty login", post("allow", R"({"login":"","remote":"192.0.2.7"})"), "HTTP/1.1 200 "},
      {"members of other kinds", post("allow", R"({"login":"a","attrs":{"x":[1,2]},"tls":false,"device_id":null})"),
       "HTTP/1.1 200 "},
      {"a query of its own before", "POST /x?a=b&command=allow HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
       "HTTP/1.1 200 "},
      {"close", post("allow", good, "Connection: close\r\n"), "HTTP/1.1 200 |"},
      {"HTTP/1.0", "POST /?command=allow HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 |"},
      {"a body that waits", "POST /?command=allow HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
       "HTTP/1.1 100 "},
      {"half a head", "POST /?command=allow HTTP/1.1\r\nCont", ""},
      {"half a body", "POST /?command=allow HTTP/1.1\r\nContent-Length: 20\r\n\r\n{", ""},
      {"another command", post("kill", good), "HTTP/1.1 404 |"},
      {"no command", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 404 |"},
      {"GET", "GET /?command=allow HTTP/1.1\r\n\r\n", "HTTP/1.1 405 |"},
      {"no length", "POST /?command=allow HTTP/1.1\r\n\r\n", "HTTP/1.1 411 |"},
      {"two lengths", "POST /?command=allow HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
       "HTTP/1.1 400 |"},
      {"a length below zero", "POST /?command=allow HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}", "HTTP/1.1 400 |"},
      {"a length beyond all", "POST /?command=allow HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
       "HTTP/1.1 400 |"},
      {"huge", "POST /?command=allow HTTP/1.1\r\nContent-Length: 16385\r\n\r\n", "HTTP/1.1 413 |"},
      {"a huge head", "POST /?command=allow HTTP/1.1\r\nX: " + std::string(9000, 'x'), "HTTP/1.1 431 |"},
      {"many fields",
       "POST /?command=allow HTTP/1.1\r\n" +
           [] {
             std::string all;
             for (int i = 0; i < 70; ++i) all += "X: y\r\n";
             return all;
           }() +
           "\r\n",
       "HTTP/1.1 431 |"},
      {"chunks", "POST /?command=allow HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 501 |"},
      {"a field without a name", "POST /?command=allow HTTP/1.1\r\n: x\r\n\r\n", "HTTP/1.1 400 |"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 |"},
      {"no HTTP", "\x16\x03\x01 hello\r\n\r\n", "HTTP/1.1 400 |"},
      {"no JSON", post("allow", "login=alice"), "HTTP/1.1 400 |"},
      {"nothing", post("allow", ""), "HTTP/1.1 400 |"},
      {"no object", post("allow", "[]"), "HTTP/1.1 400 |"},
      {"deep", post("allow", std::string(16000, '[')), "HTTP/1.1 400 |"},
      {"not UTF-8", post("allow", "{\"login\":\"\xff\"}"), "HTTP/1.1 400 |"},
      {"a login of another kind", post("allow", R"({"login":7})"), "HTTP/1.1 400 |"},
      {"a login that is too long", post("allow", R"({"login":")" + std::string(513, 'a') + "\"}"), "HTTP/1.1 400 |"},
      {"no address", post("allow", R"({"login":"a","remote":"here"})"), "HTTP/1.1 400 |"},
      {"a report without success", post("report", good), "HTTP/1.1 400 |"},
      {"success in words", post("report", R"({"login":"a","success":"false"})"), "HTTP/1.1 400 |"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    Scene scene;
    auto got = scene.say(row.bytes);
    const bool closed = got.ends_with('|');
    CHECK(closed == row.want.ends_with('|'));
    const auto start = row.want.substr(0, row.want.size() - (row.want.ends_with('|') ? 1 : 0));
    CHECK((start.empty() ? got.empty() : got.starts_with(start)));
    CHECK(scene.engine.log.of("bad-http-request").size() ==
          (row.want.find(" 4") != row.want.npos || row.want.find(" 5") != row.want.npos ? 1 : 0));
  }
}

TEST_CASE("http door: bytes one by one, and several requests at once") {
  Scene scene;
  const auto both = post("report", R"({"login":"alice","remote":"192.0.2.7","success":false})") +
                    post("allow", R"({"login":"alice","remote":"192.0.2.7"})");
  HttpConversation stream(scene.door);
  Bytes one, all;
  for (const char c : both) REQUIRE(stream.received(std::string_view(&c, 1), one));
  REQUIRE(stream.received(both, all));
  CHECK(one.buffer() == all.buffer());
  CHECK(scene.door.stats.failures == 2);
  CHECK(scene.door.stats.asked == 2);
}

TEST_CASE("http door: a request has ten seconds, however it drips in") {
  Scene scene;
  HttpConversation stream(scene.door);
  Bytes out;
  for (int i = 0; i < 4; ++i) {
    REQUIRE(stream.received("P", out));
    CHECK(stream.patience() == seconds(10));
    scene.engine.clock.advance(seconds(3));
  }
  CHECK_FALSE(stream.received("P", out));
  CHECK(out.buffer().starts_with("HTTP/1.1 400 "));
  CHECK(scene.engine.log.of("bad-http-request").size() == 1);
  CHECK(HttpConversation(scene.door).patience() == seconds(60));
}

TEST_CASE("http door: the token") {
  struct Row {
    std::string label, fields;
    bool good;
  };
  const Row rows[] = {
      {"alone", "X-API-Key: s3cret-token\r\n", true},
      {"the name in other letters", "x-api-KEY:  s3cret-token \r\n", true},
      {"as Authorization", "Authorization: Bearer s3cret-token\r\n", true},
      {"none", "", false},
      {"empty", "X-API-Key:\r\n", false},
      {"another", "X-API-Key: s3cret-tokem\r\n", false},
      {"its beginning", "X-API-Key: s3cret\r\n", false},
      {"more than it", "X-API-Key: s3cret-token2\r\n", false},
      {"twice over", "X-API-Key: s3cret-tokens3cret-token\r\n", false},
      {"another scheme", "Authorization: Basic s3cret-token\r\n", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    Scene scene("s3cret-token");
    const auto answer =
        scene.say(post("report", R"({"login":"alice","remote":"192.0.2.7","success":false})", row.fields));
    CHECK(answer.starts_with(row.good ? "HTTP/1.1 200 " : "HTTP/1.1 401 "));
    CHECK(scene.engine.counted("address") == (row.good ? 1 : 0));
    CHECK(scene.engine.log.of("http-unauthorized").size() == (row.good ? 0 : 1));
    for (const auto& line : scene.engine.log.lines) CHECK(line.text.find("s3cret") == line.text.npos);
  }
}

TEST_CASE("http door: failures count by address and by login, and refuse from there on") {
  Scene scene;
  for (int i = 0; i < 3; ++i) {
    CHECK(scene.allow("alice", "192.0.2.7") == goes_on);
    scene.report("alice", "192.0.2.7");
  }
  CHECK(scene.engine.counted("address", "192.0.2.7") == 3);
  CHECK(scene.engine.counted("login", "alice") == 3);
  CHECK(scene.allow("alice", "192.0.2.7").starts_with(R"({"msg":"3 failures, wait )"));
  CHECK(scene.allow("bob", "192.0.2.7").ends_with(R"("status":-1})"));
  CHECK(scene.allow("alice", "192.0.2.8") == goes_on);
  scene.report("Alice", "192.0.2.8");
  CHECK(scene.allow("alice", "192.0.2.9") == R"({"msg":"too many failures","status":-1})");
  CHECK(scene.allow("bob", "192.0.2.9") == goes_on);
  // Asking counts nothing, and the other doors refuse by the same failures.
  CHECK(scene.engine.counted("login", "alice") == 4);
  test::Mail guessing;
  CHECK(test::rule_of(scene.engine.session(Door::milter, guessing)->judge(Stage::connect)) == "later");
  guessing.client = "192.0.2.8";
  CHECK(test::rule_of(scene.engine.session(Door::milter, guessing)->judge(Stage::connect)) == "-");
  scene.engine.clock.advance(std::chrono::hours(2));
  CHECK(scene.allow("bob", "192.0.2.7") == goes_on);
}

TEST_CASE("http door: what counts as a failure") {
  struct Row {
    std::string label, what, remote;
    std::uint64_t address, login;
  };
  const Row rows[] = {
      {"a wrong password", R"("success":false,"policy_reject":false,"fail_type":"credentials")", "192.0.2.7", 1, 1},
      {"an unknown account", R"("success":false,"fail_type":"account")", "192.0.2.7", 1, 1},
      {"not said why", R"("success":false)", "192.0.2.7", 1, 1},
      {"success", R"("success":true)", "192.0.2.7", 0, 0},
      {"refused by a rule before a password was looked at", R"("success":false,"policy_reject":true)", "192.0.2.7", 0,
       0},
      {"the same in other words", R"("success":false,"fail_type":"policy")", "192.0.2.7", 0, 0},
      {"the server's own trouble", R"("success":false,"fail_type":"internal")", "192.0.2.7", 0, 0},
      {"the right password, but expired", R"("success":false,"fail_type":"expired")", "192.0.2.7", 0, 0},
      {"a rule's unless", R"("success":false)", "192.0.2.99", 0, 1},
      {"IPv4 in IPv6", R"("success":false)", "::ffff:192.0.2.7", 1, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    Scene scene;
    CHECK(scene.report("alice", row.remote, row.what) == goes_on);
    CHECK(scene.engine.counted("address", "192.0.2.7") == row.address);
    CHECK(scene.engine.counted("login") == row.login);
  }
}

TEST_CASE("http door: conditions, and words that come from outside") {
  Scene scene;
  CHECK(scene.allow("alice", "192.0.2.66") == R"({"msg":"not from 192.0.2.66","status":-1})");
  for (int i = 0; i < 4; ++i) scene.report(R"(a\" x=y\r\nevent=forged\u0000)", "192.0.2.7");
  scene.allow(R"(a\" x=y\r\nevent=forged\u0000)", "192.0.2.8");
  for (const auto& line : scene.engine.log.lines) CHECK(line.text.find_first_of("\r\n") == line.text.npos);
  CHECK(scene.engine.log.of("forged").empty());
}

TEST_CASE("http door: counters that are down let logins go on, or refuse, as on_outage says") {
  Scene on("", true), defer("", true, "[counters]\non_outage = \"defer\"\n");
  on.report("alice", "192.0.2.7");
  CHECK(on.allow("alice", "192.0.2.7") == goes_on);
  CHECK(on.engine.log.of("auth-failure").size() == 1);
  CHECK(defer.allow("alice", "192.0.2.7").ends_with(R"("status":-1})"));
}

TEST_CASE("http door: a client that guesses does not fill the log") {
  Scene scene;
  for (int i = 0; i < 500; ++i) {
    scene.report("alice", "192.0.2.7");
    scene.allow("alice", "192.0.2.7");
  }
  CHECK(scene.engine.log.of("auth-failure").size() == 1);
  const auto refused = scene.engine.log.of("verdict");
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].find(" stage=auth door=http action=reject rule=address ") != refused[0].npos);
  CHECK(refused[0].find(" client_address=192.0.2.7 sasl_username=alice ") != refused[0].npos);
  scene.engine.clock.advance(minutes(1));
  scene.allow("alice", "192.0.2.7");
  CHECK(scene.engine.log.of("verdict").back().find(" left_out=497 ") != std::string::npos);
  CHECK(scene.engine.log.lines.size() == 3);
}

TEST_CASE("once a minute: of each key, and beyond the bound of all together") {
  OnceAMinute lines(2);
  SteadyTime now{};
  now += minutes(10);
  CHECK(lines.due("a", now) == 0);
  CHECK_FALSE(lines.due("a", now + seconds(59)));
  CHECK(lines.due("b", now) == 0);
  CHECK(lines.due("c", now) == 0);  // for all that have no room
  CHECK_FALSE(lines.due("d", now));
  CHECK(lines.due("a", now + seconds(60)) == 1);
  CHECK(lines.due("e", now + seconds(61)) == 0);  // b was forgotten
}

}  // namespace
}  // namespace mailweir
