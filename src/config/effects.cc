// SPDX-License-Identifier: BSD-2-Clause
#include "config/effects.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/conditions.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

bool is_header_name(std::string_view name, bool wildcards) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [&](char c) {
    return c > ' ' && c < 0x7f && c != ':' && (wildcards || (c != '*' && c != '?'));
  });
}

template <typename Kind>
void add_text(const KeyPlace& place, const Placed<std::string>& text, std::vector<Kind>& effects) {
  if (auto made = make_template(place, text.value, text.place)) effects.push_back({std::move(*made)});
}

template <typename Kind>
void add_address(const KeyPlace& place, const Placed<std::string>& text, std::vector<Kind>& effects) {
  if (text.value.find('@') == std::string::npos || text.value.find_first_of(" \t\r\n<>") != std::string::npos)
    place.wrong(text.place, "must be a mail address: \"user@example.com\"");
  else add_text(place, text, effects);
}

void read(const KeyPlace& place, const Rule& rule, std::vector<Hold<Template>>& holds) {
  const auto* node = place.node();
  if (is_true(*node)) add_text(place, {"held by " + cleaned(rule.name, true), place_of(*node)}, holds);
  else if (node->is_string()) add_text(place, *place.text(), holds);
  else place.wrong("must be true, or a text that the hold queue shows");
}

void read(const KeyPlace& place, const Rule&, std::vector<Redirect<Template>>& redirects) {
  if (const auto text = place.text()) add_address(place, *text, redirects);
}

void read(const KeyPlace& place, const Rule&, std::vector<Bcc<Template>>& copies) {
  if (const auto texts = place.texts())
    for (const auto& text : *texts) add_address(place, text, copies);
}

// Its pseudo domain is a label of DNS.
bool is_label(std::string_view name) {
  return !name.empty() && name.size() <= 40 && name.front() != '-' && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// The name of a [routes.NAME].
void read_named(const KeyPlace& place, const Placed<std::string>& text, std::vector<Route<Template>>& routes) {
  const WaysOut& ways = place.makings.registry.ways();
  const auto found = std::ranges::find(ways.routes, text.value, &NamedRoute::name);
  const std::string section = "[routes." + cleaned(text.value, false, 60) + ']';
  if (found == ways.routes.end())
    return place.wrong(text.place, "no " + section +
                                       "; a Postfix transport is written with a colon: \"smtp-bad:\" or "
                                       "\"smtp:[gateway.example]:25\"");
  if (found->postfix.empty() && found->sendmail.empty())
    return place.wrong(text.place, section + " has no transport: add postfix or sendmail there");
  if (found->kind == RouteKind::rewrite && !is_label(found->name))
    return place.wrong(text.place,
                       "the name of a route of kind rewrite is small letters, digits and inner hyphens, at "
                       "most 40: it becomes a part of mail addresses");
  if (found->kind == RouteKind::rewrite && !ways.never_written)
    return place.wrong(text.place, section +
                                       " rewrites recipients, so add [routes] never = [...]: the domains that this "
                                       "server takes mail for; with never = [] mailweirctl routes postfix prints them");
  if (auto made = make_template(place, text.value, text.place))
    routes.push_back({std::move(*made), std::make_shared<const NamedRoute>(*found)});
}

void read(const KeyPlace& place, const Rule&, std::vector<Route<Template>>& routes) {
  const auto text = place.text();
  if (!text) return;
  const auto colon = text->value.find(':');
  if (colon == std::string::npos) return read_named(place, *text, routes);
  if (colon == 0 || text->value.find_first_of(" \t\r\n") != std::string::npos)
    place.wrong("must be a Postfix transport, \"smtp-bad:\" or \"smtp:[gateway.example]:25\"");
  else add_text(place, *text, routes);
}

void read_pattern(const KeyPlace& place, PatternPtr& pattern) {
  const auto text = place.text();
  if (!text) return;
  const std::string_view all = text->value;
  if (all.size() < 2 || !all.starts_with('/') || !all.ends_with('/'))
    return place.wrong(is_pattern_with_flags(all)
                           ? "a pattern is written \"/.../\", without flags: case is ignored anyway"
                           : "must be a regular expression between slashes: \"/^no/\"");
  auto made = place.makings.builders.pattern(all.substr(1, all.size() - 2));
  if (made) pattern = std::move(*made);
  else place.wrong(made.error().what);
}

// "X-Originating-*", or { name = "X-Spam-Status", value = "/^no/" }.
void read(const KeyPlace& place, const Rule&, std::vector<RemoveHeaders>& removals) {
  const auto read_one = [&](const toml::node& one) {
    RemoveHeaders removal;
    if (const auto* name = one.as_string()) removal.name = name->get();
    else if (const auto* table = one.as_table()) read_table(removal_keys(), place, *table, removal);
    if (is_header_name(removal.name, true)) removals.push_back(std::move(removal));
    else
      place.wrong(place_of(one), "must be header names like \"X-Originating-IP\" or \"X-PHP-*\", or { name, value }");
  };
  const auto* node = place.node();
  if (const auto* array = node->as_array()) {
    for (const auto& element : *array) read_one(element);
  } else {
    read_one(*node);
  }
}

template <typename Kind>
void read_headers(const KeyPlace& place, std::vector<Kind>& headers) {
  const auto* table = place.section.table(place.key);
  if (table == nullptr) return;
  for (const auto& [name, value] : *table) {
    const auto* text = value.as_string();
    if (!is_header_name(name.str(), false) || text == nullptr) {
      place.wrong(place_of(value), "must be a table of header names and texts: { X-Customer = \"{customer}\" }");
      continue;
    }
    if (auto made = make_template(place, text->get(), place_of(value)))
      headers.push_back({std::string(name.str()), std::move(*made)});
  }
}
void read(const KeyPlace& place, const Rule&, std::vector<AddHeader<Template>>& headers) {
  read_headers(place, headers);
}
void read(const KeyPlace& place, const Rule&, std::vector<ReplaceHeader<Template>>& headers) {
  read_headers(place, headers);
}

// The fact that is all of the text.
const FactRef* only_fact(const Template& text) {
  return text.segments().size() == 1 ? std::get_if<FactRef>(&text.segments().front().what) : nullptr;
}

void read_domain(const KeyPlace& place, SignSetting& setting) {
  const auto text = place.text();
  auto made = text ? make_template(place, text->value, text->place) : std::nullopt;
  if (!made) return;
  const FactRef* fact = only_fact(*made);
  setting.of_author = fact != nullptr && fact->name == "from_domain";
  setting.named = text->value.find('{') == text->value.npos;
  if (setting.named && !to_domain(text->value)) place.wrong("is not a valid domain name");
  setting.domain = std::move(*made);
}

void read_selector(const KeyPlace& place, SignSetting& setting) {
  const auto text = place.text();
  if (!text) return;
  if (text->value.starts_with("map:"))
    setting.selectors = place.makings.registry.table(text->value, text->place, place.section.full(place.key));
  else if (text->value.empty() || text->value.starts_with("list:"))
    place.wrong("must be a selector, a text with facts, or a map: \"map:NAME\"");
  else setting.selector = make_template(place, text->value, text->place);
}

// { domain = "{from_domain}", selector = "map:selectors" }
void read_setting(const KeyPlace& place, const toml::table& table, SignSetting& setting) {
  Section fields(table, place.section.full(place.key), place.section.problems());
  read_domain({fields, "domain", place.makings}, setting);
  read_selector({fields, "selector", place.makings}, setting);
  fields.finish();
}

void read(const KeyPlace& place, const Rule&, std::vector<Sign>& signs) {
  const auto* node = place.node();
  Sign sign;
  sign.author = is_true(*node);
  const auto* table = node->as_table();
  if (table != nullptr) read_setting(place, *table, sign.settings.emplace_back());
  const auto domains = node->is_array() ? place.texts() : std::nullopt;
  if (!sign.author && table == nullptr && (!domains || domains->empty()))
    return place.wrong(
        "must be true, or an array of domains whose keys sign: [\"example.com\"], or { domain = "
        "\"{from_domain}\", selector = \"map:NAME\" }");
  if (domains)
    for (const auto& text : *domains) {
      if (auto domain = to_domain(text.value)) sign.domains.push_back(std::move(*domain));
      else place.wrong(text.place, "is not a valid domain name");
    }
  signs.push_back(std::move(sign));
}

template <typename Kind>
Key<Rule> key_of() {
  return {Kind::row.key, std::identity{}, Form<Rule>{[](const KeyPlace& place, Rule& rule) {
            if (place.node() == nullptr) return;
            std::vector<Kind> effects;
            read(place, rule, effects);
            rule.effects.insert(rule.effects.end(), effects.begin(), effects.end());
          }},
          reloads};
}

template <typename... Kinds>
Keys<Rule> keys_of(EffectKinds<Kinds...>) {
  return {key_of<Kinds>()...};
}

// As messages name them.
using All = EffectKinds<Hold<Template>, Redirect<Template>, Bcc<Template>, Route<Template>, RemoveHeaders,
                        AddHeader<Template>, ReplaceHeader<Template>, Sign>;
static_assert(All::are_all<RuleEffect>([](const EffectRow&) { return true; }));

}  // namespace

const Keys<RemoveHeaders>& removal_keys() {
  static const Keys<RemoveHeaders> keys = {
      {"name", &RemoveHeaders::name, form::text(), reloads},
      {"value", &RemoveHeaders::value, {read_pattern}, reloads},
  };
  return keys;
}

const Keys<Rule>& effect_keys() {
  static const Keys<Rule> keys = keys_of(All());
  return keys;
}

std::optional<Template> make_template(const KeyPlace& place, const std::string& text, const Place& where) {
  auto made =
      parse_template(text, [&](std::string_view name) { return place.makings.registry.fact_in_template(name); });
  if (made) return std::move(*made);
  place.wrong(where, made.error().what);
  return {};
}

}  // namespace mailweir
