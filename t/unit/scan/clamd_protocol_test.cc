// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/clamd_protocol.h"

#include <doctest/doctest.h>

namespace mailweir {
namespace {

using namespace std::string_literals;

TEST_CASE("clamd: a message goes out in chunks behind their length, the empty chunk is its end") {
  const ClamdProtocol clamd;
  CHECK(clamd.opening() == "zINSTREAM\0"s);
  CHECK(clamd.closing() == "\0\0\0\0"s);
  CHECK(!clamd.half_closes());
  struct Row {
    std::string bytes, want;
  };
  const Row rows[] = {{"a", "\0\0\0\1a"s},
                      {"\0\n"s, "\0\0\0\2\0\n"s},
                      {std::string(258, 'x'), "\0\0\1\2"s + std::string(258, 'x')},
                      {std::string(65536, 'x'), "\0\1\0\0"s + std::string(65536, 'x')}};
  for (const auto& row : rows) {
    CAPTURE(row.bytes.size());
    std::string out = "before";
    clamd.wrap(row.bytes, out);
    CHECK(out == "before" + row.want);
  }
}

TEST_CASE("clamd: what its answers mean, whole and byte by byte") {
  struct Row {
    std::string said;
    ScanStatus want;
    std::string name, why;
  };
  const Row rows[] = {
      {"stream: OK\0"s, ScanStatus::clean, "", ""},
      {"stream: OK\n", ScanStatus::clean, "", ""},
      {"stream: Eicar-Test-Signature FOUND\0"s, ScanStatus::found, "Eicar-Test-Signature", ""},
      {"stream: A name FOUND FOUND\0"s, ScanStatus::found, "A name FOUND", ""},
      {"stream: Test.Eicar.UNOFFICIAL(44d88612fea8a8f36de82e1278abb02f:68) FOUND\0"s, ScanStatus::found,
       "Test.Eicar.UNOFFICIAL(44d88612fea8a8f36de82e1278abb02f:68)", ""},
      {"stream: Heuristics.Encrypted.Zip FOUND\0"s, ScanStatus::found, "Heuristics.Encrypted.Zip", ""},
      {"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0"s, ScanStatus::unscanned, "",
       "Heuristics.Limits.Exceeded.MaxFileSize"},
      {"INSTREAM size limit exceeded. ERROR\0"s, ScanStatus::unscanned, "",
       "the message is larger than clamd's StreamMaxLength"},
      {"stream: Can't allocate memory ERROR\0"s, ScanStatus::temperror, "", "stream: Can't allocate memory"},
      {"COMMAND READ TIMED OUT\n", ScanStatus::temperror, "", "not an answer of clamd: \"COMMAND READ TIMED OUT\""},
      {"UNKNOWN COMMAND\0"s, ScanStatus::temperror, "", "not an answer of clamd: \"UNKNOWN COMMAND\""},
      {"stream: FOUND\0"s, ScanStatus::temperror, "", "not an answer of clamd: \"stream: FOUND\""},
      {"stream:  FOUND\0"s, ScanStatus::temperror, "", "not an answer of clamd: \"stream:  FOUND\""},
      {"stream: OK FOUND? no\0"s, ScanStatus::temperror, "", "not an answer of clamd: \"stream: OK FOUND? no\""},
      {"1: stream: OK\0"s, ScanStatus::temperror, "", "not an answer of clamd: \"1: stream: OK\""},
      {"\0"s, ScanStatus::temperror, "", "not an answer of clamd: \"\""},
      {"HTTP/1.1 200 OK\r\n", ScanStatus::temperror, "", "not an answer of clamd: \"HTTP/1.1 200 OK\r\""},
      {"stream: OK\0stream: Eicar FOUND\0"s, ScanStatus::clean, "", ""},
  };
  const ClamdProtocol clamd;
  for (const auto& row : rows) {
    CAPTURE(row.said);
    const auto end = row.said.find_first_of("\0\n"s);
    for (std::size_t size = 0; size <= end; ++size) CHECK(!clamd.read(row.said.substr(0, size), false));
    for (const bool closed : {false, true}) {
      const auto answer = clamd.read(row.said, closed);
      REQUIRE(answer);
      CHECK(answer->status == row.want);
      CHECK(answer->name == row.name);
      CHECK(answer->why == row.why);
    }
  }
}

TEST_CASE("clamd: a connection that ends too early is no answer, however much of one has come") {
  const ClamdProtocol clamd;
  for (const std::string said : {"", "stream: OK", "stream: Eicar FOUND", "INSTREAM size limit"}) {
    CAPTURE(said);
    const auto answer = clamd.read(said, true);
    REQUIRE(answer);
    CHECK(answer->status == ScanStatus::temperror);
    CHECK(!answer->why.empty());
  }
  CHECK(clamd.longest_answer() >= 1024);
}

}  // namespace
}  // namespace mailweir
