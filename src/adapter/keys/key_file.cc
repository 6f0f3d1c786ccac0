// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/handle.h"
#include "base/new_file.h"
#include "base/open_beneath.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

Error failed(const std::string& path) { return Error{path + ": " + std::strerror(errno)}; }

}  // namespace

Result<std::string> write_key_file(const KeyFile& where, std::string_view pem, std::optional<WallTime> written) {
  if (!is_plain_name(where.domain) || !is_plain_name(where.selector))
    return Error{where.selector + "._domainkey." + where.domain + " is not a name of the DNS in lower case"};
  const std::string folder_path = where.folder + '/' + where.domain, path = folder_path + '/' + where.selector + ".pem";
  const Fd root(::open(where.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return failed(where.folder);
  const bool made = ::mkdirat(root.get(), where.domain.c_str(), 0750) == 0;
  if (!made && errno != EEXIST) return failed(folder_path);
  const Fd folder = open_beneath(root, where.domain, O_RDONLY | O_DIRECTORY);
  if (!folder) return failed(folder_path);
  if (made && where.owner && ::fchown(folder.get(), where.owner->first, where.owner->second) != 0)
    return failed(folder_path);

  static std::atomic<unsigned> count{0};  // two threads may write a key of one name at once
  const std::string name = where.selector + ".pem",
                    hidden = '.' + name + '.' + std::to_string(::getpid()) + '.' + std::to_string(++count);
  const Fd file = open_beneath(folder, hidden, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file) return failed(path);
  timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
  if (written) times[1] = {std::chrono::system_clock::to_time_t(*written), 0};
  const bool well = write_all(file, pem) && ::futimens(file.get(), times) == 0 &&
                    (!where.owner || ::fchown(file.get(), where.owner->first, where.owner->second) == 0) &&
                    ::fsync(file.get()) == 0 &&
                    ::renameat2(folder.get(), hidden.c_str(), folder.get(), name.c_str(), RENAME_NOREPLACE) == 0;
  if (!well) {
    const int error = errno;
    ::unlinkat(folder.get(), hidden.c_str(), 0);
    if (error == EEXIST) return Error{path + ": a key is there already; choose another selector"};
    return Error{path + ": " + std::strerror(error)};
  }
  if (::fsync(folder.get()) != 0 || ::fsync(root.get()) != 0) return failed(folder_path);
  return path;
}

Result<bool> remove_key_file(const KeyFile& where) {
  if (!is_plain_name(where.domain) || !is_plain_name(where.selector))
    return Error{where.selector + "._domainkey." + where.domain + " is not a name of the DNS in lower case"};
  const std::string folder_path = where.folder + '/' + where.domain, path = folder_path + '/' + where.selector + ".pem";
  const Fd root(::open(where.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return failed(where.folder);
  const Fd folder = open_beneath(root, where.domain, O_RDONLY | O_DIRECTORY);
  if (!folder && errno == ENOENT) return false;
  if (!folder) return failed(folder_path);
  const bool removed = ::unlinkat(folder.get(), (where.selector + ".pem").c_str(), 0) == 0;
  if (!removed && errno != ENOENT) return failed(path);
  if (::fsync(folder.get()) != 0) return failed(folder_path);
  if (::unlinkat(root.get(), where.domain.c_str(), AT_REMOVEDIR) == 0 && ::fsync(root.get()) != 0)
    return failed(where.folder);
  return removed;
}

}  // namespace mailweir
