// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/http_answer.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t most_head = 16 << 10;

struct Head {
  int status = 0;
  std::string_view phrase;
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

HttpAnswerRead wrong(std::string why) { return {{}, std::move(why)}; }

// What is wrong with the line; "": nothing.
std::string read_status(std::string_view line, Head& head) {
  const bool good = (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) && line.size() >= 12 &&
                    (line.size() == 12 || line[12] == ' ');
  const auto status = good ? to_number(line.substr(9, 3)) : std::nullopt;
  if (!status || *status < 100) return "not an answer of an HTTP server: \"" + cleaned(line, true, 100) + '"';
  head.status = static_cast<int>(*status);
  head.phrase = trimmed(line.substr(12));
  return {};
}

std::string read_field(std::string_view line, Head& head) {
  const auto colon = line.find(':');
  if (colon == line.npos || colon == 0) return "a header field without a name";
  const auto name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (equal_folded(name, "Transfer-Encoding")) {
    if (!equal_folded(value, "chunked") || head.chunked) return "an unknown Transfer-Encoding";
    head.chunked = true;
  } else if (equal_folded(name, "Content-Length")) {
    const auto length = to_number(value);
    if (!length || (head.length && *head.length != *length)) return "a Content-Length that is none";
    head.length = *length;
  }
  return {};
}

std::string read_head(std::string_view text, Head& head) {
  bool first = true;
  for (auto line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (auto why = first ? read_status(line, head) : read_field(line, head); !why.empty()) return why;
    first = false;
  }
  return {};
}

// RFC 9112 7.1. Nothing in `wrong`, and false: more bytes are needed.
bool read_chunks(std::string_view bytes, std::string& body, std::string& wrong) {
  for (;;) {
    const auto end = bytes.find("\r\n");
    if (end == bytes.npos) {
      if (bytes.size() > 1024) wrong = "a chunk without a length";
      return false;
    }
    const auto line = bytes.substr(0, end);
    const auto digits = trimmed(line.substr(0, line.find(';')));
    std::uint32_t size = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
      wrong = "a chunk without a length";
      return false;
    }
    bytes.remove_prefix(end + 2);
    if (size == 0) return bytes.starts_with("\r\n") || bytes.find("\r\n\r\n") != bytes.npos;
    if (bytes.size() < std::size_t{size} + 2) return false;
    if (bytes.substr(size, 2) != "\r\n") {
      wrong = "a chunk that is longer than its length";
      return false;
    }
    body += bytes.substr(0, size);
    bytes.remove_prefix(std::size_t{size} + 2);
  }
}

}  // namespace

HttpAnswerRead read_http_answer(std::string_view bytes, bool closed) {
  const auto more = [&] { return closed ? wrong("it broke off within its answer") : HttpAnswerRead(); };
  if (bytes.empty() && closed) return wrong("it closed the connection without an answer");
  Head head;
  do {
    head = {};
    const auto end = bytes.find("\r\n\r\n");
    if (std::min(end, bytes.size()) > most_head) return wrong("the head of the answer is longer than 16 KiB");
    if (end == bytes.npos) return more();
    if (auto why = read_head(bytes.substr(0, end), head); !why.empty()) return wrong(std::move(why));
    bytes.remove_prefix(end + 4);
  } while (head.status < 200);

  HttpAnswer answer{head.status, std::string(head.phrase), {}};
  if (head.chunked) {
    std::string why;
    if (!read_chunks(bytes, answer.body, why)) return why.empty() ? more() : wrong(std::move(why));
  } else if (head.length) {
    if (bytes.size() < *head.length) return more();
    answer.body = bytes.substr(0, static_cast<std::size_t>(*head.length));
  } else {
    if (!closed) return {};
    answer.body = bytes;
  }
  return {std::move(answer), {}};
}

}  // namespace mailweir
