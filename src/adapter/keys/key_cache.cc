// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_cache.h"

namespace mailweir {

Result<LoadedKey> KeyCache::get(const std::string& path, const std::string& group) {
  if (auto signer = files_.find(path, path)) return LoadedKey{std::move(signer), {}, {}};
  ++reads_;
  auto loaded = load_signing_key(path, group);
  if (loaded) files_.keep(path, loaded->stamp, loaded->signer);
  return loaded;
}

}  // namespace mailweir
