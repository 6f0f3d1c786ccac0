// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim list, retire: how far keys have come, and ending one.
#include <algorithm>
#include <iostream>

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "base/duration.h"
#include "base/text.h"
#include "check/key_life.h"
#include "check/signing_keys.h"
#include "ctl/check_command.h"
#include "ctl/dkim_keys.h"
#include "ctl/key_directory.h"
#include "ctl/key_options.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;
using std::chrono::seconds;

struct ListedSigningKey {
  DkimKeyPtr key;
  KeyStateRow row;
};

// The keys of one domain with their states, in the order of their selectors.
std::vector<ListedSigningKey> keys_of(const KeysFound& found, const DomainStates& states, WallTime now) {
  const KeysByState sorted = sort_keys(found.keys, states, true, now);
  std::vector<ListedSigningKey> all;
  for (const auto& key : found.keys) {
    const auto same = [&](const KeyStateRow& row) {
      return row.selector == key->selector && row.key == mark_of(*key->signer);
    };
    const auto known = std::ranges::find_if(states.rows, same);
    if (known != states.rows.end()) {
      all.push_back({key, *known});
      continue;
    }
    const bool pending = std::ranges::find(sorted.pending, key) != sorted.pending.end();
    all.push_back({key, new_key_row(*key, pending ? KeyState::pending : KeyState::active, key->written)});
  }
  return all;
}

std::string span_from(WallTime then, WallTime now) {
  return rough_duration(std::chrono::duration_cast<std::chrono::milliseconds>(std::max(now - then, {})));
}

std::string line_of(const ListedSigningKey& one, WallTime now) {
  const auto& [key, row] = one;
  std::string line = name_of(*key) + "  " + std::string(to_string(row.state)) + "  " +
                     (key->signer->kind() == KeyKind::rsa ? "rsa " + std::to_string(key->signer->bits()) : "ed25519") +
                     "  age " + (key->written == WallTime() ? "unknown" : span_from(key->written, now));
  if (row.state == KeyState::retiring) line += "  goes in " + span_from(now, row.next);
  if (!row.successor.empty() && row.state == KeyState::active) line += "  until " + row.successor + " is active";
  if (!row.note.empty()) line += "  " + row.note;
  return line;
}

nlohmann::json json_of(const ListedSigningKey& one) {
  const auto number = [](WallTime time) { return std::chrono::floor<seconds>(time.time_since_epoch()).count(); };
  const auto& [key, row] = one;
  return {{"domain", key->domain},
          {"selector", key->selector},
          {"state", to_string(row.state)},
          {"kind", key->signer->kind() == KeyKind::rsa ? "rsa" : "ed25519"},
          {"bits", key->signer->bits()},
          {"written", number(key->written)},
          {"since", number(row.since)},
          {"next", number(row.next)},
          {"looks", row.looks},
          {"note", row.note},
          {"successor", row.successor}};
}

int fail(const std::string& command, const std::string& why) {
  std::cerr << "mailweirctl dkim " << command << ": " << why << '\n';
  return EXIT_FAILURE;
}

}  // namespace

int dkim_list(const Arguments& args) {
  std::vector<std::string> words;
  std::string state;
  bool json = false;
  KeyDirectory place;
  po::options_description options("Usage: mailweirctl dkim list [DOMAIN...] [OPTION...]");
  options.add_options()("domain", po::value(&words)->value_name("DOMAIN"), "whose keys (all domains)")(
      "state", po::value(&state)->value_name("STATE"), "only keys that are pending, active or retiring")(
      "json", po::bool_switch(&json), "print JSON, one object on each line");
  place.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, {"domain"}, status)) return status;
  if (!state.empty() && std::ranges::none_of(all_key_states, [&](KeyState one) { return to_string(one) == state; }))
    return wrong_usage("--state is pending, active or retiring");
  auto domains = domains_of(words, {}, true);
  if (!domains || !place.settle()) return exit_usage;
  if (domains->empty()) {
    auto listed = place.keys().domains(Deadline::in(KeyDirectory::patience_of_all));
    if (!listed) return fail("list", listed.error().what);
    domains = std::move(*listed);
  }
  const auto now = system_clock().wall();
  for (const auto& domain : *domains) {
    const KeysFound found = place.keys().look(domain, Deadline::in(KeyDirectory::patience));
    for (const auto& trouble : found.troubles) status = fail("list", trouble);
    const auto known = place.states().of(domain, Deadline::in(KeyDirectory::patience));
    if (!known) return fail("list", known.error().what);
    for (const auto& one : keys_of(found, *known, now)) {
      if (!state.empty() && to_string(one.row.state) != state) continue;
      if (json) std::cout << json_of(one).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
      else std::cout << line_of(one, now) << '\n';
    }
  }
  return status;
}

int dkim_retire(const Arguments& args) {
  std::string domain, selector, overlap = "7d";
  bool now_at_once = false, force = false;
  KeyDirectory place;
  po::options_description options("Usage: mailweirctl dkim retire DOMAIN SELECTOR [OPTION...]");
  options.add_options()("domain", po::value(&domain)->value_name("DOMAIN")->required(), "whose key it is")(
      "selector", po::value(&selector)->value_name("NAME")->required(), "the first part of its record's name")(
      "overlap", po::value(&overlap)->value_name("TIME"), "how long it is kept, though it signs no more (7d)")(
      "now", po::bool_switch(&now_at_once), "remove it at once")("force", po::bool_switch(&force),
                                                                 "also the only key that signs for its domain");
  place.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, {"domain", "selector"}, status)) return status;
  const auto span = span_of("--overlap", overlap);
  if (!span) return exit_usage;
  const auto domains = domains_of({domain}, {});
  if (!domains || !place.settle()) return exit_usage;
  domain = domains->front();

  KeyStates& states = place.states();
  const auto now = system_clock().wall();
  const KeysFound found = place.keys().look(domain, Deadline::in(KeyDirectory::patience));
  const auto known = states.of(domain, Deadline::in(KeyDirectory::patience));
  if (!known) return fail("retire", known.error().what);
  const auto all = keys_of(found, *known, now);
  const auto one = std::ranges::find(all, selector, [](const ListedSigningKey& key) { return key.row.selector; });
  const std::string name = selector + "._domainkey." + domain;
  if (one == all.end()) return fail("retire", name + " is not in " + place.name());
  const auto sorted = sort_keys(found.keys, *known, true, now);
  if (const auto why = objection_to_removal(selector, sorted); !why.empty() && !force)
    return fail("retire", name + ": " + why + "; --force retires it all the same");
  if (now_at_once) {
    if (const auto gone = place.keys().remove(domain, selector, Deadline::in(KeyDirectory::patience)); !gone)
      return fail("retire", gone.error().what);
    if (const auto gone = states.remove(domain, selector); !gone) return fail("retire", gone.error().what);
    std::cout << name << " is removed\n";
    return status;
  }
  if (one->row.state == KeyState::pending)
    return fail("retire", name + " is pending, and signs nothing; --now removes it");
  if (const auto added = states.add({one->row}, now); !added) return fail("retire", added.error().what);
  const auto changed = states.change(one->row, now_retiring(one->row, *span, now));
  if (!changed) return fail("retire", changed.error().what);
  if (!*changed) return fail("retire", name + " was changed meanwhile");
  std::cout << name << " is retiring; leave its record published until it is removed, in " << format_duration(*span)
            << '\n';
  return status;
}

}  // namespace mailweir
