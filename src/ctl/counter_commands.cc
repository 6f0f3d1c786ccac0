// SPDX-License-Identifier: BSD-2-Clause
// counters, reset, block, unblock, blocks: the counters behind limits, and the keys that limits have blocked.
#include <algorithm>
#include <iostream>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/daemon_client.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr std::uint64_t most_rows = 100'000;

// Rows of texts below their heads; nothing that a stranger chose reaches the terminal raw.
void print_rows(const json& rows, const std::vector<std::string>& columns) {
  std::vector<std::vector<std::string>> table{columns};
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& column : columns)
      cells.push_back(row[column].is_string() ? cleaned(row[column].get<std::string>(), false, 300)
                                              : row[column].dump());
    table.push_back(std::move(cells));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& cells : table)
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  for (const auto& cells : table)
    for (std::size_t i = 0; i < cells.size(); ++i)
      std::cout << cells[i] << (i + 1 < cells.size() ? std::string(widths[i] - cells[i].size() + 2, ' ') : "\n");
}

void say_if_here_only(const json& answer) {
  if (answer.value("this_node_only", false))
    std::cerr
        << "mailweirctl: done on this node; the shared store does not answer now, and is updated when it is back\n";
}

// The daemon's answer, or the exit status after having said what is wrong.
struct Answer {
  json value;
  int status = 0;
};
Answer read_answer(const Asked& asked, const std::optional<DaemonAnswer>& response) {
  if (!response) return {{}, exit_no_answer};
  json value = json::parse(response->body, nullptr, false);
  if (response->status != 200 || value.is_discarded()) {
    std::cerr << "mailweirctl: the daemon's answer: " << response->body;
    return {{}, response->status == 400 ? 1 : exit_no_answer};
  }
  if (asked.json) std::cout << response->body;
  return {std::move(value), 0};
}

// LIMIT KEY, and TIME for a block.
struct KeyAsked {
  Asked asked;
  Parameters parameters;
};
std::optional<KeyAsked> parse_key(const Arguments& args, const std::string& usage, bool with_time) {
  std::string limit, key, time;
  std::vector<TextOption> words{{"limit", "LIMIT", "the limit's name", &limit},
                                {"key", "KEY", "the key that it counts by", &key}};
  if (with_time) words.push_back({"time", "TIME", "how long: 2h, 1d, until-midnight", &time});
  const auto asked = parse_asked(args, usage, {}, words);
  if (!asked) return {};
  return KeyAsked{*asked, {{"limit", limit}, {"key", key}, {"time", time}}};
}

Answer tell(const KeyAsked& key, const std::string& path) {
  return read_answer(key.asked, tell_daemon(key.asked, path, key.parameters));
}

// Who looks must know whether he sees what all nodes share.
void say_if_alone(const Asked& asked) {
  const auto status = ask_daemon(asked, "/status");
  const json value = status ? json::parse(status->body, nullptr, false) : json();
  if (value.is_object() && value.contains("counters") && value["counters"].value("up", true) == false)
    std::cerr << "mailweirctl: values of this node only; the shared store does not answer now\n";
}

}  // namespace

int counters_command(const Arguments& args) {
  std::string limit, key, top;
  const auto asked =
      parse_asked(args, "Usage: mailweirctl counters [--by KEY] [--limit LIMIT] [--top N] [--json] [--socket PATH]",
                  {{"by", "KEY", "only the counters of this key", &key},
                   {"limit", "LIMIT", "only those of this limit", &limit},
                   {"top", "N", "the N highest, highest first", &top}});
  if (!asked) return 0;
  const std::optional<std::uint64_t> wanted = top.empty() ? most_rows : to_number(top);
  if (!wanted || *wanted > most_rows) {
    std::cerr << "mailweirctl counters: --top needs a number, at most " << most_rows << "\n";
    return exit_usage;
  }
  // One more, to see whether there are more.
  Parameters parameters{{"limit", limit}, {"key", key}, {"most", std::to_string(*wanted + (top.empty() ? 1 : 0))}};
  if (!top.empty()) parameters.emplace_back("top", "1");
  auto answer = read_answer(*asked, ask_daemon(*asked, "/counters", parameters));
  const bool cut = answer.status == 0 && answer.value.size() > *wanted;
  if (cut) answer.value.erase(answer.value.size() - 1);
  if (answer.status == 0 && !asked->json) print_rows(answer.value, {"limit", "key", "period", "count"});
  if (cut)
    std::cerr << "mailweirctl: more than " << most_rows
              << " counters; only some are listed; select with --limit or --by, or list the highest with --top\n";
  if (answer.status == 0) say_if_alone(*asked);
  return answer.status;
}

int blocks_command(const Arguments& args) {
  const auto asked = parse_asked(args, "Usage: mailweirctl blocks [--json] [--socket PATH]");
  if (!asked) return 0;
  const auto answer = read_answer(*asked, ask_daemon(*asked, "/blocks"));
  if (answer.status == 0 && !asked->json) print_rows(answer.value, {"limit", "key", "left", "rule", "reason"});
  if (answer.status == 0) say_if_alone(*asked);
  return answer.status;
}

int block_command(const Arguments& args) {
  const auto key = parse_key(args, "Usage: mailweirctl block LIMIT KEY TIME [--json] [--socket PATH]", true);
  if (!key) return 0;
  const auto answer = tell(*key, "/block");
  if (answer.status != 0 || key->asked.json) return answer.status;
  std::cout << "blocked for " << answer.value["left"].get<std::string>() << '\n';
  say_if_here_only(answer.value);
  return 0;
}

int unblock_command(const Arguments& args) {
  const auto key = parse_key(args, "Usage: mailweirctl unblock LIMIT KEY [--json] [--socket PATH]", false);
  if (!key) return 0;
  const auto answer = tell(*key, "/unblock");
  if (answer.status != 0) return answer.status;
  const bool was = answer.value["unblocked"].get<bool>();
  const bool here_only = answer.value.value("this_node_only", false);
  if (!key->asked.json)
    std::cout << (was         ? "unblocked, and its counters are reset\n"
                  : here_only ? "it was not blocked here\n"
                              : "it was not blocked\n");
  if (!key->asked.json) say_if_here_only(answer.value);
  return was || here_only ? 0 : 1;
}

int reset_command(const Arguments& args) {
  const auto key = parse_key(args, "Usage: mailweirctl reset LIMIT KEY [--json] [--socket PATH]", false);
  if (!key) return 0;
  const auto answer = tell(*key, "/reset");
  if (answer.status != 0) return answer.status;
  const auto counters = answer.value["counters"].get<std::uint64_t>();
  const bool here_only = answer.value.value("this_node_only", false);
  if (!key->asked.json)
    std::cout << (counters > 0 ? "forgotten: " + std::to_string(counters) + " counters\n" : "no such counter\n");
  if (!key->asked.json) say_if_here_only(answer.value);
  return counters > 0 || here_only ? 0 : 1;
}

}  // namespace mailweir
