// SPDX-License-Identifier: BSD-2-Clause
#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

namespace mailweir {
namespace {

std::string user_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const bool known = getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found;
  return (known ? std::string(entry.pw_name) + " (uid " : "(uid ") + std::to_string(uid) + ')';
}

// The first directory on the way to `path` that is missing or may not be entered; "" when all are fine.
std::string blocked_directory(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    auto directory = path.substr(0, slash);
    if (faccessat(AT_FDCWD, directory.c_str(), X_OK, AT_EACCESS) != 0) return directory;
  }
  return {};
}

Error cannot_open(const std::string& path, int error) {
  const auto directory = error == ENOENT || error == EACCES ? blocked_directory(path) : std::string();
  if (error == ENOENT)
    return Error{path + ": " + (directory.empty() ? "no such file" : "the directory " + directory + " does not exist")};
  if (error == EACCES && !directory.empty())
    return Error{path + ": user " + process_user() + " may not enter the directory " + directory};
  struct stat status {};
  if (error == EACCES && stat(path.c_str(), &status) == 0)
    return Error{path + ": user " + process_user() + " may not read it; it belongs to " + user_name(status.st_uid) +
                 " and has mode " + octal(status.st_mode)};
  return Error{path + ": cannot be opened: " + std::strerror(error), error == EMFILE || error == ENFILE};
}

}  // namespace

Result<std::string> first_line(const std::string& path) {
  const auto file = open_regular(path);
  if (!file) return file.error();
  std::string line(64 << 10, '\0');
  std::size_t size = 0;
  while (size < line.size()) {
    const auto got = ::read(file->get(), line.data() + size, line.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{path + ": " + std::strerror(errno)};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  line.resize(std::min(size, line.find('\n')));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string octal(mode_t mode) {
  std::string digits;
  for (int shift = 9; shift >= 0; shift -= 3) digits += static_cast<char>('0' + (mode >> shift & 7));
  return digits;
}

std::string group_name(gid_t gid) {
  group entry{};
  group* found = nullptr;
  std::string buffer(64 << 10, '\0');
  const bool known = getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found;
  return known ? std::string(entry.gr_name) : std::to_string(gid);
}

std::string group_of(const std::string& user) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const bool known = getpwnam_r(user.c_str(), &entry, buffer, sizeof buffer, &found) == 0 && found;
  return known ? group_name(entry.pw_gid) : user;
}

std::string owner_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  const bool known = getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found;
  return known ? std::string(entry.pw_name) : std::to_string(uid);
}

std::string process_user() { return user_name(geteuid()); }

Result<Fd> open_regular(const std::string& path) {
  if (path.empty()) return Error{"an empty file name"};
  if (path.find('\0') != path.npos) return Error{"a file name with a NUL byte"};
  // Not blocking: a pipe without a writer must not hold up the start.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return cannot_open(path, errno);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return Error{path + ": " + std::strerror(errno)};
  if (S_ISDIR(status.st_mode)) return Error{path + ": is a directory, not a file"};
  if (!S_ISREG(status.st_mode)) return Error{path + ": is not a regular file"};
  return fd;
}

}  // namespace mailweir
