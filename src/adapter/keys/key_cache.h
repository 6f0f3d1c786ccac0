// SPDX-License-Identifier: BSD-2-Clause
// KeyCache: signing keys from files, those shared whose files did not change (base/file_stamp.h says how): reading an
// RSA key costs 350 us, which a reload with thousands of domains would feel. One thread at a time.
#pragma once

#include <string>

#include "adapter/keys/openssl_signer.h"
#include "base/file_stamp.h"

namespace mailweir {

class KeyCache {
 public:
  // The clock must outlive the cache.
  explicit KeyCache(const Clock& clock) : files_(clock) {}

  // As load_signing_key, of a file that belongs to root, to this process's user or to `user`, which may be no user;
  // `group` is for advice. A shared key brings no warnings again.
  Result<LoadedKey> get(const std::string& path, const std::string& user = {}, const std::string& group = {});
  // Files read, not shared, since the start.
  std::size_t reads() const { return reads_; }

 private:
  SharedFiles<std::string, Signer> files_;
  std::size_t reads_ = 0;
};

}  // namespace mailweir
