// SPDX-License-Identifier: BSD-2-Clause
// Netstrings: whole, in pieces, several at once, and what is none.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "socketmap_door/netstring.h"

using namespace mailweir;

namespace {

constexpr std::size_t largest = 20;

// All texts of the bytes, fed `at_once` at a time; an error ends them with "! why".
std::vector<std::string> read_all(std::string_view bytes, std::size_t at_once, bool* empty = nullptr) {
  NetstringReader reader(largest);
  std::vector<std::string> texts;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, at_once);
    bytes.remove_prefix(piece.size());
    for (;;) {
      const auto next = reader.next(piece);
      if (!next) {
        texts.push_back("! " + next.error().what);
        return texts;
      }
      if (!*next) break;
      texts.emplace_back(**next);
    }
  }
  if (empty != nullptr) *empty = reader.empty();
  return texts;
}

}  // namespace

TEST_CASE("netstring: what is read does not depend on how it comes") {
  struct Row {
    std::string in;
    std::vector<std::string> want;
    bool empty = true;  // afterwards
  };
  const Row rows[] = {
      {"5:hello,", {"hello"}},
      {"0:,", {""}},
      {"5:hello,3:a b,", {"hello", "a b"}},
      {"20:01234567890123456789,", {"01234567890123456789"}},
      {"3:,:,,", {",:,"}},
      {"5:hell", {}, false},
      {"5", {}, false},
      {"5:hello,1", {"hello"}, false},
      {"", {}},
      {"21:", {"! a request of more than 20 bytes"}},
      {"99999999999999999999999999:", {"! a request of more than 20 bytes"}},
      {"5:hello;", {"! a netstring must end with a comma"}},
      {"5:hello,x", {"hello", "! a netstring must begin with its length and a colon"}},
      {":", {"! a netstring must begin with its length and a colon"}},
      {"-1:", {"! a netstring must begin with its length and a colon"}},
      {" 5:hello,", {"! a netstring must begin with its length and a colon"}},
      {"05:hello,", {"! the length of a netstring has a leading zero"}},
      {"00:,", {"! the length of a netstring has a leading zero"}},
      {std::string("\0", 1), {"! a netstring must begin with its length and a colon"}},
  };
  for (const auto& row : rows)
    for (std::size_t at_once = 1; at_once <= row.in.size() + 1; ++at_once) {
      CAPTURE(row.in);
      CAPTURE(at_once);
      bool empty = row.empty;
      CHECK(read_all(row.in, at_once, &empty) == row.want);
      CHECK(empty == row.empty);
    }
}

TEST_CASE("netstring: written as it is read") {
  std::string out;
  append_netstring(out, "OK smtp-ip1:");
  append_netstring(out, "");
  CHECK(out == "12:OK smtp-ip1:,0:,");
}
