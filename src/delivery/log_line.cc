// SPDX-License-Identifier: BSD-2-Clause
#include "delivery/log_line.h"

#include <algorithm>

#include "delivery/log_words.h"
#include "delivery/postfix_line.h"
#include "delivery/sendmail_line.h"

namespace mailweir {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "Dec  1 07:30:58 " (RFC 3164 4.1.2), or "2026-12-01T07:30:58.123456+00:00 " (RFC 3339).
bool take_time(LogWords& words) {
  const std::string_view line = words.left();
  if (line.size() > 16 && line[3] == ' ' && line[6] == ' ' && line[9] == ':' && line[12] == ':' && line[15] == ' ')
    return words.take(line.substr(0, 16));
  if (line.size() < 21 || line[4] != '-' || line[7] != '-' || line[10] != 'T') return false;
  const auto time = words.before(" ");
  return time && time->size() <= 40;
}

bool is_program(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '/' ||
           c == '.';
  });
}

}  // namespace

std::optional<DeliveryEvent> read_log_message(std::string_view program, std::string_view message) {
  if (!is_program(program)) return {};
  if (program == "sendmail" || program == "sm-mta" || program == "sendmail-mta") return read_sendmail_line(message);
  const auto slash = program.rfind('/');
  if (slash == program.npos) return {};
  return read_postfix_line(program.substr(slash + 1), message);
}

std::optional<DeliveryEvent> read_log_line(std::string_view line) {
  LogWords words(line);
  if (!take_time(words) || !words.before(" ")) return {};  // the host
  const auto program = words.before("[");
  const auto pid = words.before("]: ");
  if (!program || !pid || pid->size() > 10 || !std::ranges::all_of(*pid, is_digit)) return {};
  return read_log_message(*program, words.left());
}

}  // namespace mailweir
