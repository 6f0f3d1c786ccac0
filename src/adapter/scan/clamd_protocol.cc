// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/clamd_protocol.h"

namespace mailweir {
namespace {

constexpr std::string_view before = "stream: ", found = " FOUND", error = " ERROR";

ScanAnswer said(ScanStatus status, std::string_view why, std::string_view name = {}) {
  ScanAnswer answer;
  answer.status = status;
  answer.why = why;
  answer.name = name;
  return answer;
}

}  // namespace

std::string ClamdProtocol::opening() const { return std::string("zINSTREAM\0", 10); }

void ClamdProtocol::wrap(std::string_view bytes, std::string& out) const {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift & 0xff);
  out += bytes;
}

std::string ClamdProtocol::closing() const { return std::string(4, '\0'); }

std::optional<ScanAnswer> ClamdProtocol::read(std::string_view bytes, bool closed) const {
  // What it says of its own accord, such as COMMAND READ TIMED OUT, ends with a line feed.
  const auto end = bytes.find_first_of(std::string_view("\0\n", 2));
  if (end == bytes.npos && !closed) return {};
  if (bytes.empty()) return said(ScanStatus::temperror, "it closed the connection without an answer");
  if (end == bytes.npos) return said(ScanStatus::temperror, "it broke off within its answer");
  const std::string_view whole = bytes.substr(0, end);
  if (whole == "INSTREAM size limit exceeded. ERROR")
    return said(ScanStatus::unscanned, "the message is larger than clamd's StreamMaxLength");
  if (whole == "stream: OK") return said(ScanStatus::clean, {});
  if (whole.starts_with(before) && whole.ends_with(found) && whole.size() > before.size() + found.size()) {
    const auto name = whole.substr(before.size(), whole.size() - before.size() - found.size());
    if (name.starts_with("Heuristics.Limits.")) return said(ScanStatus::unscanned, name);
    return said(ScanStatus::found, {}, name);
  }
  if (whole.ends_with(error)) return said(ScanStatus::temperror, whole.substr(0, whole.size() - error.size()));
  return said(ScanStatus::temperror, "not an answer of clamd: \"" + std::string(whole.substr(0, 100)) + "\"");
}

}  // namespace mailweir
