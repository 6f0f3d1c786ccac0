// SPDX-License-Identifier: BSD-2-Clause
// DKIM's canonical body: the same however the body comes in chunks, and the same as when it is made slowly, line by
// line, after the words of RFC 6376 3.4.3 and 3.4.4.
#include <algorithm>

#include "mail/dkim_canon.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

class Text final : public BodySink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  std::string text;
};

std::string streamed(Canon canon, std::string_view body, std::string_view sizes) {
  Text text;
  BodyCanon stream(canon, text);
  for (std::size_t i = 0; !body.empty(); ++i) {
    const std::size_t size =
        sizes.empty() ? body.size() : static_cast<unsigned char>(sizes[i % sizes.size()]) % 70 + i / 1000;
    stream.feed(body.substr(0, size));
    body.remove_prefix(std::min(size, body.size()));
  }
  stream.finish();
  return text.text;
}

std::string by_the_book(Canon canon, std::string_view body) {
  std::string lines;  // each ends in CRLF
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\n' && (i == 0 || body[i - 1] != '\r')) lines += '\r';
    lines += body[i];
  }
  if (!lines.empty() && !lines.ends_with("\r\n")) lines += "\r\n";
  std::string result;
  while (!lines.empty()) {
    const auto end = lines.find("\r\n");
    std::string line;
    for (const char c : lines.substr(0, end)) {
      const bool blank = canon == Canon::relaxed && (c == ' ' || c == '\t');
      if (!blank) line += c;
      else if (!line.ends_with(' ')) line += ' ';
    }
    if (canon == Canon::relaxed && line.ends_with(' ')) line.pop_back();
    result += line + "\r\n";
    lines.erase(0, end + 2);
  }
  while (result.ends_with("\r\n\r\n") || result == "\r\n") result.resize(result.size() - 2);
  return canon == Canon::simple && result.empty() ? "\r\n" : result;
}

}  // namespace

const std::size_t fuzz::changes = 30'000;

}  // namespace mailweir

// The sizes of the chunks, as bytes, to the first NUL; then the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  const auto end = std::min(text.find('\0'), text.size());
  const auto sizes = text.substr(0, end), body = text.substr(end == text.size() ? 0 : end + 1);
  for (const Canon canon : {Canon::simple, Canon::relaxed}) {
    const auto whole = streamed(canon, body, {});
    fuzz::must(whole.size() <= 2 * body.size() + 2);
    fuzz::must(streamed(canon, body, sizes) == whole);
    fuzz::must(streamed(canon, body, "\1") == whole);
    if (body.size() < 4000) fuzz::must(by_the_book(canon, body) == whole);
    fuzz::must(streamed(canon, whole, sizes) == whole);
  }
  return 0;
}
