// SPDX-License-Identifier: BSD-2-Clause
// KeyStore: a KeySource whose keys can be put there and taken away: a directory, or a Redis server that several nodes
// share. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "port/key_source.h"

namespace mailweir {

// A key on its way to a place. The names are is_plain_name().
struct NewKey {
  std::string domain, selector;
  std::string_view pem;               // PKCS #8
  std::optional<WallTime> written{};  // of a key that is older; nothing: now
};

class KeyStore : public KeySource {
 public:
  static constexpr std::size_t most_keys = 16;  // of one domain: as many as sign one message

  // As find(), but not from memory, where what was found may be a second old.
  virtual KeysFound look(const std::string& domain, Deadline deadline) = 0;
  // All of it is there then, or nothing. Returns where it is, for messages. An error if a key of this name is there: a
  // key that signs is not lost by mistake.
  virtual Result<std::string> put(const NewKey& key, Deadline deadline) = 0;
  // For good, also a key that cannot be used. False: it was not there.
  virtual Result<bool> remove(const std::string& domain, const std::string& selector, Deadline deadline) = 0;
  // All domains that have keys there, sorted. It may take seconds where there are many.
  virtual Result<std::vector<std::string>> domains(Deadline deadline) = 0;
  // Where a key of this name is, or would be, for messages.
  virtual std::string where(const std::string& domain, const std::string& selector) const = 0;
};
using KeyStorePtr = std::shared_ptr<KeyStore>;

}  // namespace mailweir
