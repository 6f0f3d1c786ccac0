// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/daemon_client.h"

#include <algorithm>
#include <iostream>

#include <boost/program_options.hpp>
#include <httplib.h>

#include "config/config.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

httplib::Client client_of(const Asked& asked) {
  httplib::Client client(asked.socket);
  client.set_address_family(AF_UNIX);
  client.set_connection_timeout(5, 0);
  client.set_read_timeout(120, 0);  // a reload may read a million list entries
  // httplib would put the socket's path into Host.
  client.set_default_headers({{"Host", "mailweir"}});
  return client;
}

httplib::Params params_of(const Parameters& parameters) { return {parameters.begin(), parameters.end()}; }

std::optional<DaemonAnswer> answer_of(const Asked& asked, const httplib::Result& response) {
  if (response) return DaemonAnswer{response->status, response->body};
  std::cerr << "mailweirctl: " << asked.socket << ": the daemon does not answer (" << httplib::to_string(response.error())
            << "); is it running, and may you use the socket?\n";
  return {};
}

}  // namespace

std::optional<Asked> parse_asked(const Arguments& args, const std::string& usage, const std::vector<TextOption>& options,
                                 const std::vector<TextOption>& words) {
  Asked asked;
  asked.socket = AdminConfig().socket.path;
  po::options_description all(usage);
  po::positional_options_description positions;
  for (const auto* each : {&words, &options}) {
    for (const TextOption& option : *each) {
      auto* value = po::value(option.value)->value_name(option.value_name);
      if (each == &words) positions.add(option.name.c_str(), 1);
      all.add_options()(option.name.c_str(), each == &words ? value->required() : value, option.help.c_str());
    }
  }
  all.add_options()("socket,s", po::value(&asked.socket)->value_name("PATH"), "the daemon's admin socket")(
      "json", po::bool_switch(&asked.json), "print the daemon's own JSON")("help,h", "print this");
  po::variables_map values;
  po::store(po::command_line_parser(args).options(all).positional(positions).run(), values);
  if (values.count("help") != 0) {
    std::cout << all;
    return {};
  }
  po::notify(values);
  if (asked.socket.starts_with("unix:")) asked.socket.erase(0, 5);
  return asked;
}

std::optional<DaemonAnswer> ask_daemon(const Asked& asked, const std::string& path, const Parameters& parameters) {
  auto client = client_of(asked);
  return answer_of(asked, client.Get(path, params_of(parameters), httplib::Headers()));
}

std::optional<DaemonAnswer> tell_daemon(const Asked& asked, const std::string& path, const Parameters& parameters) {
  auto client = client_of(asked);
  return answer_of(asked, client.Post(path, params_of(parameters)));
}

}  // namespace mailweir
