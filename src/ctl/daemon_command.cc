// SPDX-License-Identifier: BSD-2-Clause
// reload and status: what asks the running daemon at its admin door.
#include <iostream>
#include <optional>

#include <boost/program_options.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "ctl/command.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;
using nlohmann::json;

struct Asked {
  std::string socket = AdminConfig().socket.path;
  bool json = false;
};

std::optional<Asked> parse(const Arguments& args, const std::string& usage) {
  Asked asked;
  po::options_description all(usage);
  all.add_options()("socket,s", po::value(&asked.socket)->value_name("PATH"), "the daemon's admin socket")(
      "json", po::bool_switch(&asked.json), "print the daemon's own JSON")("help,h", "print this");
  po::variables_map values;
  po::store(po::command_line_parser(args).options(all).run(), values);
  po::notify(values);
  if (values.count("help") != 0) {
    std::cout << all;
    return {};
  }
  if (asked.socket.starts_with("unix:")) asked.socket.erase(0, 5);
  return asked;
}

httplib::Client client_of(const Asked& asked) {
  httplib::Client client(asked.socket);
  client.set_address_family(AF_UNIX);
  client.set_connection_timeout(5, 0);
  client.set_read_timeout(120, 0);  // a reload may read a million list entries
  // httplib would put the socket's path into Host.
  client.set_default_headers({{"Host", "mailweir"}});
  return client;
}

int no_answer(const Asked& asked, httplib::Error error) {
  std::cerr << "mailweirctl: " << asked.socket << ": the daemon does not answer (" << httplib::to_string(error)
            << "); is it running, and may you use the socket?\n";
  return 69;
}

void print_table(const json& rules) {
  std::size_t width = 4;
  for (const auto& rule : rules) width = std::max(width, rule["name"].get<std::string>().size());
  const auto cell = [](const json& value, std::size_t wide) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    return std::string(text.size() < wide ? wide - text.size() : 0, ' ') + text;
  };
  std::cout << "\nrule" << std::string(width - 4, ' ') << "              at     asked      hits      over    shadow\n";
  for (const auto& rule : rules) {
    const auto name = rule["name"].get<std::string>();
    std::cout << name << std::string(width - name.size(), ' ') << cell(rule["at"], 16) << cell(rule["asked"], 10) << cell(rule["hits"], 10)
              << cell(rule["over"], 10) << cell(rule["shadow"], 10) << '\n';
  }
}

void print_dnsbl(const json& lists) {
  for (const auto& list : lists) {
    std::cout << "dnsbl " << list["name"].get<std::string>() << " (" << list["zone"].get<std::string>() << "): " << list["state"].get<std::string>();
    if (const auto since = list["since"].get<std::string>(); !since.empty()) std::cout << " for " << since;
    if (const auto reason = list["reason"].get<std::string>(); !reason.empty()) std::cout << " (" << reason << ')';
    std::cout << " asked=" << list["asked"] << " listed=" << list["listed"] << " errors=" << list["errors"] << '\n';
  }
}

}  // namespace

int reload_command(const Arguments& args) {
  const auto asked = parse(args, "Usage: mailweirctl reload [--socket PATH]");
  if (!asked) return 0;
  auto client = client_of(*asked);
  const auto response = client.Post("/reload");
  if (!response) return no_answer(*asked, response.error());
  if (asked->json) std::cout << response->body;
  const json answer = json::parse(response->body, nullptr, false);
  if (answer.is_discarded()) {
    std::cerr << "mailweirctl: the daemon says: " << response->body << '\n';
    return 69;
  }
  if (!asked->json) {
    for (const auto& warning : answer["warnings"]) std::cerr << "warning: " << warning.get<std::string>() << '\n';
    for (const auto& error : answer["errors"]) std::cerr << error.get<std::string>() << '\n';
    for (const auto& key : answer["restart"]) std::cerr << "note: " << key.get<std::string>() << " has changed; that needs a restart\n";
    if (answer["ok"].get<bool>()) std::cout << "reloaded\n";
    else std::cerr << "not reloaded: the old policy stays in force\n";
  }
  return answer["ok"].get<bool>() ? 0 : 1;
}

int status_command(const Arguments& args) {
  const auto asked = parse(args, "Usage: mailweirctl status [--json] [--socket PATH]");
  if (!asked) return 0;
  auto client = client_of(*asked);
  const auto response = client.Get("/status");
  if (!response) return no_answer(*asked, response.error());
  if (asked->json) {
    std::cout << response->body;
    return 0;
  }
  const json status = json::parse(response->body, nullptr, false);
  if (status.is_discarded() || response->status != 200) {
    std::cerr << "mailweirctl: the daemon says: " << response->body << '\n';
    return 69;
  }
  std::cout << "mailweir " << status["version"].get<std::string>() << ", up " << status["uptime"].get<std::string>() << ", policy "
            << status["file"].get<std::string>() << " (read " << status["generation"] << " times)\n";
  for (const auto* part : {"milter", "policy", "http", "counters", "dns"}) {
    if (!status.contains(part)) continue;
    std::cout << part << ':';
    for (const auto& [key, value] : status[part].items()) std::cout << ' ' << key << '=' << (value.is_string() ? value.get<std::string>() : value.dump());
    std::cout << '\n';
  }
  std::cout << "transactions=" << status["transactions"] << " open_leases=" << status["open_leases"]
            << " log_lines_dropped=" << status["log_lines_dropped"] << " failed_reloads=" << status["failed_reloads"] << '\n';
  if (status.contains("dnsbl")) print_dnsbl(status["dnsbl"]);
  if (status.contains("redis_lists"))
    for (const auto& server : status["redis_lists"])
      std::cout << "lists in " << server["server"].get<std::string>() << ": " << (server["up"].get<bool>() ? "up" : "down") << " asked=" << server["asked"]
                << " errors=" << server["errors"] << '\n';
  print_table(status["rules"]);
  return 0;
}

}  // namespace mailweir
