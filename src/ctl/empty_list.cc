// SPDX-License-Identifier: BSD-2-Clause
// empty-list: a list in Redis that is meant to be empty.
#include <cstdlib>
#include <iostream>

#include <boost/program_options.hpp>

#include "adapter/builders/make_builders.h"
#include "base/text.h"
#include "config/load.h"
#include "ctl/command.h"
#include "ctl/daemon_client.h"
#include "ctl/usage.h"

namespace mailweir {

namespace po = boost::program_options;

int empty_list_command(const Arguments& args) {
  std::string key, file = default_policy_file();
  po::options_description all("Usage: mailweirctl empty-list KEY [-c FILE]");
  all.add_options()("key", po::value(&key)->value_name("KEY")->required(),
                    "the key of the list or map in Redis, as in \"redis:KEY\"")(
      "config,c", po::value(&file)->value_name("FILE"), "the policy file")("file", po::value(&file)->value_name("FILE"),
                                                                           "the same")("help,h", "print this");
  po::positional_options_description positions;
  positions.add("key", 1);
  if (!read_options(args, all, positions)) return EXIT_SUCCESS;
  if (key.starts_with("redis:")) key.erase(0, 6);
  if (key.empty()) {
    std::cerr << "mailweirctl empty-list: the key is missing\n";
    return exit_usage;
  }
  static const SystemClock clock;
  const auto tables = std::make_shared<TableSources>(clock);
  const Loaded loaded = load(file, make_builders(clock, tables));
  for (const auto& error : loaded.errors) std::cerr << error << '\n';
  if (!loaded.policy) return EXIT_FAILURE;
  const auto emptied = tables->make_empty(key);
  if (!emptied) {
    std::cerr << "mailweirctl empty-list: " << cleaned(emptied.error().what, false, 1000) << '\n';
    return exit_no_answer;
  }
  std::cout << cleaned(key, false, 300)
            << (*emptied ? ": emptied\n" : ": did not exist; it is now marked as empty on purpose\n");
  return EXIT_SUCCESS;
}

}  // namespace mailweir
