// SPDX-License-Identifier: BSD-2-Clause
// Bytes to policy requests: whole ones however they are cut, and what makes no sense.
#include <doctest/doctest.h>

#include <cstring>

#include "policy_door/request.h"

namespace mailweir {
namespace {

const std::string whole =
    "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=SMTP\nclient_address=192.0.2.7\nclient_port="
    "40000\n"
    "sender=a=b@example.com\nrecipient=bob@example.net\nsasl_username=\ninstance=123.456\nunknown_attribute=x\n\n";

void feed(PolicyRequestReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto [room, size] = reader.room();
    REQUIRE(size > 0);
    const auto part = std::min(size, bytes.size());
    std::memcpy(room, bytes.data(), part);
    reader.added(part);
    bytes.remove_prefix(part);
  }
}

void check_whole(const PolicyRequest& request) {
  CHECK(request[Attribute::client_address] == "192.0.2.7");
  CHECK(request[Attribute::client_port] == "40000");
  CHECK(request[Attribute::sender] == "a=b@example.com");
  CHECK(request[Attribute::recipient] == "bob@example.net");
  CHECK(request[Attribute::sasl_username].empty());
  CHECK(request[Attribute::instance] == "123.456");
  CHECK(request[Attribute::queue_id].empty());
  CHECK(request.stage() == Stage::rcpt);
}

TEST_CASE("a request is read wherever it is cut") {
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    CAPTURE(cut);
    PolicyRequestReader reader;
    feed(reader, whole.substr(0, cut));
    auto first = reader.next();
    REQUIRE(static_cast<bool>(first));
    CHECK(first->has_value() == (cut == whole.size()));
    if (cut == whole.size()) continue;
    feed(reader, whole.substr(cut));
    const auto second = reader.next();
    REQUIRE(static_cast<bool>(second));
    REQUIRE(second->has_value());
    check_whole(**second);
    CHECK(reader.empty());
  }
}

TEST_CASE("byte for byte, and many in one read") {
  PolicyRequestReader reader;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    feed(reader, whole.substr(i, 1));
    const auto request = reader.next();
    REQUIRE(static_cast<bool>(request));
    CHECK(request->has_value() == (i + 1 == whole.size()));
  }
  PolicyRequestReader all;
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += whole;
  feed(all, bytes + whole.substr(0, 40));
  for (int i = 0; i < 50; ++i) {
    const auto request = all.next();
    REQUIRE(static_cast<bool>(request));
    REQUIRE(request->has_value());
    check_whole(**request);
  }
  const auto rest = all.next();
  REQUIRE(static_cast<bool>(rest));
  CHECK_FALSE(rest->has_value());
  feed(all, whole.substr(40));
  const auto last = all.next();
  REQUIRE((last && last->has_value()));
  check_whole(**last);
}

TEST_CASE("what is wrong with a request that follows does not touch the one before it") {
  for (const std::string& wrong : {std::string("sender=a\0b\n\n", 13), std::string("hello\n\n")}) {
    PolicyRequestReader reader;
    feed(reader, whole + wrong);
    const auto request = reader.next();
    REQUIRE((request && request->has_value()));
    check_whole(**request);
    CHECK_FALSE(static_cast<bool>(reader.next()));
  }
}

TEST_CASE("requests that make no sense are errors that say why") {
  struct Row {
    std::string label, bytes;
    std::string error;
  };
  const Row rows[] = {
      {"no request=", "client_address=192.0.2.7\n\n", "no request= attribute"},
      {"another protocol", "request=junk\n\n", "request=junk is not smtpd_access_policy"},
      {"a line without =", "request=smtpd_access_policy\nhello\n\n", "a line without name=value: \"hello\""},
      {"a line without a name", "request=smtpd_access_policy\n=x\n\n", "a line without name=value: \"=x\""},
      {"HTTP", "GET / HTTP/1.0\r\nHost: x\r\n\n\n", "a line without name=value: \"GET / HTTP/1.0?\""},
      {"a control byte is not shown", "\x1b[31m\n\n", "a line without name=value: \"?[31m\""},
      {"NUL in a whole request", std::string("request=smtpd_access_policy\nsender=a\0b\n\n", 40), "a NUL byte"},
      {"NUL before the end", std::string("request=\0", 9), "a NUL byte"},
      {"an empty line first", "\n\n", "a line without name=value: \"\""},
      {"an empty line before a request", "\nrequest=smtpd_access_policy\n\n", "a line without name=value: \"\""},
      {"too long a line", std::string(PolicyRequestReader::largest + 1, 'x'),
       "more than 65536 bytes without an empty line"},
      {"too long a request", "request=" + std::string(PolicyRequestReader::largest, 'x') + "\n\n",
       "more than 65536 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    PolicyRequestReader reader;
    std::string error;
    for (std::size_t i = 0; i < row.bytes.size() && error.empty(); ++i) {
      feed(reader, std::string_view(row.bytes).substr(i, 1));
      if (const auto request = reader.next(); !request) error = request.error().what;
    }
    CHECK(error.starts_with(row.error));
  }
  std::string many = "request=smtpd_access_policy\n";
  for (int i = 0; i < 200; ++i) many += "x=y\n";
  PolicyRequestReader reader;
  feed(reader, many + "\n");
  const auto request = reader.next();
  REQUIRE_FALSE(static_cast<bool>(request));
  CHECK(request.error().what == "more than 200 attributes");
}

TEST_CASE("the largest request is still read") {
  std::string text = "request=smtpd_access_policy\nprotocol_state=DATA\nsender=";
  text += std::string(PolicyRequestReader::largest - text.size() - 1, 'x') + "\n";
  REQUIRE(text.size() == PolicyRequestReader::largest);
  PolicyRequestReader reader;
  feed(reader, text + "\n");
  const auto request = reader.next();
  REQUIRE((request && request->has_value()));
  CHECK((*request)->stage() == Stage::data);
}

TEST_CASE("the first of an attribute counts; states become stages") {
  struct Row {
    std::string state;
    std::optional<Stage> want;
  };
  const Row rows[] = {{"CONNECT", Stage::connect},
                      {"EHLO", Stage::helo},
                      {"HELO", Stage::helo},
                      {"MAIL", Stage::mail},
                      {"RCPT", Stage::rcpt},
                      {"DATA", Stage::data},
                      {"END-OF-MESSAGE", Stage::end_of_message},
                      {"VRFY", {}},
                      {"ETRN", {}},
                      {"rcpt", {}},
                      {"", {}}};
  for (const auto& row : rows) {
    CAPTURE(row.state);
    PolicyRequestReader reader;
    feed(reader, "request=smtpd_access_policy\nprotocol_state=" + std::string(row.state) + "\nsender=a\nsender=b\n\n");
    const auto request = reader.next();
    REQUIRE((request && request->has_value()));
    CHECK((*request)->stage() == row.want);
    CHECK((**request)[Attribute::sender] == "a");
  }
}

}  // namespace
}  // namespace mailweir
