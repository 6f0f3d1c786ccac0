// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim import: keys of other software, under their names in our place of keys.
#include <iostream>

#include <boost/program_options.hpp>

#include "adapter/keys/openssl_signer.h"
#include "check/key_life.h"
#include "check/signing_keys.h"
#include "ctl/check_command.h"
#include "ctl/dkim_keys.h"
#include "ctl/key_directory.h"
#include "ctl/key_import.h"
#include "ctl/key_options.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

constexpr int exit_left_out = 3;  // something was

struct ImportCommand {
  std::string kind, path;
  OpendkimSettings opendkim;
  RspamdSettings rspamd;
  KeyDirectory place;
  bool dry = false;

  Result<KeysToImport> find() const {
    if (kind == "opendkim") {
      OpendkimSettings settings = opendkim;
      settings.config_file = path;
      if (path.empty() && settings.key_table.empty()) settings.config_file = "/etc/opendkim.conf";
      return find_opendkim_keys(settings);
    }
    if (kind == "dir") return path.empty() ? Error{"name the directory"} : find_genkey_keys(path);
    RspamdSettings settings = rspamd;
    settings.path = path;
    return find_rspamd_keys(settings);
  }
};

Result<PortableKey> open_key(const KeyToImport& key) {
  if (key.is_path) return portable_key_from(key.key);
  return portable_key(key.key, "the key in the table", KeyText::pem_or_base64);
}

// An error says why the key cannot be taken.
Result<void> take(const ImportCommand& command, const KeyToImport& key) {
  const auto read = open_key(key);
  if (!read) return read.error();
  for (const auto& warning : read->loaded.warnings) std::cerr << "mailweirctl dkim import: " << warning << '\n';
  const DkimKey made{key.domain, key.selector, read->loaded.signer};
  const auto state = key.signs ? KeyState::active : KeyState::pending;
  if (command.dry) {
    std::cout << name_of(made) << "  " << to_string(state) << "  " << (key.is_path ? key.key : "in the table") << '\n';
    return {};
  }
  NewKey fresh{key.domain, key.selector, read->pem};
  if (const auto time = read->loaded.stamp.modified; time != 0)
    fresh.written = WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(time)));
  const auto path = command.place.keys().put(fresh, Deadline::in(KeyDirectory::patience));
  if (!path) return path.error();
  command.place.note(new_key_row(made, state, system_clock().wall()));
  std::cout << name_of(made) << "  " << to_string(state) << "  " << *path << '\n';
  return {};
}

}  // namespace

int dkim_import(const Arguments& args) {
  ImportCommand command;
  po::options_description options("Usage: mailweirctl dkim import opendkim|rspamd|dir [PATH] [OPTION...]");
  options.add_options()("what", po::value(&command.kind)->value_name("WHAT")->required(), "opendkim, rspamd or dir")(
      "path", po::value(&command.path)->value_name("PATH"),
      "opendkim: its configuration file (/etc/opendkim.conf); rspamd: the directory of keys, or a path with $domain "
      "and $selector; dir: a directory with files of opendkim-genkey")(
      "key-table", po::value(&command.opendkim.key_table)->value_name("SET"), "of opendkim")(
      "signing-table", po::value(&command.opendkim.signing_table)->value_name("SET"), "of opendkim")(
      "path-map", po::value(&command.rspamd.path_map)->value_name("FILE"), "of rspamd")(
      "selector-map", po::value(&command.rspamd.selector_map)->value_name("FILE"), "of rspamd")(
      "selector", po::value(&command.rspamd.selector)->value_name("NAME"), "of rspamd, where the map has none (dkim)")(
      "dry-run", po::bool_switch(&command.dry), "only print which keys would be taken");
  command.place.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, {"what", "path"}, status)) return status;
  if (command.kind != "opendkim" && command.kind != "rspamd" && command.kind != "dir")
    return wrong_usage("import takes opendkim, rspamd or dir");
  const auto found = command.find();
  if (!found) {
    std::cerr << "mailweirctl dkim import: " << found.error().what << '\n';
    return EXIT_FAILURE;
  }
  if (!command.place.settle() || !command.place.can_write()) return exit_usage;
  std::size_t taken = 0, left_out = found->left_out.size();
  for (const auto& key : found->keys) {
    if (const auto done = take(command, key); done) {
      ++taken;
      continue;
    } else {
      std::cerr << "left out " << key.selector << "._domainkey." << key.domain << ": " << done.error().what << '\n';
    }
    ++left_out;
  }
  for (const auto& text : found->left_out) std::cerr << "left out " << text << '\n';
  for (const auto& text : found->remarks) std::cerr << "note: " << text << '\n';
  std::cerr << taken << (taken == 1 ? " key" : " keys") << (command.dry ? " would be" : "") << " taken, " << left_out
            << " left out\n";
  return left_out > 0 ? exit_left_out : EXIT_SUCCESS;
}

}  // namespace mailweir
