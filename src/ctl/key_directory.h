// SPDX-License-Identifier: BSD-2-Clause
// KeyDirectory: the place of signing keys that a command of the tool works in, and the keys' states: the directory of
// --dir, with the file of --states and the owner of --user, else what the policy file says, which may be Redis.
#pragma once

#include <chrono>
#include <string>

#include "port/key_states.h"
#include "port/key_store.h"

namespace boost::program_options {
class options_description;
}

namespace mailweir {

struct KeyDirectory {
  static constexpr std::chrono::seconds patience{10};        // with a slow disk or server, of one domain
  static constexpr std::chrono::minutes patience_of_all{5};  // to find all domains

  // --config, --dir, --user and --states. The object must outlive the parsing.
  void add_to(boost::program_options::options_description& options);
  // After the parsing, before the rest. False: the policy file has errors, which were told.
  bool settle();
  // Before put(). False: the user whose keys root would make is unknown, which was told.
  bool can_write() const;
  // The keys there; those that belong to `user` too, under any user that runs the tool. What root puts there is this
  // user's.
  KeyStore& keys() const { return *keys_; }
  KeyStates& states() const { return *states_; }
  // "/var/lib/mailweir/dkim", "redis:dkim"
  const std::string& name() const { return name_; }
  // A new key there, with a line about it on the standard error. An error says why there is none. `bits`: of RSA.
  Result<DkimKey> make(const std::string& domain, const std::string& selector, KeyKind kind, unsigned bits);
  // Of a key that was just put there. If it cannot be written down, that is said: the daemon takes the key as it finds
  // it.
  void note(const KeyStateRow& row) const;

 private:
  bool settle_directory();

  std::string config_, folder_, user_, states_file_, name_;
  KeyStorePtr keys_;
  KeyStatesPtr states_;
};

}  // namespace mailweir
