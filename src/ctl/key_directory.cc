// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/key_directory.h"

#include <filesystem>
#include <iostream>

#include <unistd.h>

#include <boost/program_options.hpp>

#include "adapter/keys/key_folder.h"
#include "adapter/keys/make_key.h"
#include "adapter/keys/openssl_signer.h"
#include "adapter/keys/sqlite_states.h"
#include "config/paths.h"
#include "ctl/check_command.h"
#include "ctl/policy_file.h"
#include "start/privileges.h"

namespace mailweir {

namespace po = boost::program_options;

void KeyDirectory::add_to(po::options_description& options) {
  options.add_options()("config,c", po::value(&config_)->value_name("FILE"), "the policy file")(
      "dir", po::value(&folder_)->value_name("DIR"),
      "the directory of all keys; DIR/DOMAIN/SELECTOR.pem is a key (that of [dkim] keys in the policy file)")(
      "states", po::value(&states_file_)->value_name("FILE"),
      "the file with the states of the keys (that of [dkim] states in the policy file)")(
      "user", po::value(&user_)->value_name("USER"), "who owns a key that root makes (the daemon's user)");
}

bool KeyDirectory::settle() {
  const std::string file = config_.empty() ? default_policy_file() : config_;
  std::error_code ignored;
  if ((folder_.empty() || user_.empty() || states_file_.empty()) &&
      (!config_.empty() || std::filesystem::exists(file, ignored))) {
    const auto loaded = read_policy_file(file);
    if (!loaded) return false;
    const auto& named = loaded->policy->key_folder;
    if (folder_.empty() && named.starts_with("redis:")) {
      keys_ = loaded->policy->stated_keys->shared_keys();
      states_ = loaded->policy->stated_keys->shared_states();
      name_ = named;
      if (states_file_.empty()) return true;
      wrong_usage("--states is not possible with keys in Redis, which has their states, too");
      return false;
    }
    if (folder_.empty() && !named.empty()) folder_ = named.substr(named.find(':') + 1);
    if (user_.empty()) user_ = loaded->config->general.user;
    // Those of the policy's directory: in Redis they are those of other keys.
    if (states_file_.empty()) states_file_ = loaded->policy->key_states;
    if (states_file_.empty()) states_file_ = loaded->config->general.state_directory + "/dkim-states.sqlite";
  }
  if (folder_.empty()) folder_ = default_state_directory() + "/dkim";
  if (user_.empty()) user_ = "mailweir";
  if (states_file_.empty()) states_file_ = default_state_directory() + "/dkim-states.sqlite";
  return settle_directory();
}

bool KeyDirectory::settle_directory() {
  KeyFolderConfig folder{.path = folder_, .most_domains = 1};
  SqliteStatesConfig states{.path = states_file_};
  const auto identity = find_identity(user_);
  if (identity) folder.owner = identity->uid;
  if (::geteuid() == 0 && identity) states.owner = folder.gives_to = std::pair(identity->uid, identity->gid);
  keys_ = make_key_folder(folder, system_clock());
  states_ = make_sqlite_states(states, system_clock());
  name_ = folder_;
  return true;
}

bool KeyDirectory::can_write() const {
  if (folder_.empty() || ::geteuid() != 0) return true;
  if (const auto identity = find_identity(user_); !identity) {
    wrong_usage("--user: " + identity.error().what);
    return false;
  }
  return true;
}

Result<DkimKey> KeyDirectory::make(const std::string& domain, const std::string& selector, KeyKind kind,
                                   unsigned bits) {
  const auto pem = make_private_key(kind, bits);
  if (!pem) return pem.error();
  auto loaded = parse_signing_key(*pem, "the new key");
  if (!loaded) return loaded.error();
  const auto where = keys_->put({domain, selector, *pem}, Deadline::in(patience));
  if (!where) return where.error();
  std::cerr << "made " << *where << '\n';
  return DkimKey{domain, selector, std::move(loaded->signer)};
}

void KeyDirectory::note(const KeyStateRow& row) const {
  auto noted = states_->remove(row.domain, row.selector);  // of a key of this name that is gone
  if (noted) noted = states_->add({row}, system_clock().wall());
  if (!noted)
    std::cerr << "mailweirctl dkim: the state of " << row.selector << "._domainkey." << row.domain
              << " is not written down: " << noted.error().what << '\n';
}

}  // namespace mailweir
