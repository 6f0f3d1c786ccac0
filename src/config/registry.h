// SPDX-License-Identifier: BSD-2-Clause
// Registry: the lists, maps and own facts that rules refer to by name, and how a name in a rule becomes a FactRef.
// Lives while a policy is read. Not a public header of the floor.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/key.h"
#include "config/section.h"
#include "port/builders.h"
#include "rule/policy.h"
#include "rule/ways_out.h"

namespace mailweir {

struct NamedTable {
  TablePtr table;  // null when reading it failed: told already
  Place place;
};

// Of one of [facts].
const Keys<OwnFact>& own_fact_keys();

class Registry {
 public:
  Registry(const Builders& builders, Problems& problems) : builders_(builders), problems_(problems) {}

  void read_tables(const toml::table& section, TableKind kind, const Document& document);
  // The [facts] of all files: facts of one's own, by maps. After all tables are read. One may have another as its key,
  // wherever that stands; in a circle is an error.
  void read_facts(const std::vector<const toml::table*>& sections, const Makings& makings, Policy& policy);

  // Where tables in Redis are; before they are read. An empty URL: nowhere.
  void use_redis(RedisPlace place) { redis_ = std::move(place); }
  bool is_in_redis(std::string_view reference) const { return in_redis_.contains(reference); }
  bool has_redis_tables() const { return !in_redis_.empty(); }
  // The block lists that rules may name.
  void use_dnsbl(const std::vector<Dnsbl>& lists, std::vector<Place> places) {
    dnsbl_ = &lists;
    dnsbl_places_ = std::move(places);
  }
  const std::vector<Dnsbl>& dnsbl() const { return *dnsbl_; }
  void used_dnsbl(const std::string& name) { used_.insert("dnsbl:" + name); }
  // A fact, or CHECK_reason, as a template names it.
  Result<FactRef> fact_in_template(std::string_view name) const;

  // What belongs to a mailbox's name ([general]). Before rules are read; it must outlive them.
  void use_spelling(const MailboxSpelling& spelling) { spelling_ = &spelling; }
  const MailboxSpelling& spelling() const { return *spelling_; }

  // The [routes.NAME] that rules may send mail to. Before rules are read; they must outlive them.
  void use_ways(const WaysOut& ways) { ways_ = &ways; }
  const WaysOut& ways() const { return *ways_; }

  // There is a [geoip]: client_country is known. Before facts are read.
  void use_countries() { has_countries_ = true; }
  // The scanners that are configured, by the check that each makes. Before facts are read.
  void use_scanners(const std::vector<ScannerUse>& scanners) { scanners_ = &scanners; }
  // The routes that egress_spf.NAME may name. Before rules are read.
  void use_egress(const std::vector<Egress>& egress) { egress_ = &egress; }

  // "list:name" or "map:name" -> its table. Null, and the problem told, when there is none.
  TablePtr table(std::string_view reference, const Place& place, std::string_view key);
  // Another name for a table, or one that stands in no [lists]. The place of another list that has the name already, if
  // there is one.
  std::optional<Place> add_list(const std::string& name, TablePtr table, const Place& place);
  // A fact by the name that a rule uses. Errors name what is near.
  Result<FactRef> fact(std::string_view name) const;
  // Tables that nothing refers to: a warning each.
  void warn_unused();

  const Builders& builders() const { return builders_; }

 private:
  std::map<std::string, NamedTable, std::less<>>& tables(TableKind kind) {
    return kind == TableKind::list ? lists_ : maps_;
  }
  Result<FactRef> egress_fact(std::string_view name) const;
  TablePtr read_table(const toml::node& node, const std::string& name, TableKind kind, const Document& document);
  TablePtr inline_table(const toml::node& node, const std::string& name, TableKind kind);
  TablePtr keep(Made<TablePtr> made, const Place& place, const std::string& name);
  void name_facts(const toml::table& section, Policy& policy);
  void read_fact(const toml::node& node, const Makings& makings, OwnFact& fact);
  void break_circles(Policy& policy);

  const Builders& builders_;
  Problems& problems_;
  std::map<std::string, NamedTable, std::less<>> lists_, maps_;
  struct NamedFact {
    std::size_t index;  // in Policy::own_facts
    const toml::node* node;
  };
  std::map<std::string, NamedFact, std::less<>> own_facts_;
  std::set<std::string, std::less<>> used_, in_redis_;
  bool has_countries_ = false;
  const std::vector<ScannerUse>* scanners_ = nullptr;
  RedisPlace redis_;
  const std::vector<Dnsbl>* dnsbl_ = nullptr;
  const MailboxSpelling* spelling_ = nullptr;
  std::vector<Place> dnsbl_places_;
  const std::vector<Egress>* egress_ = nullptr;
  const WaysOut* ways_ = nullptr;
};

}  // namespace mailweir
