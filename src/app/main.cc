// SPDX-License-Identifier: BSD-2-Clause
// mailweir(8): the daemon.
#include <malloc.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>

#include <boost/program_options.hpp>

#include "config.h"

#include "adapter/builders/make_builders.h"
#include "app/background.h"
#include "app/daemon.h"
#include "app/pid_file.h"
#include "app/signals.h"
#include "base/safe_output.h"
#include "start/machine_memory.h"
#include "start/privileges.h"
#include "start/start_check.h"
#include "start/store_warnings.h"

namespace mailweir {
namespace {

struct Options {
  std::string file = default_policy_file();
  bool foreground = false, check = false;
};

// The options, or the exit status of what needs no daemon.
std::variant<Options, int> parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  po::options_description all;
  all.add_options()("config,c", po::value(&options.file)->value_name("FILE"), "the policy file")(
      "foreground,f", po::bool_switch(&options.foreground), "stay in the foreground")(
      "check", po::bool_switch(&options.check),
      "check the policy file and whether a start would succeed, report all errors, and exit")(
      "version,V", "print the version")("help,h", "print this");
  try {
    po::variables_map values;
    const auto parsed = po::parse_command_line(argc, argv, all);
    po::store(parsed, values);
    po::notify(values);
    // parse_command_line takes and forgets words that no option asked for.
    for (const auto& option : parsed.options) {
      if (option.position_key < 0 || option.value.empty()) continue;
      std::cerr << "mailweir: extra argument \"" << option.value.front()
                << "\"; give the policy file with -c; see mailweir --help\n";
      return 64;  // EX_USAGE
    }
    if (values.count("help") != 0) {
      std::cout << "Usage: mailweir [-c FILE] [--foreground] [--check]\n\n"
                << all << "\nSee mailweir(8), mailweir.toml(5), mailweir-rules(5).\n";
      return EXIT_SUCCESS;
    }
    if (values.count("version") != 0) {
      std::cout << "mailweir " PACKAGE_VERSION "\n";
      return EXIT_SUCCESS;
    }
  } catch (const po::error& failure) {
    std::cerr << "mailweir: " << failure.what() << "; see mailweir --help\n";
    return 64;  // EX_USAGE
  }
  return options;
}

int fail(const std::string& why) {
  std::cerr << "mailweir: " << why << '\n';
  return EXIT_FAILURE;
}

int look_at_start(const Options& options, const Loaded& loaded, const TableSources& tables, const Clock& clock) {
  const auto as = options.foreground ? StartedAs::foreground : StartedAs::background;
  const auto found = check_start(options.file, *loaded.config, as, loaded.warnings);
  for (const auto& warning : found.warnings) std::cerr << "warning: " << warning << '\n';
  for (const auto& warning : store_warnings(*loaded.config, tables, std::chrono::seconds(1), clock))
    std::cerr << "warning: " << warning << '\n';
  for (const auto& error : found.errors) std::cerr << error << '\n';
  return found.errors.empty() ? EXIT_SUCCESS
                              : fail(options.file + ": the file has no errors, but mailweir cannot start with it");
}

// After the first load, which told of errors in the file itself, the rest of a start.
int run(const Options& options, Loaded loaded, Builders builders, std::shared_ptr<TableSources> tables) {
  const auto as = options.foreground ? StartedAs::foreground : StartedAs::background;
  if (const auto lost = log_lost(*loaded.config, as); !lost.empty()) return fail(lost);
  std::optional<Background> background;
  if (!options.foreground) {
    auto entered = Background::enter();
    if (!entered) return fail(entered.error().what);
    background.emplace(std::move(*entered));
  }
  Signals::block();
  std::optional<ProcessIdentity> identity;
  if (::geteuid() == 0) {
    const auto found = find_identity(loaded.config->general.user, loaded.config->general.group);
    if (!found) return fail(no_identity(*loaded.config, found.error()).what);
    identity = *found;
  }
  Daemon daemon(options.file, std::move(loaded), std::move(builders), std::move(tables));
  const Config& config = daemon.config();
  if (auto made = daemon.provide_directories(); !made) return fail(made.error().what);
  std::optional<PidFile> pid_file;  // before the sockets: who has it lives, and has them
  if (!config.general.pid_file.empty()) {
    auto taken = PidFile::take(config.general.pid_file);
    if (!taken) return fail(config.places.blame("general.pid_file", taken.error()).what);
    pid_file.emplace(std::move(*taken));
  }
  if (auto opened = daemon.open(); !opened) return fail(opened.error().what);
  if (identity) {
    if (auto dropped = drop_privileges(*identity); !dropped)
      return fail(config.places.blame("general.user", dropped.error()).what);
  }
  if (auto started = daemon.start(); !started) return fail(started.error().what);
  auto signals = Signals::take();
  if (!signals) return fail(signals.error().what);
  if (background) background->ready();

  while (daemon.healthy()) {
    const auto signal = signals->wait(std::chrono::milliseconds(1000));
    if (!signal) continue;
    if (*signal == SIGHUP) daemon.reload();
    else if (*signal == SIGUSR1) daemon.reopen_log();
    else break;
  }
  const bool broken = !daemon.healthy();
  daemon.stop();
  return broken ? fail("the milter door ended unexpectedly") : EXIT_SUCCESS;
}

int main_of(int argc, char** argv) {
  // Two cores want few arenas: each keeps freed memory for itself.
  mallopt(M_ARENA_MAX, 4);
  raise_open_files();
  const auto parsed = parse(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  Options options = std::get<Options>(parsed);
  if (!options.file.starts_with('/')) {  // the background's directory is /
    if (char* here = ::getcwd(nullptr, 0)) {
      options.file = std::string(here) + '/' + options.file;
      std::free(here);
    }
  }
  const SystemClock clock;
  auto tables = std::make_shared<TableSources>(clock);
  Builders builders = make_builders(clock, tables);
  Loaded loaded = load(options.file, builders);
  for (const auto& warning : loaded.warnings) std::cerr << "warning: " << warning << '\n';
  for (const auto& error : loaded.errors) std::cerr << error << '\n';
  if (!loaded.config)
    return fail(options.file + ": " + std::to_string(loaded.errors.size()) +
                (loaded.errors.size() == 1 ? " error" : " errors"));
  if (options.check) return look_at_start(options, loaded, *tables, clock);
  return run(options, std::move(loaded), std::move(builders), std::move(tables));
}

}  // namespace
}  // namespace mailweir

int main(int argc, char** argv) {
  const mailweir::SafeOutput output(std::cout), errors(std::cerr);
  try {
    return mailweir::main_of(argc, argv);
  } catch (const std::exception& failure) {
    return mailweir::fail(failure.what());
  }
}
