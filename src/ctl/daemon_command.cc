// SPDX-License-Identifier: BSD-2-Clause
// reload and status: what asks the running daemon at its admin door.
#include <iostream>

#include <nlohmann/json.hpp>

#include "ctl/command.h"
#include "ctl/daemon_client.h"

namespace mailweir {
namespace {

using nlohmann::json;

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
    std::cout << name << std::string(width - name.size(), ' ') << cell(rule["at"], 16) << cell(rule["asked"], 10)
              << cell(rule["hits"], 10) << cell(rule["over"], 10) << cell(rule["shadow"], 10) << '\n';
  }
}

void print_dnsbl(const json& lists) {
  for (const auto& list : lists) {
    std::cout << "dnsbl " << list["name"].get<std::string>() << " (" << list["zone"].get<std::string>()
              << "): " << list["state"].get<std::string>();
    if (const auto since = list["since"].get<std::string>(); !since.empty()) std::cout << " for " << since;
    if (const auto reason = list["reason"].get<std::string>(); !reason.empty()) std::cout << " (" << reason << ')';
    std::cout << " asked=" << list["asked"] << " listed=" << list["listed"] << " errors=" << list["errors"] << '\n';
  }
}

// Redis servers of lists, or of signing keys.
void print_servers(const json& status, const char* part, const char* what) {
  if (!status.contains(part)) return;
  for (const auto& server : status[part])
    std::cout << what << " in " << server["server"].get<std::string>() << ": "
              << (server["up"].get<bool>() ? "up" : "down") << " asked=" << server["asked"]
              << " errors=" << server["errors"] << '\n';
}

}  // namespace

int reload_command(const Arguments& args) {
  const auto asked = parse_asked(args, "Usage: mailweirctl reload [--socket PATH]");
  if (!asked) return 0;
  const auto response = tell_daemon(*asked, "/reload");
  if (!response) return exit_no_answer;
  if (asked->json) std::cout << response->body;
  const json answer = json::parse(response->body, nullptr, false);
  if (answer.is_discarded()) {
    std::cerr << "mailweirctl: the daemon's answer: " << response->body << '\n';
    return 69;
  }
  if (!asked->json) {
    for (const auto& warning : answer["warnings"]) std::cerr << "warning: " << warning.get<std::string>() << '\n';
    for (const auto& error : answer["errors"]) std::cerr << error.get<std::string>() << '\n';
    for (const auto& key : answer["restart"])
      std::cerr << "note: " << key.get<std::string>() << " has changed; that needs a restart\n";
    if (answer["ok"].get<bool>()) std::cout << "reloaded\n";
    else std::cerr << "not reloaded: the old policy stays in force\n";
  }
  return answer["ok"].get<bool>() ? 0 : 1;
}

int status_command(const Arguments& args) {
  const auto asked = parse_asked(args, "Usage: mailweirctl status [--json] [--socket PATH]");
  if (!asked) return 0;
  const auto response = ask_daemon(*asked, "/status");
  if (!response) return exit_no_answer;
  if (asked->json) {
    std::cout << response->body;
    return 0;
  }
  const json status = json::parse(response->body, nullptr, false);
  if (status.is_discarded() || response->status != 200) {
    std::cerr << "mailweirctl: the daemon's answer: " << response->body << '\n';
    return 69;
  }
  std::cout << "mailweir " << status["version"].get<std::string>() << ", up " << status["uptime"].get<std::string>()
            << ", policy " << status["file"].get<std::string>() << " (read " << status["generation"] << " times)\n";
  for (const auto* part : {"milter", "policy", "http", "counters", "dns", "alerts", "reputation"}) {
    if (!status.contains(part)) continue;
    std::cout << part << ':';
    for (const auto& [key, value] : status[part].items())
      std::cout << ' ' << key << '=' << (value.is_string() ? value.get<std::string>() : value.dump());
    std::cout << '\n';
  }
  std::cout << "transactions=" << status["transactions"] << " open_leases=" << status["open_leases"]
            << " log_lines_dropped=" << status["log_lines_dropped"] << " failed_reloads=" << status["failed_reloads"]
            << '\n';
  if (status.contains("dnsbl")) print_dnsbl(status["dnsbl"]);
  print_servers(status, "redis_lists", "lists");
  print_servers(status, "redis_keys", "signing keys");
  if (status.contains("refused_lists"))
    for (const auto& list : status["refused_lists"])
      std::cout << "warning: " << list["file"].get<std::string>()
                << " was refused, and its old content stays: " << list["reason"].get<std::string>() << '\n';
  if (status.contains("reload_errors")) {
    std::cout << "warning: the last reload was refused, and the old policy stays in force:\n";
    for (const auto& one : status["reload_errors"]) std::cout << "  " << one["error"].get<std::string>() << '\n';
  }
  if (status.contains("evicting"))
    for (const auto& server : status["evicting"])
      std::cout << "warning: " << server["store"].get<std::string>()
                << " drops keys when its memory is full (maxmemory-policy " << server["policy"].get<std::string>()
                << "); set noeviction\n";
  if (status.contains("lost"))
    std::cout << "warning: " << status["lost"]["store"].get<std::string>() << " has lost its keys ("
              << status["lost"]["times"]
              << " times since the start): limits counted from zero then, and blocks were gone\n";
  print_table(status["rules"]);
  return 0;
}

}  // namespace mailweir
