// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/keys/key_folder.h"
#include "base/handle.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

Error failed(const std::string& path) { return Error{path + ": " + std::strerror(errno)}; }

bool write_all(const Fd& file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::string> write_key_file(const KeyFile& where, std::string_view pem) {
  if (!is_plain_name(where.domain) || !is_plain_name(where.selector))
    return Error{where.selector + "._domainkey." + where.domain + " is not a name of the DNS in lower case"};
  const std::string folder_path = where.folder + '/' + where.domain, path = folder_path + '/' + where.selector + ".pem";
  const Fd root(::open(where.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return failed(where.folder);
  const bool made = ::mkdirat(root.get(), where.domain.c_str(), 0750) == 0;
  if (!made && errno != EEXIST) return failed(folder_path);
  const Fd folder(::openat(root.get(), where.domain.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return failed(folder_path);
  if (made && where.owner && ::fchown(folder.get(), where.owner->first, where.owner->second) != 0)
    return failed(folder_path);

  const std::string name = where.selector + ".pem", hidden = '.' + name + '.' + std::to_string(::getpid());
  const Fd file(::openat(folder.get(), hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed(path);
  const bool written = write_all(file, pem) &&
                       (!where.owner || ::fchown(file.get(), where.owner->first, where.owner->second) == 0) &&
                       ::fsync(file.get()) == 0 &&
                       ::renameat2(folder.get(), hidden.c_str(), folder.get(), name.c_str(), RENAME_NOREPLACE) == 0;
  if (!written) {
    const int error = errno;
    ::unlinkat(folder.get(), hidden.c_str(), 0);
    if (error == EEXIST) return Error{path + ": a key is there already; choose another selector"};
    return Error{path + ": " + std::strerror(error)};
  }
  if (::fsync(folder.get()) != 0 || ::fsync(root.get()) != 0) return failed(folder_path);
  return path;
}

}  // namespace mailweir
