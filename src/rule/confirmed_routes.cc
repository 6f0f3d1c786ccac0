// SPDX-License-Identifier: BSD-2-Clause
#include "rule/confirmed_routes.h"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "base/file.h"
#include "base/new_file.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_file = 1 << 20;

std::string line_of(MailServer server, const NamedRoute& route) {
  return std::string(to_string(server)) + ' ' + route.printed();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  const auto file = open_regular(path);
  if (!file) return lines;
  std::string text;
  char part[4096];
  for (ssize_t got = 0; text.size() < longest_file && (got = ::read(file->get(), part, sizeof part)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return lines;
    text.append(part, static_cast<std::size_t>(got));
  }
  for (const auto line : split(text, '\n'))
    if (!line.empty()) lines.emplace_back(line);
  return lines;
}

}  // namespace

std::string_view to_string(MailServer server) { return server == MailServer::postfix ? "postfix" : "sendmail"; }

bool ConfirmedRoutes::has(MailServer server, const NamedRoute& route) const {
  return std::ranges::count(lines_of(path_), line_of(server, route)) != 0;
}

// The daemon, another user, has to read it.
Result<void> ConfirmedRoutes::write(MailServer server, const std::vector<NamedRoute>& confirmed) const {
  auto lines = lines_of(path_);
  std::erase_if(lines, [&](const std::string& line) { return line.starts_with(std::string(to_string(server)) + ' '); });
  for (const auto& route : confirmed) lines.push_back(line_of(server, route));
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return replace_file(path_, text, 0644);
}

}  // namespace mailweir
