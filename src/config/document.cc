// SPDX-License-Identifier: BSD-2-Clause
#include "config/document.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <glob.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "config/syntax_hint.h"

namespace mailweir {
namespace {

constexpr std::size_t largest_file = 16 << 20;

// The one mistake that toml++ tells at another line than where it is: an array's table written as a table.
bool tell_single_brackets(const std::string& path, std::string_view text, std::string_view description,
                          Problems& problems) {
  constexpr std::string_view before = "cannot redefine existing table '", after = "' as array-of-tables";
  const auto start = description.find(before), end = description.find(after);
  if (start == description.npos || end == description.npos) return false;
  const std::string name(description.substr(start + before.size(), end - start - before.size()));
  unsigned line = 0;
  for (const std::string_view each : split(text, '\n')) {
    ++line;
    if (!trimmed(each).starts_with('[' + name + ']')) continue;
    problems.error({path, line, 1}, name, "must be written as [[" + name + "]], each time");
    return true;
  }
  return false;
}

// Reads and parses one file. toml++ names line and column of what it does not understand.
bool read_file(const std::string& path, Document& document, Problems& problems) {
  const Place whole{path, 0, 0};
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    problems.error(whole, "", std::string("cannot be read: ") + std::strerror(errno));
    return false;
  }
  if (S_ISDIR(status.st_mode)) {
    problems.error(whole, "", "is a directory, must be a file");
    return false;
  }
  if (static_cast<std::size_t>(status.st_size) > largest_file) {
    problems.error(whole, "", "is larger than 16 MiB; put long lists in files of their own");
    return false;
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    problems.error(whole, "", std::string("cannot be read: ") + std::strerror(errno));
    return false;
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  try {
    document.files.push_back({path, toml::parse(text, std::string_view(path))});
  } catch (const toml::parse_error& failure) {
    if (tell_single_brackets(path, text, failure.description(), problems)) return false;
    const auto& at = failure.source().begin;
    const std::string hint = syntax_hint(failure.description(), text, at.line, at.column);
    problems.error({path, at.line, at.column}, "",
                   std::string(failure.description()) + (hint.empty() ? "" : "; " + hint));
    return false;
  }
  return true;
}

void include(const toml::node& node, Document& document, Problems& problems) {
  const Place place{document.files.front().path, node.source().begin.line, node.source().begin.column};
  const auto* pattern = node.as_string();
  if (pattern == nullptr) {
    problems.error(place, "include", "must contain only strings, like [\"conf.d/*.toml\"]");
    return;
  }
  const std::string full = document.resolve(pattern->get());
  const auto read = [&](const std::string& path) {
    bool twice = false;
    for (const auto& file : document.files) twice = twice || file.path == path;
    if (twice) problems.error(place, "include", path + " is included twice");
    else document.whole = read_file(path, document, problems) && document.whole;
  };
  if (full.find_first_of("*?[{") == full.npos) {
    // Opened here, so that it is told which directory is in the way, and for whom.
    if (const auto there = open_regular(full); !there) problems.error(place, "include", there.error().what);
    else read(full);
    return;
  }
  glob_t found{};
  const int status = ::glob(full.c_str(), GLOB_BRACE, nullptr, &found);
  if (status != 0 && status != GLOB_NOMATCH) problems.error(place, "include", full + ": cannot be searched");
  for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i) read(found.gl_pathv[i]);
  globfree(&found);
}

}  // namespace

std::string Document::resolve(std::string_view name) const {
  if (name.starts_with('/') || directory.empty()) return std::string(name);
  return directory + '/' + std::string(name);
}

Document read_document(const std::string& path, Problems& problems) {
  Document document;
  const auto slash = path.rfind('/');
  if (slash != path.npos) document.directory = path.substr(0, slash);
  document.whole = read_file(path, document, problems);
  if (!document.whole) return document;
  const auto* includes = document.files.front().table.get("include");
  if (includes == nullptr) return document;
  const auto* array = includes->as_array();
  if (array == nullptr) {
    include(*includes, document, problems);
    return document;
  }
  for (const auto& element : *array) include(element, document, problems);
  return document;
}

}  // namespace mailweir
