// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/key_directory.h"

#include <algorithm>
#include <filesystem>
#include <iostream>

#include <unistd.h>

#include <boost/program_options.hpp>

#include "adapter/keys/key_folder.h"
#include "adapter/keys/sqlite_states.h"
#include "config/paths.h"
#include "ctl/policy_file.h"
#include "mail/domain.h"
#include "start/privileges.h"

namespace mailweir {

namespace po = boost::program_options;

void KeyDirectory::add_to(po::options_description& options) {
  options.add_options()("config,c", po::value(&config_)->value_name("FILE"), "the policy file")(
      "dir", po::value(&folder)->value_name("DIR"),
      "the directory of all keys; DIR/DOMAIN/SELECTOR.pem is a key (that of [dkim] keys in the policy file)")(
      "states", po::value(&states_file)->value_name("FILE"),
      "the file with the states of the keys (that of [dkim] states in the policy file)")(
      "user", po::value(&user)->value_name("USER"), "who owns a key that root makes (the daemon's user)");
}

bool KeyDirectory::settle() {
  const std::string file = config_.empty() ? default_policy_file() : config_;
  std::error_code ignored;
  if ((folder.empty() || user.empty() || states_file.empty()) &&
      (!config_.empty() || std::filesystem::exists(file, ignored))) {
    const auto loaded = read_policy_file(file);
    if (!loaded) return false;
    const auto& named = loaded->policy->key_folder;
    if (folder.empty() && !named.empty()) folder = named.substr(named.find(':') + 1);
    if (user.empty()) user = loaded->config->general.user;
    if (states_file.empty()) states_file = loaded->policy->key_states;
    if (states_file.empty()) states_file = loaded->config->general.state_directory + "/dkim-states.sqlite";
  }
  if (folder.empty()) folder = default_state_directory() + "/dkim";
  if (user.empty()) user = "mailweir";
  if (states_file.empty()) states_file = default_state_directory() + "/dkim-states.sqlite";
  return true;
}

KeySourcePtr KeyDirectory::keys() const {
  KeyFolderConfig config{.path = folder, .most_domains = 1};
  if (const auto identity = find_identity(user)) config.owner = identity->uid;
  return make_key_folder(config, system_clock());
}

KeyStatesPtr KeyDirectory::states() const {
  SqliteStatesConfig config{.path = states_file};
  if (const auto owner = this->owner()) config.owner = *owner;
  return make_sqlite_states(config, system_clock());
}

Result<std::optional<std::pair<uid_t, gid_t>>> KeyDirectory::owner() const {
  if (::geteuid() != 0) return std::optional<std::pair<uid_t, gid_t>>();
  const auto identity = find_identity(user);
  if (!identity) return Error{"--user: " + identity.error().what};
  return std::optional(std::pair(identity->uid, identity->gid));
}

Result<std::vector<std::string>> KeyDirectory::domains() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure))
    if (auto name = entry->path().filename().string(); is_plain_name(name)) names.push_back(std::move(name));
  if (failure) return Error{folder + ": " + failure.message()};
  std::sort(names.begin(), names.end());
  return names;
}

void KeyDirectory::note(KeyStates& states, const KeyStateRow& row) {
  auto noted = states.remove(row.domain, row.selector);  // of a key of this name that is gone
  if (noted) noted = states.add({row}, system_clock().wall());
  if (!noted)
    std::cerr << "mailweirctl dkim: the state of " << row.selector << "._domainkey." << row.domain
              << " is not written down: " << noted.error().what << '\n';
}

}  // namespace mailweir
