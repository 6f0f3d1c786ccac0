// SPDX-License-Identifier: BSD-2-Clause
#include "rule/confirmed_routes.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
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

Error trouble(const std::string& path) { return Error{path + ": cannot be written: " + std::strerror(errno)}; }

}  // namespace

std::string_view to_string(MailServer server) { return server == MailServer::postfix ? "postfix" : "sendmail"; }

bool ConfirmedRoutes::has(MailServer server, const NamedRoute& route) const {
  return std::ranges::count(lines_of(path_), line_of(server, route)) != 0;
}

// Written whole beside the old one, which it then replaces. The daemon, another user, has to read it.
Result<void> ConfirmedRoutes::write(MailServer server, const std::vector<NamedRoute>& confirmed) const {
  auto lines = lines_of(path_);
  std::erase_if(lines, [&](const std::string& line) { return line.starts_with(std::string(to_string(server)) + ' '); });
  for (const auto& route : confirmed) lines.push_back(line_of(server, route));
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  const std::string fresh = path_ + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return trouble(fresh);
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return trouble(fresh);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto sent = ::write(file.get(), rest.data(), rest.size());
    if (sent < 0 && errno != EINTR) return trouble(fresh);
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  if (::fchmod(file.get(), 0644) != 0 || ::fsync(file.get()) != 0) return trouble(fresh);
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) return trouble(path_);
  return {};
}

}  // namespace mailweir
