// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim rotate: a new key beside the old one, which signs until the new one's record is seen.
#include <algorithm>
#include <iostream>
#include <optional>
#include <set>

#include <boost/program_options.hpp>

#include "base/duration.h"
#include "check/key_life.h"
#include "ctl/check_command.h"
#include "ctl/dkim_keys.h"
#include "ctl/key_directory.h"
#include "ctl/key_options.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;
using std::chrono::seconds;

struct Rotation {
  KeyDirectory place;
  RecordForms forms;
  std::string selector = selector_of_today(), type;
  unsigned bits = 2048;
  std::optional<seconds> older;
  seconds overlap{0};
  bool all = false, dry = false;
};

std::string age_of(const DkimKey& key, WallTime now) {
  if (key.written == WallTime()) return "age unknown";
  return rough_duration(std::chrono::duration_cast<std::chrono::milliseconds>(now - key.written));
}

// As those that it replaces.
std::string type_of(const std::vector<DkimKeyPtr>& keys) {
  const auto has = [&](KeyKind kind) {
    return std::ranges::any_of(keys, [&](const DkimKeyPtr& key) { return key->signer->kind() == kind; });
  };
  return !has(KeyKind::ed25519) ? "rsa" : has(KeyKind::rsa) ? "both" : "ed25519";
}

// One that no key of the domain has or had.
std::vector<KindOfKey> free_names(const std::string& type, const std::string& base,
                                  const std::set<std::string>& taken) {
  for (int number = 1;; ++number) {
    const auto kinds = kinds_of(type, number == 1 ? base : base + '-' + std::to_string(number));
    if (!kinds) return {};
    if (std::ranges::none_of(*kinds, [&](const auto& kind) { return taken.contains(kind.selector); })) return *kinds;
  }
}

class Rotator {
 public:
  explicit Rotator(Rotation& what) : what_(what), states_(what.place.states()), now_(system_clock().wall()) {}

  Result<void> begin() { return what_.dry ? Result<void>() : states_.begin(now_); }

  // An error says why the domain has no new key.
  Result<void> rotate(const std::string& domain) {
    const KeysFound found = what_.place.keys().look(domain, Deadline::in(KeyDirectory::patience));
    const auto states = states_.of(domain, Deadline::in(KeyDirectory::patience));
    if (!states) return states.error();
    const KeysByState sorted = sort_keys(found.keys, *states, true, now_);
    if (sorted.signing.empty() && what_.all) return {};
    if (sorted.signing.empty())
      return Error{domain + ": no key of it signs; mailweirctl dkim keygen makes its first key"};
    if (!sorted.pending.empty())
      return Error{domain + ": " + sorted.pending.front()->selector + " is pending; publish its record first"};
    const auto youngest = std::ranges::max(sorted.signing, {}, [](const DkimKeyPtr& key) { return key->written; });
    if (what_.older && now_ - youngest->written < *what_.older) return {};

    std::set<std::string> taken;
    for (const auto& key : found.keys) taken.insert(key->selector);
    for (const auto& row : states->rows) taken.insert(row.selector);
    const auto kinds = free_names(what_.type.empty() ? type_of(sorted.signing) : what_.type, what_.selector, taken);
    if (what_.dry) {
      for (const auto& kind : kinds)
        std::cout << domain << ": " << youngest->selector << " (" << age_of(*youngest, now_) << ") -> " << kind.selector
                  << '\n';
      return {};
    }
    for (const auto& kind : kinds)
      if (auto made = make(domain, kind); !made) return made;
    for (const auto& key : sorted.signing)
      if (auto marked = mark(*key, kinds, *states); !marked) return marked;
    return {};
  }

 private:
  Result<void> make(const std::string& domain, const KindOfKey& kind) {
    const auto made = what_.place.make(domain, kind.selector, kind.kind, what_.bits);
    if (!made) return made.error();
    std::cout << what_.forms.lines(*made);
    return states_.add({new_key_row(*made, KeyState::pending, now_)}, now_);
  }

  // Retires once the new one of its kind is active.
  Result<void> mark(const DkimKey& old, const std::vector<KindOfKey>& kinds, const DomainStates& states) {
    const auto known = std::ranges::find(states.rows, old.selector, &KeyStateRow::selector);
    KeyStateRow row = known != states.rows.end() ? *known : new_key_row(old, KeyState::active, now_);
    const auto same = std::ranges::find(kinds, old.signer->kind(), &KindOfKey::kind);
    KeyStateRow next = row;
    next.successor = (same != kinds.end() ? *same : kinds.front()).selector;
    next.overlap = what_.overlap;
    if (known == states.rows.end()) return states_.add({next}, now_);
    const auto changed = states_.change(row, next);
    if (!changed) return changed.error();
    if (!*changed) return Error{old.domain + ": " + old.selector + " was changed meanwhile; retire it by hand"};
    return {};
  }

  Rotation& what_;
  KeyStates& states_;
  const WallTime now_;
};

}  // namespace

int dkim_rotate(const Arguments& args) {
  Rotation what;
  std::vector<std::string> words;
  std::string file, older, overlap = "7d";
  po::options_description options("Usage: mailweirctl dkim rotate DOMAIN... [OPTION...]");
  options.add_options()("domain", po::value(&words)->value_name("DOMAIN"), "whose key is to be replaced")(
      "from", po::value(&file)->value_name("FILE"), "a file with a domain on each line; - is the standard input")(
      "all", po::bool_switch(&what.all), "all domains that have a key")(
      "older", po::value(&older)->value_name("TIME"), "only domains all of whose keys are older, 180d for example")(
      "overlap", po::value(&overlap)->value_name("TIME"), "how long an old key is kept after it has retired (7d)")(
      "selector", po::value(&what.selector)->value_name("NAME"), "of the new keys (mwYEARMONTH, mwYEARMONTH-2 ...)")(
      "type", po::value(&what.type)->value_name("TYPE"), "rsa, ed25519 or both (as the old keys)")(
      "bits", po::value(&what.bits)->value_name("N"), "of an RSA key: 2048 (the default) to 4096")(
      "dry-run", po::bool_switch(&what.dry), "only print what would be done");
  what.place.add_to(options);
  what.forms.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, {"domain"}, status)) return status;
  if (!what.type.empty() && !kinds_of(what.type, ""))
    return wrong_usage("--type " + what.type + " is unknown; write rsa, ed25519 or both");
  if (!is_plain_name(what.selector))
    return wrong_usage("--selector " + what.selector + " is not a name of the DNS in lower case");
  if (!older.empty() && !(what.older = span_of("--older", older))) return exit_usage;
  const auto kept = span_of("--overlap", overlap);
  if (!kept) return exit_usage;
  what.overlap = *kept;
  if (!what.forms.check()) return exit_usage;
  auto domains = domains_of(words, file, what.all);
  if (!domains) return exit_usage;
  if (what.all && !domains->empty()) return wrong_usage("use only one of --all and domains");
  if (!what.place.settle() || (!what.dry && !what.place.can_write())) return exit_usage;
  if (what.all) {
    auto listed = what.place.keys().domains(Deadline::in(KeyDirectory::patience_of_all));
    if (!listed) return wrong_usage(listed.error().what);
    domains = std::move(*listed);
  }
  Rotator rotator(what);
  if (const auto begun = rotator.begin(); !begun) {
    std::cerr << "mailweirctl dkim rotate: " << begun.error().what << '\n';
    return EXIT_FAILURE;
  }
  for (const auto& domain : *domains) {
    const auto done = rotator.rotate(domain);
    if (done) continue;
    std::cerr << "mailweirctl dkim rotate: " << done.error().what << '\n';
    status = EXIT_FAILURE;
  }
  return status;
}

}  // namespace mailweir
