// SPDX-License-Identifier: BSD-2-Clause
#include "config/registry.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "fact/scan.h"

namespace mailweir {
namespace {

std::string_view word(TableKind kind) { return kind == TableKind::list ? "list" : "map"; }
std::string section_of(TableKind kind, std::string_view name) {
  return std::string(word(kind)) + "s." + std::string(name);
}

// Which of the facts that may name a route it is: "egress_spf.bulk" is "egress_spf"; "": none.
std::string_view egress_name(std::string_view name) {
  const auto fact = name.substr(0, name.find('.'));
  const auto* known = find_fact(fact);
  return known != nullptr && known->argument == FactArgument::route ? fact : std::string_view();
}

void read_map_of(const KeyPlace& place, TablePtr& map) {
  if (const auto name = place.text())
    map = place.makings.registry.table(name->value.starts_with("map:") ? name->value : "map:" + name->value,
                                       name->place, place.section.full(place.key));
}

void read_facts_of(const KeyPlace& place, std::vector<FactRef>& facts) {
  const auto names = place.texts();
  if (!names) return;
  if (names->empty()) place.wrong("is empty: the fact would never be known");
  for (const auto& name : *names) {
    auto known = place.makings.registry.fact(name.value);
    if (!known) place.wrong(name.place, known.error().what);
    else if (known->check()) place.wrong(name.place, name.value + " is a check; a key must be a plain fact");
    else facts.push_back(std::move(*known));
  }
}

}  // namespace

const Keys<OwnFact>& own_fact_keys() {
  static const Keys<OwnFact> keys = {
      {"map", &OwnFact::map, form::required("the map to look in", Form<TablePtr>{read_map_of}), reloads},
      {"key", &OwnFact::keys,
       form::required("the fact, or facts in order, to look up", Form<std::vector<FactRef>>{read_facts_of}), reloads},
  };
  return keys;
}

void Registry::read_tables(const toml::table& section, TableKind kind, const Document& document) {
  for (const auto& [key, node] : section) {
    const std::string name(key.str());
    const Place place = place_of(node);
    if (!is_name(name)) {
      problems_.error(place, section_of(kind, name), "a name is letters, digits, _ - and .");
      continue;
    }
    const auto [old, fresh] = tables(kind).emplace(name, NamedTable{nullptr, place});
    if (!fresh) {
      problems_.error(place, section_of(kind, name), "is already set at " + old->second.place.to_string());
      continue;
    }
    old->second.table = read_table(node, name, kind, document);
  }
}

TablePtr Registry::read_table(const toml::node& node, const std::string& name, TableKind kind,
                              const Document& document) {
  const auto* text = node.as_string();
  if (text == nullptr) return inline_table(node, name, kind);
  const std::string& source = text->get();
  const auto wrong = [&](std::string_view why) {
    problems_.error(place_of(node), section_of(kind, name), why);
    return TablePtr();
  };
  if (source.starts_with("redis:")) {
    if (source.size() == 6) return wrong("has no key; write \"redis:KEY\"");
    if (redis_.url.empty())
      return wrong("needs a Redis server: set [redis] url = \"redis://HOST:PORT\", or keep the counters in Redis");
    in_redis_.insert(std::string(word(kind)) + ':' + name);
    RedisPlace place = redis_;
    place.key = source.substr(6);
    return keep(builders_.redis_table(place, kind), place_of(node), section_of(kind, name));
  }
  if (!source.starts_with("file:") || source.size() == 5)
    return wrong(kind == TableKind::list ? "must be \"file:NAME\", \"redis:KEY\" or an array of entries"
                                         : "must be \"file:NAME\", \"redis:KEY\" or a table of keys and values");
  return keep(builders_.read_table(document.resolve(source.substr(5)), kind), place_of(node), section_of(kind, name));
}

TablePtr Registry::inline_table(const toml::node& node, const std::string& name, TableKind kind) {
  std::vector<std::pair<std::string, std::string>> entries;
  const auto wrong = [&](const toml::node& at, std::string_view why) {
    problems_.error(place_of(at), section_of(kind, name), why);
  };
  if (kind == TableKind::list) {
    const auto* array = node.as_array();
    if (array == nullptr) {
      wrong(node, "must be \"file:NAME\" or an array of entries");
      return nullptr;
    }
    for (const auto& element : *array) {
      if (const auto* entry = element.as_string()) entries.emplace_back(entry->get(), "");
      else wrong(element, "contains " + std::string(kind_of(element)) + ", must contain only strings");
    }
  } else {
    const auto* table = node.as_table();
    if (table == nullptr) {
      wrong(node, "must be \"file:NAME\" or a table of keys and values");
      return nullptr;
    }
    for (const auto& [key, value] : *table) {
      if (const auto* entry = value.as_string()) entries.emplace_back(std::string(key.str()), entry->get());
      else
        wrong(value,
              std::string(key.str()) + " has " + std::string(kind_of(value)) + " as its value, must be a string");
    }
  }
  return keep(builders_.make_table(entries, kind), place_of(node), section_of(kind, name));
}

TablePtr Registry::keep(Made<TablePtr> made, const Place& place, const std::string& name) {
  for (const auto& error : made.errors) problems_.error(place, name, error);
  for (const auto& warning : made.warnings) problems_.warning(place, name, warning);
  return made.errors.empty() ? made.object : nullptr;
}

std::optional<Place> Registry::add_list(const std::string& name, TablePtr table, const Place& place) {
  used_.insert("list:" + name);
  const auto [old, fresh] = lists_.emplace(name, NamedTable{table, place});
  if (fresh || old->second.table == table) return {};
  return old->second.place;
}

TablePtr Registry::table(std::string_view reference, const Place& place, std::string_view key) {
  const auto kind = reference.starts_with("map:") ? TableKind::map : TableKind::list;
  const auto name = reference.substr(reference.find(':') + 1);
  const auto& all = tables(kind);
  const auto found = all.find(name);
  if (found != all.end()) {
    used_.emplace(reference);
    return found->second.table;
  }
  std::vector<std::string_view> known;
  for (const auto& [other, table] : all) known.push_back(other);
  const auto guess = nearest(name, known);
  problems_.error(
      place, key,
      "no " + std::string(word(kind)) + " named " + cleaned(name, false, 60) +
          (guess.empty() ? " in [" + std::string(word(kind)) + "s]" : "; did you mean " + std::string(guess) + "?"));
  return nullptr;
}

Result<FactRef> Registry::egress_fact(std::string_view name) const {
  const auto what = egress_name(name);
  FactRef fact;
  fact.id = find_fact(what)->id;
  fact.name = name;
  const auto route = name.size() > what.size() ? name.substr(what.size() + 1) : std::string_view();
  // DKIM may speak for the author without any address of ours.
  if (what == "from_dmarc" && route.empty()) return fact;
  std::vector<std::string_view> known;
  for (const auto& egress : *egress_) {
    if (egress.route == route && !(route.empty() && egress.addresses.empty())) return fact;
    ++fact.egress;
    if (!egress.route.empty()) known.push_back(egress.route);
  }
  if (route.empty())
    return Error{std::string(what) + " needs [egress] addresses = [...], the addresses that mail leaves from" +
                 (known.empty() ? "" : "; or name a route: " + std::string(what) + '.' + std::string(known.front()))};
  const auto guess = nearest(route, known);
  return Error{"[routes." + cleaned(route, false, 60) + "] with addresses does not exist" +
               (guess.empty() ? "" : "; did you mean " + std::string(guess) + "?")};
}

Result<FactRef> Registry::fact(std::string_view name) const {
  if (!egress_name(name).empty()) return egress_fact(name);
  FactRef fact;
  fact.name = name;
  if (const auto own = own_facts_.find(name); own != own_facts_.end()) {
    fact.id = own_fact().id;
    fact.own = own->second.index;
    return fact;
  }
  if (const auto* known = find_fact(name)) {
    if (known->name == "client_country" && !has_countries_)
      return Error{"client_country needs [geoip] database = \"FILE\""};
    const ScanCheck* const scan = scan_check(*known);
    if (scan != nullptr && std::ranges::find(*scanners_, scan->check, &ScannerUse::check) == scanners_->end())
      return Error{std::string(name) + " needs a scanner: write a section " + std::string(scan->section)};
    fact.id = known->id;
    if (known->argument == FactArgument::header) fact.header = name.substr(7);
    return fact;
  }
  std::vector<std::string_view> names;
  if (name == "header" || name == "header.")
    return Error{"write the name of the header: header.Subject, header.X-Mailer, ..."};
  for (const auto& each : all_facts())
    if (!each.is_own() && each.argument != FactArgument::header) names.push_back(each.name);
  for (const auto& [each, own] : own_facts_) names.push_back(each);
  const auto guess = nearest(name, names);
  return Error{"unknown fact " + cleaned(name, false, 60) +
               (guess.empty() ? "; mailweir-rules(5) lists them" : "; did you mean " + std::string(guess) + "?")};
}

Result<FactRef> Registry::fact_in_template(std::string_view name) const {
  constexpr std::string_view suffix = "_reason";
  if (!name.ends_with(suffix) || own_facts_.contains(name)) {
    auto found = fact(name);
    const auto guess = found ? std::string_view() : nearest(name, {"limit", "count", "retry_after", "rule", "id"});
    if (!guess.empty())
      return Error{"unknown name " + cleaned(name, false, 60) + "; did you mean {" + std::string(guess) + "}?"};
    return found;
  }
  auto found = fact(name.substr(0, name.size() - suffix.size()));
  if (!found) return found;
  const bool only_yes = found->type() == FactType::boolean && found->name != "suppressed";  // which quotes an answer
  if (!found->check() || only_yes || found->type() == FactType::number || found->type() == FactType::decimal ||
      found->type() == FactType::blocked)
    return Error{std::string(name) + ": " + found->name + " has no reason"};
  found->reason = true;
  found->name = name;
  return found;
}

// All names first: what refers to what is then no matter of where it stands.
void Registry::read_facts(const std::vector<const toml::table*>& sections, const Makings& makings, Policy& policy) {
  for (const auto* section : sections) name_facts(*section, policy);
  for (const auto& [name, named] : own_facts_) read_fact(*named.node, makings, policy.own_facts[named.index]);
  break_circles(policy);
}

void Registry::name_facts(const toml::table& section, Policy& policy) {
  for (const auto& [key, node] : section) {
    const std::string name(key.str());
    const std::string full = "facts." + name;
    if (!is_name(name) || find_fact(name) != nullptr || name.starts_with("header.") || !egress_name(name).empty()) {
      problems_.error(place_of(node), full,
                      find_fact(name) != nullptr || !egress_name(name).empty()
                          ? "is a fact already; choose another name"
                          : "a name is letters, digits, _ - and .");
      continue;
    }
    const auto [old, fresh] = own_facts_.emplace(name, NamedFact{policy.own_facts.size(), &node});
    if (!fresh) {
      problems_.error(place_of(node), full, "is already set at " + place_of(*old->second.node).to_string());
      continue;
    }
    policy.own_facts.emplace_back().name = name;
  }
}

void Registry::read_fact(const toml::node& node, const Makings& makings, OwnFact& fact) {
  const std::string full = "facts." + fact.name;
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems_.error(place_of(node), full,
                    "must be a table: { map = \"NAME\", key = [\"sasl_domain\", \"sender_domain\"] }");
    return;
  }
  mailweir::read_table(own_fact_keys(), *table, full, problems_, makings, fact);
}

// Each circle is reported once, at the fact where it was entered, and opened there, so that following keys comes to an
// end.
void Registry::break_circles(Policy& policy) {
  enum class State { fresh, open, done };
  std::vector<State> states(policy.own_facts.size(), State::fresh);
  std::vector<std::size_t> way;
  const std::function<void(std::size_t)> follow = [&](std::size_t index) {
    states[index] = State::open;
    way.push_back(index);
    std::erase_if(policy.own_facts[index].keys, [&](const FactRef& key) {
      if (!key.is_own() || states[key.own] == State::done) return false;
      if (states[key.own] == State::fresh) {
        follow(key.own);
        return false;
      }
      std::string circle;
      for (auto at = std::find(way.begin(), way.end(), key.own); at != way.end(); ++at)
        circle += policy.own_facts[*at].name + " -> ";
      const auto& named = own_facts_.at(policy.own_facts[key.own].name);
      problems_.error(place_of(*named.node), "facts." + key.name, "cannot be known from itself: " + circle + key.name);
      return true;
    });
    way.pop_back();
    states[index] = State::done;
  };
  for (const auto& [name, named] : own_facts_)
    if (states[named.index] == State::fresh) follow(named.index);
}

void Registry::warn_unused() {
  for (std::size_t i = 0; i < dnsbl_->size(); ++i)
    if (!used_.contains("dnsbl:" + (*dnsbl_)[i].name))
      problems_.warning(dnsbl_places_[i], "dnsbl." + (*dnsbl_)[i].name, "nothing refers to it");
  for (const auto kind : {TableKind::list, TableKind::map}) {
    for (const auto& [name, table] : tables(kind)) {
      if (!used_.contains(std::string(word(kind)) + ':' + name))
        problems_.warning(table.place, section_of(kind, name), "nothing refers to it");
    }
  }
}

}  // namespace mailweir
