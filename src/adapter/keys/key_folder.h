// SPDX-License-Identifier: BSD-2-Clause
// KeyFolder: signing keys by place: FOLDER/DOMAIN/SELECTOR.pem. A domain's folder is opened when a message of it is to
// be signed, and what was found, nothing too, is kept with the folder's stamp and looked at again after a second: keys
// come and go without a reload, and a start costs nothing however many domains there are. The least recently used
// domains are forgotten.
//
// A key is used only from a regular file that root or the daemon owns, that others can neither read nor write, not
// through a symbolic link, in a folder that others cannot write to. A key that cannot be used harms no other: it is
// named in KeysFound::troubles, and tried again each second, because it may be half written. Who writes keys should
// write to a name that begins with a dot and rename it.
//
// Thread-safe. Files are read on a thread that may block (base/blocking.h), without a lock.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

#include "adapter/keys/kept_keys.h"
#include "base/clock.h"
#include "port/key_store.h"

namespace mailweir {

struct KeyFolderConfig {
  std::string path;
  std::size_t most_domains = 20'000;                  // kept in memory, those without a key among them
  std::optional<uid_t> owner{};                       // may own keys too: the daemon's user, where root looks
  std::optional<std::pair<uid_t, gid_t>> gives_to{};  // whose keys are that are put there; nothing: who runs this
};

class KeyFolder : public KeyStore {
 public:
  virtual const KeyStoreStats& stats() const = 0;
};

// The folder need not be there yet. The clock must outlive it.
std::shared_ptr<KeyFolder> make_key_folder(const KeyFolderConfig& config, const Clock& clock);

// Why a key must not be taken from what this user owns, and what to do; empty: it may. `user`: the daemon's, where it
// is not this process's.
std::string objection_to_owner(uid_t owner, const std::string& path, std::optional<uid_t> user = {});

}  // namespace mailweir
