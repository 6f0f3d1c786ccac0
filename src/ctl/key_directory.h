// SPDX-License-Identifier: BSD-2-Clause
// KeyDirectory: the directory of signing keys that a command of the tool works in, who owns what is put there, and the
// file with the keys' states: --dir, --user and --states, else what the policy file says.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "port/key_source.h"
#include "port/key_states.h"

namespace boost::program_options {
class options_description;
}

namespace mailweir {

struct KeyDirectory {
  static constexpr std::chrono::seconds patience{10};  // with a slow disk, of one domain

  std::string folder, user, states_file;

  // --config, --dir, --user and --states. The object must outlive the parsing.
  void add_to(boost::program_options::options_description& options);
  // After the parsing: from now on folder and user are what they shall be. False: the policy file has errors, which
  // were told.
  bool settle();
  // The keys there; those that belong to `user` too, whoever runs the tool. It holds one domain at a time.
  KeySourcePtr keys() const;
  KeyStatesPtr states() const;
  // Of what root makes; nothing: who runs this. An error names the option.
  Result<std::optional<std::pair<uid_t, gid_t>>> owner() const;
  // All that have a directory there, sorted.
  Result<std::vector<std::string>> domains() const;
  // Of a key that was just put there. If it cannot be written down, that is said: the daemon takes the key as it finds
  // it.
  static void note(KeyStates& states, const KeyStateRow& row);

 private:
  std::string config_;
};

}  // namespace mailweir
