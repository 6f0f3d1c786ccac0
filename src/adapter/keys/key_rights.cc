// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_rights.h"

#include <pwd.h>
#include <unistd.h>

#include "base/file.h"

namespace mailweir {

std::string daemon_group(std::optional<uid_t> user) {
  if (::geteuid() != 0) return group_name(::getegid());
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (user && getpwuid_r(*user, &entry, buffer, sizeof buffer, &found) == 0 && found) return group_name(entry.pw_gid);
  return "mailweir";
}

std::string readable_by(const std::string& group, const std::string& path) {
  return "run: chgrp " + group + ' ' + path + " && chmod 640 " + path;
}

std::string objection_to_mode(const struct stat& status, const std::string& path, const std::string& group,
                              std::string_view what) {
  std::string others;
  if ((status.st_mode & S_IROTH) != 0) others = "read";
  if ((status.st_mode & S_IWOTH) != 0) others += others.empty() ? "replace" : " and replace";
  std::string who;
  if (!others.empty()) who = "others can " + others + " this " + std::string(what);
  if ((status.st_mode & S_IWGRP) != 0)
    who += who.empty() ? "its group can replace this " + std::string(what) : ", its group can replace it";
  if (who.empty()) return {};
  return "mode " + octal(status.st_mode & 0777) + ": " + who + "; " + readable_by(group, path);
}

}  // namespace mailweir
