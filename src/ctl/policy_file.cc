// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/policy_file.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>

#include <boost/program_options.hpp>

#include "adapter/builders/make_builders.h"
#include "ctl/command.h"
#include "ctl/missing_keys.h"
#include "ctl/postfix_main.h"
#include "ctl/usage.h"
#include "start/scanner_check.h"
#include "start/start_check.h"
#include "start/store_warnings.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

// The file that a command is about; nothing when help was asked for and printed. `policy_only`: where --policy-only
// goes, if it is an option of the command.
std::optional<std::string> file_argument(const Arguments& args, const char* usage, bool* policy_only = nullptr) {
  std::string file = default_policy_file();
  po::options_description all(usage);
  all.add_options()("config,c", po::value(&file)->value_name("FILE"), "the policy file")(
      "file", po::value(&file)->value_name("FILE"), "the same")("help,h", "print this");
  if (policy_only != nullptr) all.add_options()("policy-only", po::bool_switch(policy_only), "skip the start checks");
  po::positional_options_description positions;
  positions.add("config", 1);
  if (!read_options(args, all, positions)) return {};
  return file;
}

// Where a Postfix of this machine can be read.
std::vector<std::string> relayhost_warnings(const Policy& policy) {
  std::ifstream main(main_cf_path());
  if (!policy.way_maps || !main) return {};
  std::ostringstream text;
  text << main.rdbuf();
  return tls_behind_relayhost(*policy.way_maps, main_cf_value(text.str(), "relayhost").value_or(""));
}

}  // namespace

std::optional<Loaded> read_policy_file(const std::string& path) {
  static const SystemClock clock;
  // A list in Redis that does not answer is logged there, long after the file was read.
  static const auto tables = std::make_shared<TableSources>(clock);
  return read_policy_file(path, make_builders(clock, tables));
}

std::optional<Loaded> read_policy_file(const std::string& path, const Builders& builders) {
  Loaded loaded = load(path, builders);
  for (const auto& warning : loaded.warnings) std::cerr << "warning: " << warning << '\n';
  for (const auto& error : loaded.errors) std::cerr << error << '\n';
  if (loaded.policy) return loaded;
  std::cerr << path << ": " << loaded.errors.size() << (loaded.errors.size() == 1 ? " error\n" : " errors\n");
  return {};
}

int check_command(const Arguments& args) {
  bool policy_only = false;
  const auto file = file_argument(args, "Usage: mailweirctl check [--policy-only] [FILE]", &policy_only);
  if (!file) return 0;
  static const SystemClock clock;
  const auto tables = std::make_shared<TableSources>(clock);
  const auto loaded = read_policy_file(*file, make_builders(clock, tables));
  if (!loaded) return 1;
  if (!policy_only) {
    const auto found = check_start(*file, *loaded->config, StartedAs::unknown, loaded->warnings);
    for (const auto& warning : found.warnings) std::cerr << "warning: " << warning << '\n';
    for (const auto& error : found.errors) std::cerr << error << '\n';
    if (!found.errors.empty()) {
      std::cerr
          << *file
          << ": the file has no errors, but mailweir cannot start with it here (--policy-only skips this check)\n";
      return 1;
    }
    for (const auto& warning : store_warnings(*loaded->config, *tables, std::chrono::seconds(1), clock))
      std::cerr << "warning: " << warning << '\n';
    const auto scanners = look_at_scanners(*loaded->config, std::chrono::seconds(2));
    for (const auto& note : scanners.notes) std::cerr << "note: " << note << '\n';
    for (const auto& warning : scanners.warnings) std::cerr << "warning: " << warning << '\n';
    for (const auto& error : scanners.errors) std::cerr << error << '\n';
    if (!scanners.errors.empty()) return 1;
    for (const auto& warning : relayhost_warnings(*loaded->policy)) std::cerr << "warning: " << warning << '\n';
    for (const auto& warning : missing_keys(*loaded->policy, Deadline::in(std::chrono::seconds(5))))
      std::cerr << "warning: " << warning << '\n';
  }
  std::size_t rules = 0;
  for (const auto& stage : loaded->policy->rules) rules += stage.size();
  std::cout << *file << ": good: " << rules << (rules == 1 ? " rule" : " rules") << " in " << loaded->files.size()
            << (loaded->files.size() == 1 ? " file" : " files") << '\n';
  return 0;
}

int config_command(const Arguments& args) {
  const auto file = file_argument(args, "Usage: mailweirctl config [FILE]");
  if (!file) return 0;
  const auto loaded = read_policy_file(*file);
  if (!loaded) return 1;
  std::cout << loaded->effective;
  return 0;
}

}  // namespace mailweir
