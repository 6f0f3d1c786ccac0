// SPDX-License-Identifier: BSD-2-Clause
#include "config/rules.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "config/block_action.h"
#include "config/conditions.h"
#include "config/limits.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

bool is_header_name(std::string_view name, bool wildcards) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [&](char c) {
    return c > ' ' && c < 0x7f && c != ':' && (wildcards || (c != '*' && c != '?'));
  });
}

class RuleReader {
 public:
  RuleReader(Section section, Registry& registry) : section_(std::move(section)), registry_(registry) {}

  std::optional<PlacedRule> read();

 private:
  Problems& problems() { return section_.problems(); }
  std::optional<Template> make_template(const std::string& text, const Place& place, std::string_view key);
  std::optional<Template> template_of(std::string_view key);
  std::optional<Template> address_of(const Placed<std::string>& text, std::string_view key);
  void read_action();
  void read_reply(Action action, std::string_view key);
  void read_along();
  void read_removals();
  void read_headers(std::string_view key, std::vector<HeaderText>& headers);
  void read_sign();
  void read_skip();
  void read_switches();

  Section section_;
  Registry& registry_;
  PlacedRule placed_;
  Rule& rule_ = placed_.rule;
};

std::optional<Template> RuleReader::make_template(const std::string& text, const Place& place, std::string_view key) {
  auto made = parse_template(text, [&](std::string_view name) { return registry_.fact_in_template(name); });
  if (made) return std::move(*made);
  problems().error(place, section_.full(key), made.error().what);
  return {};
}

std::optional<Template> RuleReader::template_of(std::string_view key) {
  const auto text = section_.text(key);
  if (!text) return {};
  return make_template(text->value, text->place, key);
}

void RuleReader::read_reply(Action action, std::string_view key) {
  const auto text = section_.text(key);
  if (!text) return;
  auto reply = Reply::parse(text->value);
  if (!reply) {
    section_.wrong(key, reply.error().what);
    return;
  }
  const char klass = reply->klass();
  if (action == Action::reject && klass != '5')
    section_.wrong(key, "a reject is a 5xx reply; for " + reply->code + " write defer");
  if (action == Action::defer && klass != '4')
    section_.wrong(key, "a deferral is a 4xx reply; for " + reply->code + " write reject");
  if (action == Action::defer && reply->code == "421") section_.wrong(key, "421 closes the connection; write drop");
  if (auto made = make_template(reply->text, text->place, key)) rule_.reply_text = std::move(*made);
  rule_.reply = std::move(*reply);
  rule_.reply.text.clear();
}

// At most one of the actions that end a stage.
void RuleReader::read_action() {
  std::string first;
  for (const auto action :
       {Action::accept, Action::permit, Action::reject, Action::defer, Action::drop, Action::discard}) {
    const auto key = to_string(action);
    const auto* node = section_.node(key);
    if (node == nullptr) continue;
    placed_.keys.emplace(key, place_of(*node));
    if (!first.empty()) {
      section_.wrong(key, "a rule can have only one action that ends the stage; this one has " + first + " already");
      continue;
    }
    first = key;
    rule_.action = action;
    if (is_refusal(action)) {
      read_reply(action, key);
      continue;
    }
    // accept, permit and discard take true, or a text that is the reason in the log.
    if (const auto* truth = node->as_boolean(); truth != nullptr && truth->get()) continue;
    if (node->is_string()) {
      if (auto text = template_of(key)) rule_.reply_text = std::move(*text);
      continue;
    }
    section_.wrong(key, "must be true, or a text for the log");
  }
}

std::optional<Template> RuleReader::address_of(const Placed<std::string>& text, std::string_view key) {
  if (text.value.find('@') == std::string::npos || text.value.find_first_of(" \t\r\n<>") != std::string::npos) {
    problems().error(text.place, section_.full(key), "must be a mail address: \"user@example.com\"");
    return {};
  }
  return make_template(text.value, text.place, key);
}

void RuleReader::read_along() {
  if (const auto* node = section_.node("hold")) {
    placed_.keys.emplace("hold", place_of(*node));
    if (const auto* truth = node->as_boolean(); truth != nullptr && truth->get())
      rule_.hold = *make_template("held by " + cleaned(rule_.name, true), place_of(*node), "hold");
    else if (node->is_string()) rule_.hold = template_of("hold");
    else section_.wrong("hold", "must be true, or a text that the hold queue shows");
  }
  if (const auto text = section_.text("redirect")) {
    placed_.keys.emplace("redirect", text->place);
    rule_.redirect = address_of(*text, "redirect");
  }
  if (const auto texts = section_.texts("bcc")) {
    placed_.keys.emplace("bcc", place_of(*section_.raw().get("bcc")));
    for (const auto& text : *texts)
      if (auto address = address_of(text, "bcc")) rule_.bcc.push_back(std::move(*address));
  }
  if (const auto text = section_.text("route")) {
    placed_.keys.emplace("route", text->place);
    const auto colon = text->value.find(':');
    if (colon == 0 || colon == std::string::npos || text->value.find_first_of(" \t\r\n") != std::string::npos)
      section_.wrong("route", "must be a Postfix transport, \"smtp-bad:\" or \"smtp:[gateway.example]:25\"");
    else rule_.route = make_template(text->value, text->place, "route");
  }
  read_removals();
  read_headers("add_headers", rule_.add_headers);
  read_headers("replace_header", rule_.replace_headers);
}

// "X-Originating-*", or { name = "X-Spam-Status", value = "/^no/" }.
void RuleReader::read_removals() {
  const auto* node = section_.node("remove_headers");
  if (node == nullptr) return;
  placed_.keys.emplace("remove_headers", place_of(*node));
  const auto read_one = [&](const toml::node& one) {
    HeaderRemoval removal;
    if (const auto* name = one.as_string()) {
      removal.name = name->get();
    } else if (const auto* table = one.as_table()) {
      Section fields(*table, section_.full("remove_headers"), problems());
      if (const auto name = fields.text("name")) removal.name = name->value;
      if (const auto value = fields.text("value")) {
        const auto& text = value->value;
        auto pattern =
            text.size() >= 2 && text.starts_with('/') && text.ends_with('/')
                ? registry_.builders().pattern(std::string_view(text).substr(1, text.size() - 2))
                : Result<PatternPtr>(Error{is_pattern_with_flags(text)
                                               ? "a pattern is written \"/.../\", without flags: case is ignored anyway"
                                               : "must be a regular expression between slashes: \"/^no/\""});
        if (pattern) removal.value = std::move(*pattern);
        else fields.wrong("value", pattern.error().what);
      }
      fields.finish();
    }
    if (is_header_name(removal.name, true)) rule_.remove_headers.push_back(std::move(removal));
    else
      section_.wrong(one, "remove_headers",
                     "must be header names like \"X-Originating-IP\" or \"X-PHP-*\", or { name, value }");
  };
  if (const auto* array = node->as_array()) {
    for (const auto& element : *array) read_one(element);
  } else {
    read_one(*node);
  }
}

void RuleReader::read_headers(std::string_view key, std::vector<HeaderText>& headers) {
  const auto* table = section_.table(key);
  if (table == nullptr) return;
  placed_.keys.emplace(key, place_of(*table));
  for (const auto& [name, value] : *table) {
    const auto* text = value.as_string();
    if (!is_header_name(name.str(), false) || text == nullptr) {
      section_.wrong(value, key, "must be a table of header names and texts: { X-Customer = \"{customer}\" }");
      continue;
    }
    if (auto made = make_template(text->get(), place_of(value), key))
      headers.push_back({std::string(name.str()), std::move(*made)});
  }
}

void RuleReader::read_sign() {
  const auto* node = section_.node("sign");
  if (node == nullptr) return;
  placed_.keys.emplace("sign", place_of(*node));
  rule_.sign = true;
  if (const auto* truth = node->as_boolean(); truth != nullptr && truth->get()) return;
  const auto domains = node->is_array() ? section_.texts("sign") : std::nullopt;
  if (!domains || domains->empty()) {
    section_.wrong("sign", "must be true, or an array of domains whose keys sign: [\"example.com\"]");
    return;
  }
  for (const auto& text : *domains) {
    if (auto domain = to_domain(text.value)) rule_.sign_domains.push_back(std::move(*domain));
    else problems().error(text.place, section_.full("sign"), "is not a valid domain name");
  }
}

// Checks that this version does not have: a list of what an entry turns off may be complete before they come.
std::optional<LaterCheck> later_check(std::string_view name) {
  if (name == "virus") return LaterCheck::virus;
  if (name == "spam" || name == "spam_score") return LaterCheck::spam;
  return {};
}

void RuleReader::read_skip() {
  const auto names = section_.texts("skip");
  if (!names || names->empty()) return;
  placed_.keys.emplace("skip", place_of(*section_.raw().get("skip")));
  for (const auto& name : *names) {
    if (name.value == "all") {
      rule_.skip = CheckSet::all();
      continue;
    }
    if (const auto later = later_check(name.value)) {
      rule_.skip.add(*later);
      continue;
    }
    const auto fact = registry_.fact(name.value);
    if (fact && fact->info().skipped == FactSkipped::with_whole) {
      problems().error(name.place, section_.full("skip"),
                       name.value + " is part of a check; write " + std::string(fact->info().whole()));
      continue;
    }
    if (fact && fact->check() && fact->type() != FactType::blocked) {
      const FactInfo& check = fact->info();
      rule_.skip.add(check.id);
      const bool whole = check.part_of.empty() || check.skipped == FactSkipped::as_whole;
      for (const auto& other : all_facts())
        if (whole && other.check && other.whole() == check.whole()) rule_.skip.add(other.id);
    } else
      problems().error(name.place, section_.full("skip"),
                       fact ? name.value + " is not a check; only checks can be skipped" : fact.error().what);
  }
}

void RuleReader::read_switches() {
  if (const auto shadow = section_.boolean("shadow")) rule_.shadow = *shadow;
  if (const auto alert = section_.boolean("alert")) rule_.alert = *alert;
  if (const auto log = section_.boolean("log")) rule_.log = *log;
  if (const auto outage = section_.choice("on_outage", {"continue", "defer"}))
    rule_.on_outage = *outage == 0 ? Outage::go_on : Outage::defer;
  if (const auto* node = section_.node("block")) {
    placed_.keys.emplace("block", place_of(*node));
    rule_.block = read_block_action(*node, section_.full("block"), rule_.name, registry_, problems(), placed_.keys);
  }
}

std::optional<PlacedRule> RuleReader::read() {
  const auto before = problems().error_count();
  placed_.place = section_.place();
  if (const auto name = section_.text("name")) rule_.name = name->value;
  else if (section_.raw().get("name") == nullptr)
    section_.wrong("name", "is missing: every rule needs a name; it is logged");
  const bool named =
      !rule_.name.empty() && rule_.name.size() <= 100 && std::all_of(rule_.name.begin(), rule_.name.end(), [](char c) {
        return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      });
  if (named) section_.rename("rule \"" + rule_.name + "\"");
  else if (section_.raw().get("name") != nullptr)
    section_.wrong("name", "a name is letters, digits, - _ and ., at most 100");
  rule_.where = placed_.place.file + ':' + std::to_string(placed_.place.line);

  if (const auto at = section_.text("at")) {
    placed_.keys.emplace("at", at->place);
    if (const auto stage = parse_stage(at->value)) rule_.at = *stage;
    else
      section_.wrong("at", "\"" + cleaned(at->value, false, 40) +
                               "\" is not one of: connect helo auth mail rcpt data end-of-message");
  } else if (section_.raw().get("at") == nullptr) {
    section_.wrong("at", "is missing: connect, helo, mail, rcpt, data or end-of-message");
  }
  for (const auto key : {"when", "unless"}) {
    const auto* node = section_.node(key);
    if (node == nullptr) continue;
    placed_.keys.emplace(key, place_of(*node));
    (key == std::string_view("when") ? rule_.when : rule_.unless) =
        read_conditions(*node, section_.full(key), key, registry_, problems(), placed_.keys);
  }
  if (const auto* node = section_.node("limit")) {
    placed_.keys.emplace("limit", place_of(*node));
    rule_.limit = read_limit(*node, section_.full("limit"), rule_.name, registry_, problems(), placed_.keys);
  }
  read_action();
  read_along();
  read_sign();
  read_skip();
  read_switches();
  section_.finish();
  if (problems().error_count() != before) return {};
  return std::move(placed_);
}

}  // namespace

std::optional<PlacedRule> read_rule(const toml::table& table, Registry& registry, Problems& problems) {
  return RuleReader(Section(table, "rule", problems), registry).read();
}

}  // namespace mailweir
