// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl export and mailweirctl routes: the ways out for a Postfix without the socketmap door, and with it.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

#include <sys/stat.h>
#include <boost/program_options.hpp>

#include "ctl/command.h"
#include "ctl/own_domains.h"
#include "ctl/policy_file.h"
#include "ctl/route_lines.h"
#include "ctl/route_verify.h"
#include "ctl/rule_routes.h"
#include "ctl/usage.h"
#include "ctl/way_files.h"
#include "rule/confirmed_routes.h"

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
  if (!read_options(args, all, words)) return {};
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

struct RoutesWanted {
  std::string word, server = "postfix", file = default_policy_file(), server_config, program = "sendmail";
};

std::optional<RoutesWanted> read_routes_arguments(const Arguments& args) {
  RoutesWanted wanted;
  po::options_description all("Usage: mailweirctl routes postfix|sendmail|verify [SERVER] [OPTION...]");
  all.add_options()("what", po::value(&wanted.word)->value_name("WHAT")->required(),
                    "the mail server that the lines are for, or verify")(
      "server", po::value(&wanted.server)->value_name("SERVER"), "verify: postfix (the default) or sendmail")(
      "config,c", po::value(&wanted.file)->value_name("FILE"), "the policy file")(
      "server-config", po::value(&wanted.server_config)->value_name("PATH"),
      "the directory of main.cf, or the file sendmail.cf, if it is not the usual one")(
      "program", po::value(&wanted.program)->value_name("PROGRAM"), "the sendmail program")("help,h", "print this");
  po::positional_options_description words;
  words.add("what", 1).add("server", 1);
  if (!read_options(args, all, words)) return {};
  return wanted;
}

int verify(const Loaded& loaded, const RoutesWanted& wanted, const std::vector<NamedRoute>& routes) {
  const bool at_postfix = wanted.server == "postfix";
  std::vector<std::string> program{wanted.program};
  if (!wanted.server_config.empty()) program.push_back("-C" + wanted.server_config);
  const auto& socket = loaded.config->socketmap.socket;
  const auto findings = at_postfix ? verify_at_postfix(routes, PostfixTables(wanted.server_config),
                                                       socket ? table_at(*socket) + "generic" : "")
                                   : verify_at_sendmail(routes, program);
  std::vector<NamedRoute> confirmed;
  for (const auto& [route, faults] : findings) {
    if (faults.empty()) confirmed.push_back(*route);
    std::cout << route->name << ": " << (faults.empty() ? "confirmed" : "not confirmed: mail for it is held") << '\n';
    for (const auto& fault : faults) std::cout << "  " << fault << '\n';
  }
  if (findings.empty()) std::cout << "no rule names a route for " << wanted.server << '\n';
  const auto written =
      loaded.policy->confirmed_routes->write(at_postfix ? MailServer::postfix : MailServer::sendmail, confirmed);
  if (!written) std::cerr << "mailweirctl routes: " << written.error().what << '\n';
  return written && confirmed.size() == findings.size() ? EXIT_SUCCESS : EXIT_FAILURE;
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
    if (map == WayMap::mailer || map == WayMap::generic) continue;  // for these the door is needed
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
  const auto wanted = read_routes_arguments(args);
  if (!wanted) return EXIT_SUCCESS;
  const bool verifies = wanted->word == "verify";
  const std::string server = verifies ? wanted->server : wanted->word;
  if (server != "postfix" && server != "sendmail") {
    std::cerr << "mailweirctl routes: " << wanted->word << (verifies ? " " + server : "")
              << " is not \"postfix\", \"sendmail\" or \"verify\"\n";
    return exit_usage;
  }
  const auto loaded = read_policy_file(wanted->file);
  if (!loaded) return EXIT_FAILURE;
  const auto maps = ways_of(*loaded, wanted->file);
  if (!maps) return EXIT_FAILURE;
  const auto routes = routes_of_rules(*loaded->policy);
  const auto& socket = loaded->config->socketmap.socket;
  if (verifies) return verify(*loaded, *wanted, routes);
  if (server == "sendmail") {
    std::cout << sendmail_lines(routes);
    return EXIT_SUCCESS;
  }
  const auto& ways = maps->ways();
  const bool asks = !ways.relays.empty() || !ways.tls.empty() || !maps->keys(WayMap::transport).empty();
  if (!socket && asks) {
    std::cerr << wanted->file << ": has no [socketmap] for Postfix to ask; mailweirctl export writes static tables\n";
    return EXIT_FAILURE;
  }
  const PostfixTables postfix(wanted->server_config);
  const PostfixBefore before =
      routes.empty() ? PostfixBefore()
                     : PostfixBefore{postfix.written("transport_maps"), postfix.written("milter_header_checks"),
                                     postfix.written("smtp_generic_maps")};
  std::cout << postfix_lines(*maps, socket ? table_at(*socket) : std::string(), routes, before);
  const auto rewrites = [](const NamedRoute& route) { return route.kind == RouteKind::rewrite; };
  if (std::ranges::any_of(routes, rewrites)) std::cout << never_lines(postfix);
  return EXIT_SUCCESS;
}

}  // namespace mailweir
