// SPDX-License-Identifier: BSD-2-Clause
// Which keys sign for authors, by opendkim's tables: opendkim_tables_find [-m] KEYTABLE SIGNINGTABLE
// Each line on standard input is LOCAL<tab>DOMAIN; the answer is a line: "none", "trouble WHY", or
// "DOMAIN SELECTOR BITS SIGNER" for each signature, joined by "; " ("-": no signer). -m: MultipleSignatures.
// What is wrong with the tables is on standard error.
#include <cstdio>
#include <iostream>
#include <string>

#include <unistd.h>

#include "adapter/keys/opendkim_tables.h"

using namespace mailweir;

int main(int argc, char** argv) {
  OpendkimTablesConfig config;
  for (int option; (option = ::getopt(argc, argv, "m")) != -1;) {
    if (option != 'm') return 2;
    config.multiple_signatures = true;
  }
  if (argc - optind != 2) {
    std::fprintf(stderr, "usage: opendkim_tables_find [-m] KEYTABLE SIGNINGTABLE\n");
    return 2;
  }
  config.key_table = argv[optind];
  config.signing_table = argv[optind + 1];
  const auto tables = make_opendkim_tables(config, system_clock());
  if (!tables) {
    std::fprintf(stderr, "%s\n", tables.error().what.c_str());
    return 1;
  }
  for (const auto& error : (*tables)->errors()) std::fprintf(stderr, "%s\n", error.c_str());

  for (std::string line; std::getline(std::cin, line);) {
    const auto tab = line.find('\t');
    if (tab == line.npos) return 2;
    const auto found =
        (*tables)->find(line.substr(0, tab), line.substr(tab + 1), Deadline::in(std::chrono::seconds(10)));
    std::string answer;
    for (std::size_t i = 0; i < found.keys.size(); ++i) {
      const DkimKey& key = *found.keys[i];
      answer += (answer.empty() ? "" : "; ") + key.domain + ' ' + key.selector + ' ' +
                std::to_string(key.signer->bits()) + ' ' + (found.signers[i].empty() ? "-" : found.signers[i]);
    }
    for (const auto& trouble : found.troubles) answer += (answer.empty() ? "trouble " : "; trouble ") + trouble;
    std::printf("%s\n", answer.empty() ? "none" : answer.c_str());
  }
  return 0;
}
