// SPDX-License-Identifier: BSD-2-Clause
#include "config/limits.h"

#include "base/text.h"
#include "config/block_action.h"
#include "config/registry.h"
#include "mail/address.h"

namespace mailweir {
namespace {

constexpr Quantity named_quantities[] = {
    Quantity::messages,         Quantity::recipients,         Quantity::bytes,         Quantity::connections,
    Quantity::open_connections, Quantity::unknown_recipients, Quantity::auth_failures, Quantity::first_time_recipients,
    Quantity::bounces};

void read_of(const KeyPlace& place, Quantity& of) {
  const auto text = place.text();
  if (place.has("distinct")) {
    of = Quantity::distinct;
    if (place.has(place.key))
      place.wrong("cannot be combined with distinct: one quantity is counted, or different values are");
    return;
  }
  if (!place.has(place.key))
    place.wrong(
        "is missing: messages, recipients, bytes, connections, open-connections, unknown-recipients, auth-failures, "
        "first-time-recipients or bounces; or distinct = FACT");
  if (!text) return;
  std::string names;
  for (const auto quantity : named_quantities) {
    if (text->value == to_string(quantity)) {
      of = quantity;
      return;
    }
    names += ' ' + std::string(to_string(quantity));
  }
  place.wrong("\"" + cleaned(text->value, false, 60) + "\" is not one of:" + names);
}

void read_distinct(const KeyPlace& place, Limit& limit) {
  const auto name = place.text();
  if (!name) return;
  place.makings.places->emplace("limit.distinct", name->place);
  auto fact = place.makings.registry.fact(name->value);
  if (!fact) return place.wrong(fact.error().what);
  const FactType type = fact->type();
  const bool counts =
      type != FactType::number && type != FactType::decimal && type != FactType::boolean && type != FactType::dnsbl;
  if (!counts || fact->check() || fact->info().many)
    return place.wrong(
        name->value +
        ": distinct needs an address, a name or a word, not a check, a number or a fact with several values");
  for (const auto& by : limit.by)
    if (by.name == name->value) return place.wrong(name->value + " is also in by: each key would have one value");
  limit.distinct = std::move(*fact);
}

// "20%/1d"
void read_share(const KeyPlace& place, const Placed<std::string>& text, Limit& limit) {
  const auto percent_sign = text.value.find('%');
  const auto percent = to_number(trimmed(std::string_view(text.value).substr(0, percent_sign)));
  const auto window = parse_window("1" + text.value.substr(percent_sign + 1));
  if (!percent || *percent < 1 || *percent > 99 || !window)
    return place.wrong(text.place, "\"" + cleaned(text.value, false, 60) +
                                       "\": write a share from 1% to 99% and its period, like \"20%/1d\"");
  if (limit.of != Quantity::bounces) return place.wrong(text.place, "a share is possible only with of = \"bounces\"");
  for (const auto& other : limit.shares)
    if (other.period == window->period) place.wrong(text.place, "two shares for the same period");
  limit.shares.push_back({*percent, window->period, true});
}

void read_kind(const KeyPlace& place, Limit& limit) {
  if (place.node() != nullptr && limit.of != Quantity::bounces)
    return place.wrong("is possible only with of = \"bounces\"");
  form::choice<BounceKind>({{"all", BounceKind::all}, {"hard", BounceKind::hard}, {"policy", BounceKind::policy}})
      .read(place, limit.kind);
}

// After max.
void read_at_least(const KeyPlace& place, Limit& limit) {
  if (place.node() != nullptr && limit.shares.empty())
    return place.wrong("is possible only with a share in max, like \"20%/1d\"");
  if (!limit.shares.empty() && !place.has(place.key))
    return place.wrong("is missing: below how many accepted recipients the share is not looked at, like 200");
  form::number<std::uint64_t>(1, 1'000'000'000).read(place, limit.at_least);
}

// "200/1h 1000/1d"
void read_windows(const KeyPlace& place, const Placed<std::string>& text, Limit& limit) {
  const auto windows = parse_windows(text.value);
  if (!windows) return place.wrong(text.place, windows.error().what);
  for (const auto& window : *windows) {
    for (const auto& other : limit.max)
      if (other.period == window.period) place.wrong(text.place, "two limits for the same period");
    if (limit.of == Quantity::distinct && window.max > most_distinct)
      place.wrong(text.place, "at most " + std::to_string(most_distinct) + " different values are kept for a key");
    limit.max.push_back(window);
  }
}

void read_max(const KeyPlace& place, Limit& limit) {
  const bool open = limit.of == Quantity::open_connections;
  const auto* node = place.node();
  if (node == nullptr)
    return place.wrong(open ? "is missing: how many, like \"10\"" : "is missing: \"100/1h\", or several windows");
  if (node->is_integer() && !open)
    return place.wrong("is a number without a period; write how many in what time, like \"" +
                       std::to_string(**node->as_integer()) + "/1h\"");
  if (node->is_integer()) {
    if (const auto most = place.section.number(place.key, 0, 1'000'000'000))
      limit.max.push_back({static_cast<std::uint64_t>(*most), {}});
    return;
  }
  const auto texts = place.texts();
  if (!texts) return;
  for (const auto& text : *texts) {
    const auto most = to_number(text.value);
    if (!open && text.value.find('%') != text.value.npos) read_share(place, text, limit);
    else if (!open) read_windows(place, text, limit);
    else if (most && texts->size() == 1) limit.max.push_back({*most, {}});
    else place.wrong(text.place, "open connections have no period; write how many: \"10\"");
  }
  if (texts->empty()) place.wrong("is empty; write \"100/1h\"");
}

// A limit counts an address without its extension, and so looks it up.
void warn_of_extensions(const KeyPlace& place, const Placed<std::string>& map, const Limit& limit) {
  if (limit.by.size() != 1 || limit.by.front().type() != FactType::address) return;
  int shown = 0;
  limit.overrides->each([&](std::string_view key, std::string_view) {
    const auto address = Address::parse(key, place.makings.registry.spelling());
    if (address.is_plain() || ++shown > 5) return;
    place.section.problems().warning(map.place, place.section.full(place.key),
                                     map.value + ": " + cleaned(key, false, 100) +
                                         " is never looked up: limits count addresses without their extension; write " +
                                         cleaned(address.plain(), false, 100));
  });
}

void read_overrides(const KeyPlace& place, Limit& limit) {
  const auto map = place.text();
  if (!map) return;
  if (!map->value.starts_with("map:"))
    return place.wrong("must be \"map:NAME\": keys and limits like 200/1h 1000/1d or unlimited");
  limit.overrides = place.makings.registry.table(map->value, map->place, place.section.full(place.key));
  if (!limit.overrides) return;
  const EntryCheck check = [open = limit.of == Quantity::open_connections](
                               std::string_view, std::string_view value) -> std::optional<std::string> {
    if (open && to_number(value)) return {};
    const auto windows = parse_windows(value);
    if (windows) return {};
    return windows.error().what;
  };
  int shown = 0;
  limit.overrides->each([&](std::string_view key, std::string_view value) {
    const auto why = check(key, value);
    if (why && ++shown <= 5) place.wrong(map->value + ": " + cleaned(key, false, 100) + ": " + *why);
  });
  warn_of_extensions(place, *map, limit);
  limit.overrides->require("limit of rule " + limit.counter, check);
}

void read_warn_at(const KeyPlace& place, unsigned& warn_at) {
  const auto* node = place.node();
  if (node == nullptr) return;
  std::string_view share = node->is_string() ? std::string_view(**node->as_string()) : "";
  const bool is_share = share.ends_with('%');
  if (is_share) share.remove_suffix(1);
  const auto percent = to_number(share);
  if (is_share && percent && *percent >= 1 && *percent <= 99) warn_at = static_cast<unsigned>(*percent);
  else place.wrong("must be a share of the maximum from \"1%\" to \"99%\", like \"80%\"");
}

}  // namespace

const Keys<Limit>& limit_keys() {
  static const Keys<Limit> keys = {
      {"name", &Limit::counter, form::text(), reloads},
      {"by", &Limit::by, form::required("the fact to count by, or [] for one counter of all", key_facts("limit")),
       reloads},
      {"of", &Limit::of, {read_of}, reloads},
      {"distinct", std::identity{}, {read_distinct}, reloads},
      {"max", std::identity{}, {read_max}, reloads},
      {"kind", std::identity{}, {read_kind}, reloads},
      {"at_least", std::identity{}, {read_at_least}, reloads},
      {"overrides", std::identity{}, {read_overrides}, reloads},
      {"count", &Limit::attempts, form::choice<bool>({{"accepted", false}, {"all", true}}), reloads},
      {"block", &Limit::block, {read_limit_block}, reloads},
      {"warn_at", &Limit::warn_at, {read_warn_at}, reloads},
      {"ipv4_prefix", &Limit::prefix4, form::number<unsigned>(8, 32), reloads},
      {"ipv6_prefix", &Limit::prefix6, form::number<unsigned>(16, 128), reloads},
  };
  return keys;
}

void read_limit(const KeyPlace& place, Rule& rule) {
  const auto* table = place.table("{ by = \"sasl_username\", of = \"recipients\", max = \"100/1h\" }");
  if (table == nullptr) return;
  rule.limit.emplace().counter = rule.name;
  read_table(limit_keys(), place, *table, *rule.limit);
  // Blocked keys are looked up for all mail, before any rule.
  if (!rule.limit->block) return;
  for (const FactRef& fact : rule.limit->by)
    if (fact.check()) place.wrong("a key with " + fact.name + " cannot be blocked: it is a check");
}

}  // namespace mailweir
