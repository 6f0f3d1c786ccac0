// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim check: whether keys are published, at every authoritative name server.
#include <iostream>

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "adapter/dns/ask_server.h"
#include "adapter/keys/openssl_signer.h"
#include "check/key_record.h"
#include "check/published_key.h"
#include "check/signing_keys.h"
#include "ctl/check_command.h"
#include "ctl/dkim_keys.h"
#include "ctl/key_directory.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

constexpr std::chrono::seconds for_a_server{5};

struct Choice {
  std::string domain, selector, file, port = "53";
  KeyDirectory place;
};

// What is to be looked for. Empty: said why.
std::vector<DkimKey> chosen_keys(const Choice& choice) {
  const auto domain = to_domain(choice.domain);
  if (!domain || !is_plain_name(*domain)) {
    wrong_usage(choice.domain + " is not a valid domain name");
    return {};
  }
  if (!choice.file.empty()) {
    if (!is_plain_name(choice.selector)) {
      wrong_usage("--file needs --selector NAME");
      return {};
    }
    const auto loaded = load_signing_key(choice.file);
    if (!loaded) {
      std::cerr << "mailweirctl dkim check: " << loaded.error().what << '\n';
      return {};
    }
    return {{*domain, choice.selector, loaded->signer, false}};
  }
  std::vector<DkimKey> keys;
  const KeysFound found = choice.place.keys().look(*domain, Deadline::in(KeyDirectory::patience));
  for (const auto& trouble : found.troubles) std::cerr << "mailweirctl dkim check: " << trouble << '\n';
  for (const auto& key : found.keys)
    if (choice.selector.empty() || key->selector == choice.selector) keys.push_back(*key);
  if (keys.empty() && found.troubles.empty())
    std::cerr << "mailweirctl dkim check: " << *domain << " has no key "
              << (choice.selector.empty() ? "" : choice.selector + ' ') << "in " << choice.place.name() << '\n';
  return keys;
}

void add_servers(const DkimKey& key, const KeyPublication& found, CheckAnswer& answer) {
  const std::string name = name_of(key);
  if (found.name != name) answer.more.emplace_back(name, "is an alias of " + found.name);
  if (!found.trouble.empty()) answer.more.emplace_back(name, found.trouble);
  for (const auto& server : found.servers)
    answer.more.emplace_back(
        name, server.server + ' ' + (server.address == IpAddress() ? "" : server.address.to_string() + ' ') +
                  std::string(to_string(server.what)) + (server.detail.empty() ? "" : ": " + server.detail));
}

}  // namespace

int dkim_check(const Arguments& args) {
  Choice choice;
  CheckCommand command("Usage: mailweirctl dkim check DOMAIN [SELECTOR] [OPTION...]");
  command.options().add_options()("domain", po::value(&choice.domain)->value_name("DOMAIN")->required(),
                                  "whose keys are looked for")(
      "selector", po::value(&choice.selector)->value_name("NAME"), "only this key")(
      "file", po::value(&choice.file)->value_name("FILE"), "instead: this key, in PEM")(
      "port", po::value(&choice.port)->value_name("N"), "of the authoritative servers (53)");
  choice.place.add_to(command.options());
  if (const auto done = command.parse(args, {"domain", "selector"})) return *done;
  if (choice.file.empty() && !choice.place.settle()) return exit_usage;
  const auto keys = chosen_keys(choice);
  if (keys.empty()) return exit_usage;
  bool everywhere = true, asked = false;
  CheckAnswer answer;
  for (const auto& key : keys) {
    const auto found = find_publication(key, command.lookups(), [&](const IpAddress& server, const auto& question) {
      return ask_server(server, choice.port, question, Deadline::in(for_a_server));
    });
    everywhere = everywhere && found.is_everywhere();
    asked =
        asked || std::ranges::any_of(found.servers, [](const auto& one) { return one.what != Published::no_answer; });
    add_servers(key, found, answer);
    if (!found.is_everywhere()) answer.more.emplace_back("publish", txt_line(found.name, key_record(*key.signer)));
  }
  const bool one = keys.size() == 1;
  answer.word = everywhere ? "pass" : asked ? "fail" : "temperror";
  answer.reason = everywhere ? (one ? "the key is published" : "the keys are published")
                  : asked    ? "not all authoritative servers that answer have the key"
                             : "no authoritative server could be asked";
  return command.answer(answer, everywhere);
}

}  // namespace mailweir
