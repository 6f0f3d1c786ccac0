// SPDX-License-Identifier: BSD-2-Clause
// The [[dkim.key]] of the policy file: where they stand, and what their files hold. Not a public header of the floor.
#pragma once

#include <string>
#include <vector>

#include "check/key_ring.h"
#include "config/key.h"
#include "config/section.h"

namespace mailweir {

// A key as it is written; its file is read when all keys are known.
struct PlacedKey {
  DkimKey key;
  std::string path;
  Place file;
};

const Keys<PlacedKey>& dkim_key_keys();

// The key of one table, where it is complete.
void read_key(Section section, const Makings& makings, std::vector<PlacedKey>& keys);

// How their files are read.
struct KeyFiles {
  std::string user;     // the daemon's, who may own them
  std::string group;    // the daemon's, for advice
  bool strict = false;  // one that cannot be used is an error, not a warning
};

// What all keys make. Null: there are errors.
std::optional<KeyRing> make_key_ring(std::vector<PlacedKey> placed, const KeyFiles& files, const Builders& builders,
                                     const Place& place, Problems& problems);

}  // namespace mailweir
