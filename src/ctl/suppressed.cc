// SPDX-License-Identifier: BSD-2-Clause
// suppressed list, remove, export, import: recipients that earlier bounces have proved dead.
#include <chrono>
#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/daemon_client.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr int exit_usage_of_words = 64;

// What the daemon has said; nothing: it was said why it is of no use.
std::optional<json> value_of(const std::optional<DaemonAnswer>& response) {
  if (!response) return {};
  json value = json::parse(response->body, nullptr, false);
  if (response->status == 200 && !value.is_discarded()) return value;
  std::cerr << "mailweirctl: the daemon's answer: " << response->body;
  return {};
}

int list(const Asked& asked) {
  const auto rows = value_of(ask_daemon(asked, "/suppressed"));
  if (!rows) return exit_no_answer;
  if (asked.json) {
    std::cout << rows->dump(1) << '\n';
    return 0;
  }
  for (const json& row : *rows)
    if (row.value("suppressed", false))
      std::cout << cleaned(row.value("for", ""), false, 300) << "  " << cleaned(row.value("recipient", ""), false, 300)
                << "  " << cleaned(row.value("answer", std::string()), false, 300) << '\n';
  return 0;
}

int import(const Asked& asked, const std::string& file) {
  std::ifstream in(file);
  const json rows = json::parse(in, nullptr, false);
  if (!in || !rows.is_array()) {
    std::cerr << "mailweirctl: " << file << ": it is not what `mailweirctl suppressed export` writes\n";
    return 1;
  }
  std::size_t count = 0;
  for (const json& row : rows) {
    if (!row.is_object() || !row.value("suppressed", false)) continue;
    const Parameters parameters{{"for", row.value("for", "")},
                                {"recipient", row.value("recipient", "")},
                                {"answer", row.value("answer", std::string())}};
    if (!value_of(tell_daemon(asked, "/suppressed/put", parameters))) return 1;
    ++count;
  }
  std::cout << count << " recipients are suppressed\n";
  return 0;
}

}  // namespace

int suppressed_command(const Arguments& args) {
  std::string what, first, second;
  const auto asked = parse_asked(
      args, "Usage: mailweirctl suppressed list|remove FOR RECIPIENT|export|import FILE [--json] [--socket PATH]", {},
      {{"what", "WHAT", "list, remove, export or import", &what, true},
       {"for", "FOR", "remove: the login or customer; import: the file", &first, true},
       {"recipient", "RECIPIENT", "remove: the mail address", &second, true}});
  if (!asked) return 0;
  if (what == "list") return list(*asked);
  if (what == "export") {
    Asked as_json = *asked;
    as_json.json = true;
    return list(as_json);
  }
  if (what == "import" && !first.empty()) return import(*asked, first);
  if (what == "remove" && !second.empty()) {
    const auto answer = value_of(tell_daemon(*asked, "/suppressed/remove", {{"for", first}, {"recipient", second}}));
    if (!answer) return exit_no_answer;
    const bool removed = answer->value("removed", false);
    std::cout << (removed ? "removed\n" : "it was not suppressed\n");
    return removed ? 0 : 1;
  }
  std::cerr << "mailweirctl: write: mailweirctl suppressed list, remove FOR RECIPIENT, export, or import FILE\n";
  return exit_usage_of_words;
}

}  // namespace mailweir
