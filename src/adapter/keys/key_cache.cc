// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_cache.h"

#include <optional>

#include <pwd.h>
#include <unistd.h>

#include "adapter/keys/key_folder.h"

namespace mailweir {
namespace {

std::optional<uid_t> uid_of(const std::string& user) {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwnam_r(user.c_str(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return entry.pw_uid;
}

}  // namespace

Result<LoadedKey> KeyCache::get(const std::string& path, const std::string& user, const std::string& group) {
  if (auto signer = files_.find(path, path)) return LoadedKey{std::move(signer), {}, {}};
  ++reads_;
  // Who owns a key can put another one there.
  const auto objection = [&, daemon = uid_of(user)](uid_t owner) {
    if (owner == daemon) return std::string();
    return objection_to_owner(owner, path, ::geteuid() == 0 ? daemon : std::nullopt);
  };
  auto loaded = load_signing_key(path, group, objection);
  if (loaded) files_.keep(path, loaded->stamp, loaded->signer);
  return loaded;
}

}  // namespace mailweir
