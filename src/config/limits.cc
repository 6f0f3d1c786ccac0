// SPDX-License-Identifier: BSD-2-Clause
#include "config/limits.h"

#include "base/text.h"
#include "config/block_action.h"
#include "mail/address.h"

namespace mailweir {
namespace {

class LimitReader {
 public:
  LimitReader(Section section, Registry& registry, Places& places)
      : section_(std::move(section)), registry_(registry), places_(places) {}

  std::optional<Limit> read(const std::string& rule) {
    const auto before = section_.problems().error_count();
    limit_.counter = rule;
    if (const auto name = section_.text("name")) limit_.counter = name->value;
    read_by();
    read_of();
    read_max();
    read_overrides();
    if (const auto count = section_.choice("count", {"accepted", "all"})) limit_.attempts = *count == 1;
    if (const auto bits = section_.number("ipv4_prefix", 8, 32)) limit_.prefix4 = static_cast<unsigned>(*bits);
    if (const auto bits = section_.number("ipv6_prefix", 16, 128)) limit_.prefix6 = static_cast<unsigned>(*bits);
    read_block();
    read_warn_at();
    section_.finish();
    if (section_.problems().error_count() != before) return {};
    return std::move(limit_);
  }

 private:
  void read_by() {
    if (section_.raw().get("by") == nullptr) {
      section_.wrong("by", "is missing: the fact to count by, or [] for one counter of all");
      return;
    }
    if (auto by = mailweir::read_by(section_, registry_, "limit", places_)) limit_.by = std::move(*by);
  }

  void read_of() {
    const auto of = section_.text("of");
    if (section_.raw().get("distinct") != nullptr) return read_distinct();
    if (!of) {
      if (section_.raw().get("of") == nullptr)
        section_.wrong("of",
                       "is missing: messages, recipients, bytes, connections, open-connections, unknown-recipients, "
                       "auth-failures or first-time-recipients; or distinct = FACT");
      return;
    }
    for (const auto quantity :
         {Quantity::messages, Quantity::recipients, Quantity::bytes, Quantity::connections, Quantity::open_connections,
          Quantity::unknown_recipients, Quantity::auth_failures, Quantity::first_time_recipients}) {
      if (of->value != to_string(quantity)) continue;
      limit_.of = quantity;
      return;
    }
    section_.wrong("of", "\"" + cleaned(of->value, false, 60) +
                             "\" is not one of: messages recipients bytes connections open-connections "
                             "unknown-recipients auth-failures first-time-recipients");
  }

  void read_distinct() {
    limit_.of = Quantity::distinct;
    if (section_.raw().get("of") != nullptr)
      section_.wrong("of", "cannot be combined with distinct: one quantity is counted, or different values are");
    const auto name = section_.text("distinct");
    if (!name) return;
    places_.emplace("limit.distinct", name->place);
    auto fact = registry_.fact(name->value);
    if (!fact) return section_.wrong("distinct", fact.error().what);
    const bool counts =
        fact->type() != FactType::number && fact->type() != FactType::boolean && fact->type() != FactType::dnsbl;
    if (!counts || fact->check() || fact->info().many)
      return section_.wrong(
          "distinct",
          name->value +
              ": distinct needs an address, a name or a word, not a check, a number or a fact with several values");
    for (const auto& by : limit_.by)
      if (by.name == name->value)
        return section_.wrong("distinct", name->value + " is also in by: each key would have one value");
    limit_.distinct = std::move(*fact);
  }

  void check_distinct(const Window& window, const Place& place) {
    if (limit_.of == Quantity::distinct && window.max > most_distinct)
      section_.problems().error(place, section_.full("max"),
                                "at most " + std::to_string(most_distinct) + " different values are kept for a key");
  }

  void read_max() {
    const bool open = limit_.of == Quantity::open_connections;
    if (const auto* node = section_.node("max"); node != nullptr && node->is_integer()) {
      if (!open)
        return section_.wrong("max", "is a number without a period; write how many in what time, like \"" +
                                         std::to_string(**node->as_integer()) + "/1h\"");
      if (const auto most = section_.number("max", 0, 1'000'000'000))
        limit_.max.push_back({static_cast<std::uint64_t>(*most), {}});
      return;
    }
    const auto texts = section_.texts("max");
    if (!texts) {
      if (section_.raw().get("max") == nullptr)
        section_.wrong("max",
                       open ? "is missing: how many, like \"10\"" : "is missing: \"100/1h\", or several windows");
      return;
    }
    for (const auto& text : *texts) {
      if (open) {
        const auto most = to_number(text.value);
        if (most && texts->size() == 1) limit_.max.push_back({*most, {}});
        else
          section_.problems().error(text.place, section_.full("max"),
                                    "open connections have no period; write how many: \"10\"");
        continue;
      }
      auto windows = parse_windows(text.value);
      if (!windows) {
        section_.problems().error(text.place, section_.full("max"), windows.error().what);
        continue;
      }
      for (const auto& window : *windows) {
        for (const auto& other : limit_.max)
          if (other.period == window.period)
            section_.problems().error(text.place, section_.full("max"), "two limits for the same period");
        check_distinct(window, text.place);
        limit_.max.push_back(window);
      }
    }
    if (texts->empty()) section_.wrong("max", "is empty; write \"100/1h\"");
  }

  void read_block() {
    const auto* node = section_.node("block");
    if (node != nullptr) limit_.block = read_block_time(*node, section_.full("block"), section_.problems());
  }

  void read_warn_at() {
    const auto* node = section_.node("warn_at");
    if (node == nullptr) return;
    const auto* text = node->as_string();
    std::string_view share = text != nullptr ? std::string_view(text->get()) : "";
    const bool is_share = share.ends_with('%');
    if (is_share) share.remove_suffix(1);
    const auto percent = to_number(share);
    if (is_share && percent && *percent >= 1 && *percent <= 99) limit_.warn_at = static_cast<unsigned>(*percent);
    else section_.wrong("warn_at", "must be a share of the maximum from \"1%\" to \"99%\", like \"80%\"");
  }

  void read_overrides() {
    const auto overrides = section_.text("overrides");
    if (!overrides) return;
    if (!overrides->value.starts_with("map:")) {
      section_.wrong("overrides", "must be \"map:NAME\": keys and limits like 200/1h 1000/1d or unlimited");
      return;
    }
    limit_.overrides = registry_.table(overrides->value, overrides->place, section_.full("overrides"));
    if (!limit_.overrides) return;
    const EntryCheck check = [open = limit_.of == Quantity::open_connections](
                                 std::string_view, std::string_view value) -> std::optional<std::string> {
      if (open && to_number(value)) return {};
      const auto windows = parse_windows(value);
      if (windows) return {};
      return windows.error().what;
    };
    int shown = 0;
    limit_.overrides->each([&](std::string_view key, std::string_view value) {
      const auto why = check(key, value);
      if (!why || ++shown > 5) return;
      section_.wrong("overrides", overrides->value + ": " + cleaned(key, false, 100) + ": " + *why);
    });
    check_extensions(overrides->value, overrides->place);
    limit_.overrides->require("limit of rule " + limit_.counter, check);
  }

  // A limit counts an address without its extension, and so looks it up.
  void check_extensions(const std::string& map, const Place& place) {
    if (limit_.by.size() != 1 || limit_.by.front().type() != FactType::address) return;
    int shown = 0;
    limit_.overrides->each([&](std::string_view key, std::string_view) {
      const auto address = Address::parse(key, registry_.spelling());
      if (address.is_plain() || ++shown > 5) return;
      section_.problems().warning(place, section_.full("overrides"),
                                  map + ": " + cleaned(key, false, 100) +
                                      " is never looked up: limits count addresses without their "
                                      "extension; write " +
                                      cleaned(address.plain(), false, 100));
    });
  }

  Section section_;
  Registry& registry_;
  Places& places_;
  Limit limit_;
};

}  // namespace

std::optional<Limit> read_limit(const toml::node& node, const std::string& key, const std::string& rule,
                                Registry& registry, Problems& problems, Places& places) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems.error(place_of(node), key,
                   "must be a table: { by = \"sasl_username\", of = \"recipients\", max = \"100/1h\" }");
    return {};
  }
  return LimitReader(Section(*table, key, problems), registry, places).read(rule);
}

}  // namespace mailweir
