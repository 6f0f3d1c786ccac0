// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/spamd_protocol.h"

#include <charconv>
#include <cmath>

#include "adapter/scan/spam_symbols.h"
#include "base/text.h"

namespace mailweir {
namespace {

ScanAnswer trouble(std::string why) {
  ScanAnswer answer;
  answer.why = std::move(why);
  return answer;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  if (!std::isfinite(value) || std::fabs(value) > 1e9) return {};
  return value;
}

struct Scores {
  double score = 0, required = 0;
};

// "True ; 15.0 / 5.0"
std::optional<Scores> scores_of(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == value.npos) return {};
  const auto slash = value.find('/', semicolon);
  if (slash == value.npos) return {};
  const auto score = number(trimmed(value.substr(semicolon + 1, slash - semicolon - 1)));
  const auto required = number(trimmed(value.substr(slash + 1)));
  if (!score || !required) return {};
  return Scores{*score, *required};
}

// "SPAMD/1.1 0 EX_OK": what is wrong with it, "": nothing.
std::string wrong_status(std::string_view line) {
  const auto parts = words(line);
  const auto code = parts.size() >= 2 && parts[0].starts_with("SPAMD/") ? to_number(parts[1]) : std::nullopt;
  if (!code) return "not an answer of spamd: \"" + cleaned(line, true, 100) + '"';
  if (*code != 0) return "it answered \"" + cleaned(line, true, 200) + '"';
  return {};
}

}  // namespace

std::optional<ScanAnswer> SpamdProtocol::read(std::string_view bytes, bool closed) const {
  if (bytes.empty() && closed) return trouble("it closed the connection without an answer");
  const auto line_end = bytes.find("\r\n");
  const auto broke_off = [&] {
    return closed ? std::optional<ScanAnswer>(trouble("it broke off within its answer")) : std::nullopt;
  };
  if (line_end == bytes.npos) return broke_off();
  if (auto why = wrong_status(bytes.substr(0, line_end)); !why.empty()) return trouble(std::move(why));
  const auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return broke_off();

  std::optional<Scores> scores;
  std::optional<std::uint64_t> length;
  for (auto line : split(bytes.substr(0, end), '\n')) {
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    const auto name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (equal_folded(name, "Spam")) scores = scores_of(value);
    if (equal_folded(name, "Content-length")) {
      length = to_number(value);
      if (!length) return trouble("it answered with a Content-length that is none");
    }
  }
  if (!scores) return trouble("its answer has no score");
  auto body = bytes.substr(end + 4);
  if (length ? body.size() < *length : !closed) return broke_off();
  if (length) body = body.substr(0, static_cast<std::size_t>(*length));

  ScanAnswer answer;
  std::vector<SpamSymbol> symbols;
  for (const auto name : split(trimmed(body), ',')) symbols.push_back({std::string(trimmed(name)), 0});
  answer.symbols = told_symbols(std::move(symbols));
  answer.score = scores->score;
  const bool spam = scores->score >= scores->required;
  answer.action = spam ? "add header" : "no action";
  answer.status = spam ? ScanStatus::found : ScanStatus::clean;
  return answer;
}

}  // namespace mailweir
