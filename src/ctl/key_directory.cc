// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/key_directory.h"

#include <filesystem>

#include <boost/program_options.hpp>

#include "adapter/keys/key_folder.h"
#include "config/paths.h"
#include "ctl/policy_file.h"
#include "start/privileges.h"

namespace mailweir {

namespace po = boost::program_options;

void KeyDirectory::add_to(po::options_description& options) {
  options.add_options()("config,c", po::value(&config_)->value_name("FILE"), "the policy file")(
      "dir", po::value(&folder)->value_name("DIR"),
      "the directory of all keys; DIR/DOMAIN/SELECTOR.pem is a key (that of [dkim] keys in the policy file)")(
      "user", po::value(&user)->value_name("USER"), "who owns a key that root makes (the daemon's user)");
}

bool KeyDirectory::settle() {
  const std::string file = config_.empty() ? default_policy_file() : config_;
  std::error_code ignored;
  if ((folder.empty() || user.empty()) && (!config_.empty() || std::filesystem::exists(file, ignored))) {
    const auto loaded = read_policy_file(file);
    if (!loaded) return false;
    const auto& named = loaded->policy->key_folder;
    if (folder.empty() && !named.empty()) folder = named.substr(named.find(':') + 1);
    if (user.empty()) user = loaded->config->general.user;
  }
  if (folder.empty()) folder = default_state_directory() + "/dkim";
  if (user.empty()) user = "mailweir";
  return true;
}

KeySourcePtr KeyDirectory::keys() const {
  KeyFolderConfig config{.path = folder, .most_domains = 1};
  if (const auto identity = find_identity(user)) config.owner = identity->uid;
  return make_key_folder(config, system_clock());
}

}  // namespace mailweir
