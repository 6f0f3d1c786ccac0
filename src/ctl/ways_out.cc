// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl export and mailweirctl routes: the ways out for a Postfix without the socketmap door, and with it.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

#include <sys/stat.h>
#include <boost/program_options.hpp>

#include "ctl/command.h"
#include "ctl/policy_file.h"
#include "ctl/usage.h"
#include "ctl/way_files.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

struct Wanted {
  std::string word, file = default_policy_file();
};

// Nothing: help was asked for, and printed.
std::optional<Wanted> read_arguments(const Arguments& args, const char* usage, const char* word, const char* name,
                                     const char* what) {
  Wanted wanted;
  po::options_description all(usage);
  all.add_options()(word, po::value(&wanted.word)->value_name(name)->required(), what)(
      "config,c", po::value(&wanted.file)->value_name("FILE"), "the policy file")("help,h", "print this");
  po::positional_options_description words;
  words.add(word, 1);
  po::variables_map values;
  po::store(po::command_line_parser(args).options(all).positional(words).run(), values);
  if (values.count("help") != 0) {
    print_help(all);
    return {};
  }
  take_values(values, all, words);
  return wanted;
}

std::shared_ptr<const WayMaps> ways_of(const Loaded& loaded, const std::string& file) {
  if (!loaded.policy->way_maps) std::cerr << file << ": has no [routes], [relay] or [tls]\n";
  return loaded.policy->way_maps;
}

// Readable by its owner only from the first byte on: one of them has passwords.
bool write_file(const std::string& path, const std::string& text) {
  const auto before = ::umask(077);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  ::umask(before);
  out << text;
  out.close();
  if (out) return true;
  std::cerr << "mailweirctl export: " << path << ": cannot be written: " << std::strerror(errno) << '\n';
  return false;
}

// As Postfix opens it: within its queue directory by a relative name, chroot or not.
std::string table_at(const SocketName& socket) {
  if (socket.kind != SocketName::Kind::unix_path)
    return "socketmap:inet:" + socket.host + ':' + std::to_string(socket.port) + ':';
  constexpr std::string_view queue = "/var/spool/postfix/";
  const std::string path = socket.path.starts_with(queue) ? socket.path.substr(queue.size()) : socket.path;
  return "socketmap:unix:" + path + ':';
}

}  // namespace

int export_command(const Arguments& args) {
  const auto wanted = read_arguments(args, "Usage: mailweirctl export DIRECTORY [-c FILE]", "directory", "DIRECTORY",
                                     "where the tables are written, an existing directory");
  if (!wanted) return EXIT_SUCCESS;
  const auto loaded = read_policy_file(wanted->file);
  if (!loaded) return EXIT_FAILURE;
  const auto maps = ways_of(*loaded, wanted->file);
  if (!maps) return EXIT_FAILURE;
  for (const auto& [name, map] : way_map_names) {
    if (map == WayMap::mailer) continue;  // Sendmail asks the door
    const auto files = way_files(*maps, map);
    const std::string path = wanted->word + '/' + std::string(name);
    for (const auto& [at, text] : {std::pair(path, files.plain), std::pair(path + ".regexp", files.regexp)}) {
      if (text.empty()) {
        // One of an older policy must not go on answering.
        if (::remove(at.c_str()) == 0) std::cout << at << ": removed: the policy has no such entries now\n";
        continue;
      }
      if (!write_file(at, text)) return EXIT_FAILURE;
      std::cout << at << (at == path ? ": run postmap\n" : "\n");
    }
  }
  return EXIT_SUCCESS;
}

int routes_command(const Arguments& args) {
  const auto wanted = read_arguments(args, "Usage: mailweirctl routes postfix [-c FILE]", "server", "postfix",
                                     "the mail server that the lines are for");
  if (!wanted) return EXIT_SUCCESS;
  if (wanted->word != "postfix") {
    std::cerr << "mailweirctl routes: " << wanted->word << " is not \"postfix\"\n";
    return exit_usage;
  }
  const auto loaded = read_policy_file(wanted->file);
  if (!loaded) return EXIT_FAILURE;
  const auto maps = ways_of(*loaded, wanted->file);
  if (!maps) return EXIT_FAILURE;
  const auto& socket = loaded->config->socketmap.socket;
  if (!socket) {
    std::cerr << wanted->file << ": has no [socketmap] for Postfix to ask; mailweirctl export writes static tables\n";
    return EXIT_FAILURE;
  }
  std::cout << postfix_lines(*maps, table_at(*socket));
  return EXIT_SUCCESS;
}

}  // namespace mailweir
