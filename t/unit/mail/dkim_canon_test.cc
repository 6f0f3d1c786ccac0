// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <random>

#include "mail/dkim_canon.h"

using namespace mailweir;

namespace {

struct Collect final : BodySink {
  void write(std::string_view bytes) override { text += bytes; }
  std::string text;
};
struct Count final : BodySink {
  void write(std::string_view bytes) override { size += bytes.size(); }
  std::size_t size = 0;
};

std::string header(Canon canon, std::string_view name, std::string_view value) {
  std::string text;
  append_canonical_header(text, canon, name, value);
  return text;
}

// The body in chunks of `size` bytes.
std::string body(Canon canon, std::string_view text, std::size_t size = std::string_view::npos) {
  Collect sink;
  BodyCanon stream(canon, sink);
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) stream.feed(text.substr(0, size));
  stream.finish();
  return sink.text;
}

// The same as RFC 6376 3.4.3 and 3.4.4 say it, with the whole body at hand and no regard to speed.
std::string plain_body(Canon canon, const std::string& text) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (crlf || text[i] == '\n') lines.emplace_back();
    else lines.back() += text[i];
    i += crlf;
  }
  std::string result;
  std::size_t last = 0;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    std::string line;
    for (const char c : lines[n]) {
      const bool blank = c == ' ' || c == '\t';
      if (canon == Canon::simple || !blank) line += c;
      else if (!line.ends_with(' ')) line += ' ';
    }
    if (canon == Canon::relaxed && line.ends_with(' ')) line.pop_back();
    if (!line.empty()) last = n + 1;
    lines[n] = line;
  }
  for (std::size_t n = 0; n < last; ++n) result += lines[n] + "\r\n";
  return last == 0 && canon == Canon::simple ? "\r\n" : result;
}

}  // namespace

TEST_CASE("dkim: canonical header fields") {
  struct Row {
    const char *name, *value, *simple, *relaxed;
  };
  const Row rows[] = {
      {"A", " X", "A: X\r\n", "a:X\r\n"},                          // RFC 6376 3.4.5
      {"B ", " Y\t\n\tZ  ", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},  // RFC 6376 3.4.5
      {"B ", " Y\t\r\n\tZ  ", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n"},
      {"Subject", "no blank", "Subject:no blank\r\n", "subject:no blank\r\n"},
      {"SUBJECT", "  two", "SUBJECT:  two\r\n", "subject:two\r\n"},
      {"To", "", "To:\r\n", "to:\r\n"},
      {"To", " \n\t", "To: \r\n\t\r\n", "to:\r\n"},
      {"X", " a\n b\n\t c", "X: a\r\n b\r\n\t c\r\n", "x:a b c\r\n"},
      {"X", "\n a", "X:\r\n a\r\n", "x:a\r\n"},
      {"X", " b\xc3\xbc \xff", "X: b\xc3\xbc \xff\r\n", "x:b\xc3\xbc \xff\r\n"},
      {"X", " a\rb", "X: a\rb\r\n", "x:a\rb\r\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.value);
    CHECK(header(Canon::simple, row.name, row.value) == row.simple);
    CHECK(header(Canon::relaxed, row.name, row.value) == row.relaxed);
  }
}

TEST_CASE("dkim: canonical bodies, in every chunking") {
  struct Row {
    const char *in, *simple, *relaxed;
  };
  const Row rows[] = {
      {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},  // RFC 6376 3.4.5
      {"", "\r\n", ""},
      {"\r\n", "\r\n", ""},
      {"\r\n\r\n\r\n", "\r\n", ""},
      {"\n\n\n", "\r\n", ""},
      {" \t\r\n", " \t\r\n", ""},
      {" \t\r\n \r\n\r\n", " \t\r\n \r\n", ""},
      {"   ", "   \r\n", ""},
      {"a", "a\r\n", "a\r\n"},
      {"a\r\n", "a\r\n", "a\r\n"},
      {"a\n", "a\r\n", "a\r\n"},
      {"a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"},
      {"a\r\n\r\nb\r\n\r\n", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"a\n\n\nb", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
      {"\r\n\r\na", "\r\n\r\na\r\n", "\r\n\r\na\r\n"},
      {"a \r\n \r\nb", "a \r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
      {"a \t b\t\tc ", "a \t b\t\tc \r\n", "a b c\r\n"},
      {"a\tb", "a\tb\r\n", "a b\r\n"},
      {" a", " a\r\n", " a\r\n"},
      {"\ta", "\ta\r\n", " a\r\n"},
      {".\r\n..\r\n", ".\r\n..\r\n", ".\r\n..\r\n"},
      {"a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
      {"a\r", "a\r\r\n", "a\r\r\n"},
      {"a \r b", "a \r b\r\n", "a \r b\r\n"},
      {"a\r\r\nb", "a\r\r\nb\r\n", "a\r\r\nb\r\n"},
      {"\r", "\r\r\n", "\r\r\n"},
      {"\xff\xc3\xbc \x80", "\xff\xc3\xbc \x80\r\n", "\xff\xc3\xbc \x80\r\n"},
      {"a line of more than sixteen bytes \r\nand another  one of them\nthird line that is long\r\n\r\n",
       "a line of more than sixteen bytes \r\nand another  one of them\r\nthird line that is long\r\n",
       "a line of more than sixteen bytes\r\nand another one of them\r\nthird line that is long\r\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(plain_body(Canon::simple, row.in) == row.simple);
    CHECK(plain_body(Canon::relaxed, row.in) == row.relaxed);
    CHECK(body(Canon::simple, row.in) == row.simple);
    CHECK(body(Canon::relaxed, row.in) == row.relaxed);
    const std::string text = row.in;
    // Every way to cut it into pieces, where there are not too many (2^(n-1)); else every place for two cuts.
    if (text.size() <= 12) {
      for (std::uint32_t cuts = 0; cuts < 1u << text.size(); ++cuts) {
        for (const Canon canon : {Canon::simple, Canon::relaxed}) {
          Collect sink;
          BodyCanon stream(canon, sink);
          std::size_t start = 0;
          for (std::size_t i = 0; i < text.size(); ++i) {
            if ((cuts >> i & 1) == 0) continue;
            stream.feed(std::string_view(text).substr(start, i - start));
            start = i;
          }
          stream.feed(std::string_view(text).substr(start));
          stream.finish();
          REQUIRE(sink.text == (canon == Canon::simple ? row.simple : row.relaxed));
        }
      }
    }
    for (std::size_t size = 1; size <= text.size(); ++size) {
      CHECK(body(Canon::simple, text, size) == row.simple);
      CHECK(body(Canon::relaxed, text, size) == row.relaxed);
    }
  }
}

TEST_CASE("dkim: canonical bodies agree with the plain reading of the RFC") {
  std::mt19937 random(6376);
  const std::string kinds[] = {" \t\r\nab", "\r\n", "  \r\nabcdefghijklmnop", "abcdefgh \r\n", "a\n", "\t\t a\r\n\r\n"};
  for (int round = 0; round < 4000; ++round) {
    const auto& kind = kinds[random() % std::size(kinds)];
    const bool by_bytes = random() % 2 == 0;
    std::string text;
    for (std::size_t left = random() % 200; left > 0; --left) {
      if (by_bytes) text += kind[random() % kind.size()];
      else
        text += random() % 4 == 0   ? std::string("\r\n")
                : random() % 3 == 0 ? std::string(random() % 3, ' ')
                                    : std::string(random() % 40, 'x');
    }
    const auto size = 1 + random() % 70;
    CAPTURE(text);
    CAPTURE(size);
    for (const Canon canon : {Canon::simple, Canon::relaxed}) {
      const auto want = plain_body(canon, text);
      REQUIRE(body(canon, text) == want);
      REQUIRE(body(canon, text, size) == want);
    }
  }
}

TEST_CASE("dkim: big bodies pass through blocks of a few KB unharmed") {
  std::string text;
  for (int i = 0; i < 3000; ++i)
    text += std::string(static_cast<std::size_t>(i) % 90, 'x') +
            (i % 7 == 0   ? " \r\n"
             : i % 5 == 0 ? "\n"
                          : "\r\n") +
            (i % 11 == 0 ? "a  b" : "");
  text += std::string(20'000, 'y') + "\r\n" + std::string(4096, 'z') + "\t" + std::string(2048, 'z') + "\r\n";
  for (const Canon canon : {Canon::simple, Canon::relaxed}) {
    const auto want = plain_body(canon, text);
    for (const std::size_t size : {1ul, 15ul, 16ul, 17ul, 4095ul, 4096ul, 65535ul, text.size()}) {
      CAPTURE(size);
      CHECK(body(canon, text, size) == want);
    }
  }
}

TEST_CASE("dkim: ten million empty lines are held as a number") {
  static_assert(sizeof(BodyCanon) < 8192);
  std::string blank;
  for (int i = 0; i < 5000; ++i) blank += "\r\n";
  for (const Canon canon : {Canon::simple, Canon::relaxed}) {
    Count sink;
    BodyCanon stream(canon, sink);
    stream.feed("a\r\n");
    for (int i = 0; i < 2000; ++i) stream.feed(blank);
    CHECK(sink.size <= 1);
    stream.finish();
    CHECK(sink.size == 3);
  }
}
