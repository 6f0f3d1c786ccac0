// SPDX-License-Identifier: BSD-2-Clause
#include "config/load.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <sys/resource.h>
#include <unistd.h>

#include "base/duration.h"
#include "config/key_store.h"
#include "config/open_files.h"
#include "config/rules.h"
#include "config/sections.h"
#include "config/validate.h"
#include "config/ways_out.h"
#include "mail/domain.h"
#include "rule/blocking.h"
#include "rule/confirmed_routes.h"
#include "rule/early.h"

namespace mailweir {
namespace {

// What this machine calls itself: [general] hostname where nothing is said.
std::string machine_name() {
  char name[256];
  if (gethostname(name, sizeof name) != 0) return "localhost";
  name[sizeof name - 1] = '\0';
  return to_domain(name).value_or("localhost");
}

class Loader {
 public:
  Loader(const std::string& path, const Builders& builders)
      : document_(read_document(path, problems_)),
        registry_(builders, problems_), makings_{document_, builders, registry_, config_.general},
        policy_(std::make_shared<Policy>()) {}

  Loaded run();

 private:
  void read_all();
  void read_file(const Document::File& file);
  const toml::table* once(Section& top, std::string_view name);
  void find_misspelt(Section& top, const toml::table& table);
  void read_misspelt();
  AuthorKeySourcePtr read_key_tables();
  void read_keys();
  void read_rules();
  void settle_doors();
  void settle_policy();
  void settle_deadlines();
  std::string effective() const;

  Problems problems_;
  Document document_;
  Registry registry_;
  const Makings makings_;
  Config config_;
  std::shared_ptr<Policy> policy_;
  std::map<std::string, const toml::table*, std::less<>> seen_;      // the sections of one file
  std::vector<std::pair<std::string, const toml::node*>> misspelt_;  // sections: the name that may be meant
  WaysOutReader ways_out_;
  std::vector<const toml::table*> lists_, maps_, facts_, dkim_, dnsbl_, rule_tables_;
  std::vector<PlacedRule> rules_;
  RedisPlace redis_;  // of lists, maps and signing keys
  bool keys_told_ = false;
};

// A section that may stand in one of the files only.
const toml::table* Loader::once(Section& top, std::string_view name) {
  const auto* table = top.table(name);
  if (table == nullptr) return nullptr;
  const auto [old, fresh] = seen_.emplace(name, table);
  if (fresh) {
    for (const auto& [key, value] : *table)
      config_.places.set(std::string(name) + '.' + std::string(key.str()), place_of(value));
    return table;
  }
  problems_.error(place_of(*table), name, "is already set at " + place_of(*old->second).to_string());
  return nullptr;
}

void Loader::read_file(const Document::File& file) {
  Section top(file.table, "", problems_);
  if (&file == &document_.files.front()) top.node("include");
  else if (const auto* node = top.node("include"))
    top.wrong(*node, "include", "an included file cannot include others");
  for (const auto& section : all_sections())
    if (section.in_one_file)
      if (const auto* table = once(top, section.name))
        section.read(Section(*table, std::string(section.name), problems_), makings_, config_, *policy_);
  if (const auto* table = top.table("lists")) lists_.push_back(table);
  if (const auto* table = top.table("maps")) maps_.push_back(table);
  if (const auto* table = top.table("dnsbl")) dnsbl_.push_back(table);
  if (const auto* table = top.table("facts")) facts_.push_back(table);
  if (const auto* table = top.table("dkim")) dkim_.push_back(table);
  if (const auto* node = top.node("rule")) {
    const auto* array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables()) top.wrong(*node, "rule", "must be written as [[rule]]");
    else
      for (const auto& element : *array) rule_tables_.push_back(element.as_table());
  }
  ways_out_.take(top);
  find_misspelt(top, file.table);
  top.finish();
}

// A section with an unknown name is one error: its keys are none, and what it would have given, as it seems, is there.
void Loader::find_misspelt(Section& top, const toml::table& table) {
  for (const auto& [key, value] : table) {
    const auto* array = value.as_array();
    const bool is_array = array != nullptr && array->is_array_of_tables();
    if (top.has_asked(key.str()) || (!value.is_table() && !is_array)) continue;
    const auto shown = [](std::string_view name, bool twice) {
      return (twice ? "[[" : "[") + std::string(name) + (twice ? "]]" : "]");
    };
    const std::string guess(top.nearest_asked(key.str()));
    problems_.error(place_of(key), "",
                    "unknown section " + shown(key.str(), is_array) +
                        (guess.empty() ? "" : "; did you mean " + shown(guess, guess == "rule") + '?'));
    top.node(key.str());
    misspelt_.emplace_back(guess, &value);
  }
}

void Loader::read_misspelt() {
  const std::pair<std::string_view, std::vector<const toml::table*>*> others[] = {
      {"lists", &lists_}, {"maps", &maps_}, {"dnsbl", &dnsbl_}, {"facts", &facts_}, {"dkim", &dkim_}};
  for (const auto& [name, node] : misspelt_) {
    const auto* table = node->as_table();
    for (const auto& [other, tables] : others)
      if (table != nullptr && name == other) tables->push_back(table);
    for (const auto& section : all_sections()) {
      if (table == nullptr || section.name != name || !section.in_one_file || !seen_.emplace(name, table).second)
        continue;
      Problems not_told;
      section.read(Section(*table, name, not_told), makings_, config_, *policy_);
    }
    if (name == "rule" && node->is_array())
      for (const auto& element : *node->as_array()) rule_tables_.push_back(element.as_table());
  }
}

// Which door judges which stage. Without a milter the policy door has them all; beside one, those it is given.
void Loader::settle_doors() {
  // A door whose socket is wrong still stands: one mistake shall not make errors of all rules.
  const bool told_milter = seen_.contains("milter"), told_policy = seen_.contains("policy");
  policy_->has_milter = told_milter;
  policy_->has_policy_door = told_policy;
  policy_->has_http = seen_.contains("http");
  if (!told_milter && !told_policy)
    problems_.error({document_.files.front().path, 0, 0}, "",
                    "no door is configured: add [milter] or [policy] with a socket");
  auto& stages = config_.policy.stages;
  if (!told_milter && stages.empty()) stages.assign(all_stages.begin(), all_stages.end());
  std::erase(stages, Stage::auth);  // the http door's, always
  std::sort(stages.begin(), stages.end());
  stages.erase(std::unique(stages.begin(), stages.end()), stages.end());
  for (const Stage stage : stages) policy_->policy_owns[index(stage)] = true;
  if (told_policy && told_milter && !seen_.at("policy")->contains("stages"))
    problems_.warning(place_of(*seen_.at("policy")), "policy.stages",
                      "is not set: the milter judges all stages, and the policy door answers DUNNO to all requests");
  if (!policy_->authentication_results.authserv_id.empty() && !told_milter)
    problems_.error(place_of(*seen_.at("authentication_results")), "authentication_results",
                    "needs a [milter]: the policy door does not see the message");
  if (config_.milter.socket && config_.policy.socket && *config_.milter.socket == *config_.policy.socket)
    problems_.error(place_of(*seen_.at("policy")), "policy.socket",
                    "is the milter's socket too; each door needs its own");
}

// What of the configuration the policy has too.
void Loader::settle_policy() {
  policy_->hostname = config_.general.hostname.empty() ? machine_name() : config_.general.hostname;
  policy_->spelling = config_.general.spelling;
  policy_->local_user_header = config_.general.local_user_header;
  policy_->has_socketmap = config_.socketmap.socket.has_value();
  policy_->confirmed_routes =
      std::make_shared<const ConfirmedRoutes>(config_.general.state_directory + "/routes-confirmed");
  policy_->counters_outage = config_.counters.on_outage == "defer" ? Outage::defer : Outage::go_on;
  policy_->follows_mail_log = seen_.contains("follow");
  policy_->counter_deadline = config_.counters.deadline;
  policy_->dns_deadline = config_.dns.deadline;
  auto& state = config_.reputation.state;
  if (!state.starts_with('/')) state = config_.general.state_directory + '/' + state;
  if (const auto& from = config_.alerts.mail_from; !from.empty()) policy_->alert_sender = Address::parse(from).text();
}

// At the milter one callback may wait for all of these: Sendmail gives it 10 s. The ledger bounds what all calls of the
// counter store may take together. Tables in Redis count once, and so do signing keys, and their states: while their
// server does not answer, one lookup a second waits for it, and the others go on at once.
void Loader::settle_deadlines() {
  constexpr std::chrono::milliseconds most{8000};
  const int lookups = (registry_.has_redis_tables() ? 1 : 0) + (policy_->key_folder.starts_with("redis:") ? 2 : 0);
  const auto together = config_.dns.deadline + Policy::counter_calls_of_a_callback * config_.counters.deadline +
                        lookups * config_.redis.deadline;
  if (!policy_->has_milter || together <= most) return;
  const auto place = seen_.find(seen_.contains("counters") ? "counters" : seen_.contains("dns") ? "dns" : "redis");
  constexpr const char* waits[] = {" and dns.deadline are over ", ", dns.deadline and redis.deadline are over ",
                                   ", dns.deadline and twice redis.deadline are over ",
                                   ", dns.deadline and three times redis.deadline are over "};
  problems_.error(place_of(*place->second), "counters.deadline",
                  std::string("three times this") + waits[lookups] + format_duration(most) +
                      " together: Sendmail does not wait for a milter that long");
}

// What is wrong with a row, or a key, harms the mail that it would sign, and is a warning.
AuthorKeySourcePtr Loader::read_key_tables() {
  auto& wanted = policy_->opendkim;
  const auto place = [&](std::string_view key) {
    for (const auto* table : dkim_)
      if (const auto* node = table->get(key)) return place_of(*node);
    return Place();
  };
  if (wanted.key_table.empty() && wanted.signing_table.empty()) return nullptr;
  for (const auto& [is, missing] : {std::pair{"key_table", "signing_table"}, {"signing_table", "key_table"}})
    if ((std::string_view(missing) == "key_table" ? wanted.key_table : wanted.signing_table).empty()) {
      problems_.error(place(is), std::string("dkim.") + missing, std::string("is missing; ") + is + " needs it");
      return nullptr;
    }
  wanted.most_keys = policy_->key_cache;
  auto made = makings_.builders.opendkim_tables(wanted);
  for (const std::string_view error : made.errors) {
    const auto setting = error.substr(0, error.find(':'));  // "key_table: why"
    problems_.error(place(setting), "dkim." + std::string(setting),
                    error.substr(std::min(setting.size() + 2, error.size())));
  }
  for (const auto& warning : made.warnings) problems_.warning(place("signing_table"), "dkim", warning);
  return std::move(made.object);
}

void Loader::read_keys() {
  std::vector<PlacedKey> keys;
  const auto before = problems_.error_count();
  for (const auto* table : dkim_) {
    read_dkim(*table, makings_, problems_, *policy_, keys);
    keys_told_ = keys_told_ || table->contains("key") || table->contains("keys") || table->contains("signing_table");
  }
  if (problems_.error_count() != before) return;
  for (const auto& key : keys) config_.reputation.key_domains.push_back(key.key.domain);
  policy_->stated_keys = make_key_store(dkim_, makings_, redis_, *policy_, problems_);
  if (dkim_.empty()) return;
  policy_->internal_hosts = policy_->internal_hosts_named.hosts;
  auto tables = read_key_tables();
  const KeyFiles files{config_.general.user, makings_.group(), policy_->strict_keys};
  if (auto ring = make_key_ring(std::move(keys), files, makings_.builders, place_of(*dkim_.front()), problems_))
    policy_->keys = SigningKeys(std::move(*ring), policy_->stated_keys, std::move(tables));
  check_dkim(dkim_, *policy_, problems_);
}

void Loader::read_rules() {
  for (const auto* table : rule_tables_)
    if (auto rule = read_rule(*table, makings_, problems_)) rules_.push_back(std::move(*rule));
  for (auto& placed : rules_) {
    if (placed.rule.at == Stage::auth && !policy_->has_http)
      problems_.error(placed.at("at"), "rule \"" + placed.rule.name + "\".at",
                      "rules at auth are asked at the http door: add [http]");
    const auto unserved =
        placed.rule.at != Stage::auth && !policy_->has_milter && !policy_->policy_owns[index(placed.rule.at)];
    if (unserved)
      problems_.error(placed.at("at"), "rule \"" + placed.rule.name + "\".at",
                      "no door judges this stage: it is not among [policy] stages, and [milter] is missing");
  }
  // Where a key is broken, the error that no key exists is not added.
  const bool keys_known = !keys_told_ || !policy_->keys.none();
  validate(rules_, *policy_, keys_known, problems_);
  ways_out_.warn_unused(rules_, problems_);
  const bool signs =
      std::any_of(rules_.begin(), rules_.end(), [](const PlacedRule& placed) { return placed.rule.sign() != nullptr; });
  if (keys_told_ && !signs && policy_->has_milter)
    problems_.warning(place_of(*dkim_.front()), "dkim.key",
                      "this key signs nothing, because no rule has sign; write: [[rule]] "
                      "name = \"sign\", at = \"end-of-message\", sign = true");
}

std::string Loader::effective() const {
  std::ostringstream out;
  out << print_config(config_, *policy_);
  // Each under its full name, so that tables within it keep theirs: [maps.quota], [rule.when].
  const auto section = [&](std::string_view name, const std::vector<const toml::table*>& tables) {
    if (tables.empty()) return;
    toml::table all;
    for (const auto* table : tables) all.insert(table->begin(), table->end());
    out << '\n' << toml::toml_formatter(toml::table{{name, std::move(all)}}) << '\n';
  };
  const auto element = [&](std::string_view name, const toml::table& table) {
    toml::array one;
    one.push_back(table);
    out << toml::toml_formatter(toml::table{{name, std::move(one)}}) << '\n';
  };
  if (policy_->way_maps) out << print_ways_out(policy_->way_maps->ways());
  section("lists", lists_);
  section("maps", maps_);
  section("facts", facts_);
  section("dnsbl", dnsbl_);
  for (const auto* table : dkim_) {
    if (const auto* keys = table->get_as<toml::array>("key"))
      for (const auto& key : *keys)
        if (key.is_table()) out << "\n[[dkim.key]]\n" << toml::toml_formatter(*key.as_table()) << '\n';
  }
  for (const auto* table : rule_tables_) {
    const Place place = place_of(*table);
    out << "\n# " << place.file << ':' << place.line << '\n';
    element("rule", *table);
  }
  return out.str();
}

void Loader::read_all() {
  config_.places = KeyPlaces(document_.files.front().path);
  for (const auto& file : document_.files) read_file(file);
  read_misspelt();
  settle_doors();
  settle_policy();
  const bool shared = config_.counters.store != "memory";
  if (config_.redis.url.empty() && shared)
    redis_ = {
        config_.counters.store, {}, config_.redis.deadline, config_.counters.user, config_.counters.password_file};
  else redis_ = {config_.redis.url, {}, config_.redis.deadline, {}, {}};
  registry_.use_redis(redis_);
  std::vector<Place> dnsbl_places;
  for (const auto* table : dnsbl_) read_dnsbl(*table, makings_, *policy_, config_.reputation, dnsbl_places, problems_);
  if (const auto table = seen_.find("reputation"); table != seen_.end())
    check_reputation(*table->second, *policy_, problems_);
  registry_.use_dnsbl(policy_->dnsbl, std::move(dnsbl_places));
  if (config_.reputation.written)
    for (const auto& list : policy_->dnsbl)
      if (config_.reputation.asks(list.name, list.weight)) registry_.used_dnsbl(list.name);
  for (const auto* table : lists_) registry_.read_tables(*table, TableKind::list, document_);
  for (const auto* table : maps_) registry_.read_tables(*table, TableKind::map, document_);
  registry_.use_spelling(policy_->spelling);
  if (const auto general = seen_.find("general"); general != seen_.end()) {
    make_mynetworks(*general->second, config_.general, registry_, *policy_, problems_);
    make_our_names(*general->second, config_.general, registry_, *policy_, problems_);
    make_our_domains(*general->second, config_.general, registry_, *policy_, problems_);
  }
  policy_->way_maps = ways_out_.make(makings_, config_, problems_);
  policy_->egress_choice = policy_->way_maps;
  ways_out_.add_addresses(policy_->egress);
  registry_.use_egress(policy_->egress);
  registry_.use_ways(ways_out_.ways());
  if (seen_.contains("geoip")) registry_.use_countries();
  if (seen_.contains("clamd"))
    policy_->scanners.push_back({"virus", config_.clamd.on_outage == "defer" ? Outage::defer : Outage::go_on});
  if (const auto* spam = seen_.contains("rspamd")  ? &config_.rspamd
                         : seen_.contains("spamd") ? &config_.spamd
                                                   : nullptr)
    policy_->scanners.push_back({"spam_score", spam->on_outage == "defer" ? Outage::defer : Outage::go_on});
  if (seen_.contains("rspamd") && seen_.contains("spamd"))
    problems_.error(place_of(*seen_.at("spamd")), "spamd",
                    "[rspamd] is set too, and a message has only one spam_score; keep one of them");
  registry_.use_scanners(policy_->scanners);
  registry_.read_facts(facts_, makings_, *policy_);
  if (const auto table = seen_.find("bounces"); table != seen_.end())
    settle_suppression(*table->second, config_.bounces, registry_, *policy_, problems_);
  read_keys();
  read_rules();
  settle_deadlines();
  registry_.warn_unused();
}

Loaded Loader::run() {
  Loaded loaded;
  for (const auto& file : document_.files) loaded.files.push_back(file.path);
  // What a file that cannot be understood would have named is missing everywhere else: those would be no errors of the
  // admin's.
  if (document_.whole) read_all();
  loaded.errors = problems_.errors(loaded.files);
  loaded.warnings = problems_.warnings(loaded.files);
  loaded.unusable_keys = problems_.unusable_keys();
  // The hard limit: the daemon raises its own up to that.
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0)
    if (auto warning = too_few_open_files(config_, limit.rlim_max)) loaded.warnings.push_back(std::move(*warning));
  if (problems_.any_error()) return loaded;
  for (auto& placed : rules_) {
    if (placed.rule.limit && placed.rule.limit->of == Quantity::unknown_recipients)
      policy_->counts_unknown_recipients = true;
    if (placed.rule.limit && placed.rule.limit->of == Quantity::bounces) policy_->counts_bounces = true;
    policy_->rules[index(placed.rule.at)].push_back(std::move(placed.rule));
  }
  for (std::size_t i = 0; i < stage_count; ++i) policy_->indexes[i] = RuleIndex(policy_->rules[i]);
  find_early_checks(*policy_);
  find_early_blocks(*policy_);
  loaded.effective = effective();
  loaded.config = std::move(config_);
  loaded.policy = std::move(policy_);
  return loaded;
}

}  // namespace

Loaded load(const std::string& path, const Builders& builders) { return Loader(path, builders).run(); }

}  // namespace mailweir
