// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/what_if.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace mailweir {

bool read_message(const std::string& path, WhatIf& what) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "mailweirctl: " << path << ": " << std::strerror(errno) << '\n';
    return false;
  }
  HeaderList headers;
  what.size = 0;
  std::string name, value, line;
  const auto finish = [&] {
    if (!name.empty() && !headers.receive(name, value)) std::cerr << "mailweirctl: " << path << ": the header is too large, the rest is left out\n";
    name.clear();
  };
  while (std::getline(file, line)) {
    what.size += line.size() + 1;
    if (line.ends_with('\r')) line.pop_back();
    else ++what.size;  // as SMTP carries it
    if (line.empty()) break;
    if ((line[0] == ' ' || line[0] == '\t') && !name.empty()) {
      value += '\n' + line;
      continue;
    }
    finish();
    const auto colon = line.find(':');
    if (colon == line.npos) break;  // no header field: the body begins
    name = line.substr(0, colon);
    value = line.substr(colon + 1);
  }
  finish();
  while (std::getline(file, line)) what.size += line.size() + (line.ends_with('\r') ? 1 : 2);
  if (file.bad()) {  // opened, and then not read: a directory
    std::cerr << "mailweirctl: " << path << ": " << (std::filesystem::is_directory(path) ? "is a directory, must be a message file" : "cannot be read") << '\n';
    return false;
  }
  what.headers = std::move(headers);
  what.file = path;
  return true;
}

bool read_body(const std::string& path, const std::function<void(std::string_view)>& take) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  bool in_header = true;
  while (std::getline(file, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (in_header) {
      const bool field = !line.empty() && (line[0] == ' ' || line[0] == '\t' || line.find(':') != line.npos);
      in_header = field;
      if (field || line.empty()) continue;  // a line that is no field is the body's first
    }
    line += "\r\n";
    take(line);
  }
  return file.eof();
}

}  // namespace mailweir
