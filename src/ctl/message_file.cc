// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/message_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>

#include "base/text.h"

namespace mailweir {
namespace {

// The name of a field, "" if the line begins none. Blanks before the colon are not part of it: Postfix drops them, RFC
// 5322 4.5 has them as obsolete syntax.
std::string_view field_name(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos || line[0] == ' ' || line[0] == '\t') return {};
  const auto name = trimmed(line.substr(0, colon));
  const bool good = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return good ? name : std::string_view();
}

constexpr std::size_t most_header_bytes = 128 << 20;  // twice what max_header_size may be

// A mailbox file's line before a message.
bool is_envelope_line(std::string_view line) { return line.starts_with("From ") && field_name(line).empty(); }

}  // namespace

HeaderList MessageFile::headers() const {
  HeaderList list;
  for (const auto& field : fields) {
    if (list.receive(field.name, field.value)) continue;
    std::cerr << "mailweirctl: " << path << ": the header is too large, the rest is ignored\n";
    break;
  }
  return list;
}

std::optional<MessageFile> read_message(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "mailweirctl: " << path << ": " << std::strerror(errno) << '\n';
    return {};
  }
  MessageFile message;
  message.path = path;
  std::uint64_t& size = message.size;
  std::string line;
  bool first = true;
  while (std::getline(file, line)) {
    size += line.size() + 1;
    if (line.ends_with('\r')) line.pop_back();
    else ++size;  // as SMTP carries it
    if (line.empty() || size > most_header_bytes) break;
    if (std::exchange(first, false) && is_envelope_line(line)) continue;
    if ((line[0] == ' ' || line[0] == '\t') && !message.fields.empty()) {
      message.fields.back().value += '\n' + line;
      continue;
    }
    const std::string name(field_name(line));
    if (name.empty()) break;  // no header field: the body begins
    message.fields.push_back({name, line.substr(line.find(':') + 1)});
  }
  while (std::getline(file, line)) size += line.size() + (line.ends_with('\r') ? 1 : 2);
  if (file.bad()) {  // opened, and then not read: a directory
    std::cerr << "mailweirctl: " << path << ": "
              << (std::filesystem::is_directory(path) ? "is a directory, must be a message file" : "cannot be read")
              << '\n';
    return {};
  }
  return message;
}

bool MessageFile::read_body(const std::function<void(std::string_view)>& take) const {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  bool in_header = true, first = true;
  while (std::getline(file, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (in_header) {
      const bool folded = !line.empty() && (line[0] == ' ' || line[0] == '\t') && !first;
      const bool field = folded || !field_name(line).empty() || (first && is_envelope_line(line));
      first = false;
      in_header = field;
      if (field || line.empty()) continue;  // a line that is no field is the body's first
    }
    line += "\r\n";
    take(line);
  }
  return file.eof();
}

}  // namespace mailweir
