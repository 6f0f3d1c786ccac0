// SPDX-License-Identifier: BSD-2-Clause
// Which keys other software signs with: found in its own tables, maps and directories. Nothing is written here, and no
// key is opened.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct KeyToImport {
  std::string domain, selector;  // as in the DNS, in lower case
  std::string key;               // the path of its file, or the key itself
  bool is_path = true;
  bool signs = true;  // as far as it is known; else its record is looked for before it signs
};

struct KeysToImport {
  std::vector<KeyToImport> keys;
  std::vector<std::string> left_out;  // "WHERE: why": what cannot be taken
  std::vector<std::string> remarks;   // "WHERE: what": taken, but it will sign other mail than before

  // Names are brought into one spelling and checked; the same key twice is one.
  void add(const std::string& where, KeyToImport key);
};

struct OpendkimSettings {
  std::string config_file, key_table, signing_table;  // a table given here goes before the one of the file
};
// An error: a file cannot be read.
Result<KeysToImport> find_opendkim_keys(const OpendkimSettings& settings);

struct RspamdSettings {
  std::string path;                    // a directory, or a path with $domain and $selector
  std::string path_map, selector_map;  // files with DOMAIN PATH and DOMAIN SELECTOR on each line
  std::string selector = "dkim";       // of domains that the map does not have
};
Result<KeysToImport> find_rspamd_keys(const RspamdSettings& settings);

// DIR/DOMAIN/SELECTOR.private (or .pem, .key), and DIR/SELECTOR.private with the domain in SELECTOR.txt, as
// opendkim-genkey(8) writes them. Of a domain with several keys none is taken to sign.
Result<KeysToImport> find_genkey_keys(const std::string& directory);

}  // namespace mailweir
