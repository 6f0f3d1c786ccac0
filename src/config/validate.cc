// SPDX-License-Identifier: BSD-2-Clause
#include "config/validate.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "config/block_action.h"
#include "config/conditions.h"
#include "config/effects.h"
#include "config/known_fact.h"
#include "config/temperror.h"

namespace mailweir {
namespace {

// How often a rule has each effect.
std::map<const EffectRow*, std::size_t> counted_effects(const Rule& rule) {
  std::map<const EffectRow*, std::size_t> counted;
  for (const auto& effect : rule.effects) ++counted[&row_of(effect)];
  return counted;
}

// Where a limit may count it.
std::vector<Stage> stages_of(Quantity of) {
  using enum Stage;
  switch (of) {
    case Quantity::messages: return {mail, data, end_of_message};
    case Quantity::recipients: return {rcpt, data, end_of_message};
    case Quantity::bytes: return {end_of_message};
    case Quantity::connections:
    case Quantity::open_connections: return {connect};
    case Quantity::unknown_recipients: return {connect, helo, mail, rcpt};
    case Quantity::first_time_recipients: return {rcpt};
    case Quantity::auth_failures: return {connect, helo, auth, mail, rcpt};
    case Quantity::bounces: return {mail, rcpt, data, end_of_message};
    case Quantity::distinct: break;
  }
  return {all_stages.begin(), all_stages.end()};
}

// "connect, helo and mail"
std::string in_words(const std::vector<Stage>& stages) {
  std::string words;
  for (std::size_t i = 0; i < stages.size(); ++i)
    words += (i == 0 ? "" : i + 1 == stages.size() ? " and " : ", ") + std::string(to_string(stages[i]));
  return words;
}

class Validator {
 public:
  Validator(const std::vector<PlacedRule>& rules, const Policy& policy, bool keys_known, Problems& problems)
      : rules_(rules), policy_(policy), keys_known_(keys_known), problems_(problems) {}

  void run() {
    const bool all_read = problems_.error_count() == 0;
    names();
    for (const auto& placed : rules_) {
      effect(placed);
      facts(placed);
      limit(placed);
      if (placed.rule.at == Stage::auth) at_http(placed);
      else if (door(placed.rule.at) == Door::policy) at_policy(placed);
      else at_milter(placed);
    }
    skips();
    replies_that_meet();
    validate_blocks(rules_, all_read, policy_, problems_);
    warn_of_unnamed_temperror(rules_, problems_);
  }

 private:
  void error(const PlacedRule& placed, std::string_view key, std::string_view why) {
    problems_.error(placed.at(key), "rule \"" + placed.rule.name + "\"" + (key.empty() ? "" : "." + std::string(key)),
                    why);
  }
  Door door(Stage stage) const { return door_of(policy_, stage); }

  void names() {
    std::map<std::string_view, const PlacedRule*> seen;
    std::map<std::pair<Stage, std::string_view>, const PlacedRule*> counters;
    for (const auto& placed : rules_) {
      const auto [old, fresh] = seen.emplace(placed.rule.name, &placed);
      if (!fresh) error(placed, "", "a rule of this name exists already, at " + old->second->place.to_string());
      if (!placed.rule.limit) continue;
      const auto [other, first] =
          counters.emplace(std::pair(placed.rule.at, std::string_view(placed.rule.limit->counter)), &placed);
      if (!first && fresh)
        error(placed, "limit",
              "shares the counter \"" + placed.rule.limit->counter + "\" with rule \"" + other->second->rule.name +
                  "\" at the same stage: a message would count twice");
    }
  }

  void effect(const PlacedRule& placed) {
    const Rule& rule = placed.rule;
    const bool along = !rule.effects.empty();
    if (rule.action == Action::none && !along && rule.skip.empty() && !rule.block && !rule.alert && !rule.log &&
        !(rule.limit && rule.limit->warn_at > 0))
      error(placed, "",
            "does nothing: it needs an action (accept reject defer drop discard " + names_of_effects() +
                " skip block alert log)");
    if (rule.limit && (rule.action == Action::accept || rule.action == Action::permit))
      error(placed, to_string(rule.action),
            "mail over a limit cannot be exempted; use reject, defer, hold, route or alert");
    if (rule.limit && !rule.skip.empty()) error(placed, "skip", "cannot depend on a limit");
    if (along && rule.at < Stage::mail)
      error(placed, "", "this action is possible from mail on; this rule is at " + std::string(to_string(rule.at)));
    if (along && is_refusal(rule.action)) error(placed, "", "the message is refused, so this action has no effect");
    for (const auto& [row, number] : counted_effects(rule))
      if (row->from > Stage::mail && rule.at < row->from)
        error(placed, row->key, "is possible at " + std::string(to_string(row->from)) + " only");
    if (const auto* sign = rule.sign(); sign != nullptr && keys_known_) keys(placed, *sign);
  }

  static std::string names_of_effects() {
    std::string names;
    for (const auto& key : effect_keys()) names += (names.empty() ? "" : " ") + std::string(key.name);
    return names;
  }

  void keys(const PlacedRule& placed, const Sign& sign) {
    if (policy_.keys.none()) return error(placed, "sign", "no [[dkim.key]] and no [dkim] keys to sign with");
    if (policy_.keys.place() != nullptr) return;  // keys come and go there
    for (const auto& domain : sign.domains)
      if (!policy_.keys.ring().knows(domain)) error(placed, "sign", "no [[dkim.key]] for " + domain);
  }

  bool known(const FactRef& fact, Stage stage) const { return is_known(policy_, fact, stage); }

  // `key` names what of the rule asks for the fact, `where` the place of the fact itself.
  void fact(const PlacedRule& placed, const FactRef& fact, std::string_view key, std::string_view where) {
    if (known(fact, placed.rule.at)) return;
    const auto tell = [&](const std::string& why) {
      problems_.error(placed.at(where), "rule \"" + placed.rule.name + "\"." + std::string(key), why);
    };
    if (fact.is_own())
      return tell(fact.name + ": none of its keys is known at " + std::string(to_string(placed.rule.at)));
    const Door at = door(placed.rule.at);
    const auto from = known_from(fact.info(), at);
    if (!from)
      tell(fact.name + " is not known at the " + std::string(to_string(at)) + " door" +
           (at == Door::policy ? "; it needs a [milter] that judges this stage" : ""));
    else
      tell(fact.name + " is not known before " + std::string(to_string(*from)) + "; this rule is at " +
           std::string(to_string(placed.rule.at)));
  }

  void facts(const PlacedRule& placed) {
    each_cell(placed.rule, [&](const Cell& cell, std::string_view key, std::size_t table) {
      fact(placed, cell.fact, key, place_of_cell(key, table, cell.fact.name));
    });
    if (placed.rule.limit)
      for (const auto& by : placed.rule.limit->by) fact(placed, by, "limit", "limit.by." + by.name);
    if (placed.rule.limit && placed.rule.limit->distinct)
      fact(placed, *placed.rule.limit->distinct, "limit", "limit.distinct");
    const auto in_template = [&](const Template& text, std::string_view key) {
      bool told = false;
      for (const auto& segment : text.segments()) {
        if (const auto* ref = std::get_if<FactRef>(&segment.what)) fact(placed, *ref, key, key);
        const auto* special = std::get_if<Template::Special>(&segment.what);
        if (special != nullptr && *special <= Template::Special::retry_after && !placed.rule.limit &&
            !(placed.rule.block && *special == Template::Special::retry_after) && !std::exchange(told, true))
          error(placed, key,
                "{limit}, {count} and {retry_after} need a limit in the rule" +
                    std::string(placed.rule.block ? "; a block has {retry_after} only" : ""));
      }
    };
    const Rule& rule = placed.rule;
    in_template(rule.reply_text, to_string(rule.action));
    for (const auto& effect : rule.effects)
      if (const auto* text = text_of(effect)) in_template(*text, row_of(effect).key);
    if (const Sign* sign = rule.sign())
      for (const auto& setting : sign->settings) {
        in_template(setting.domain, Sign::row.key);
        if (setting.selector) in_template(*setting.selector, Sign::row.key);
      }
  }

  void limit(const PlacedRule& placed) {
    if (!placed.rule.limit) return;
    const Stage at = placed.rule.at;
    const auto stages = stages_of(placed.rule.limit->of);
    const bool fits = std::ranges::find(stages, at) != stages.end();
    const auto of = std::string(to_string(placed.rule.limit->of));
    if (!fits)
      error(placed, "limit",
            "of = \"" + of + "\" is known at " + in_words(stages) + "; this rule is at " + std::string(to_string(at)));
    if (fits && placed.rule.limit->of == Quantity::open_connections && door(at) == Door::policy)
      error(
          placed, "limit",
          "open connections are known at the milter door only: the policy door does not learn when a connection ends");
    if (fits && placed.rule.limit->of == Quantity::auth_failures) counted_at_http(placed);
    if (fits && placed.rule.limit->of == Quantity::unknown_recipients && !policy_.has_milter)
      error(placed, "limit",
            of + " are known at the milter door only: Postfix does not ask the policy door about them");
    if (fits && placed.rule.limit->of == Quantity::bounces) bounces(placed);
    const bool asks = placed.rule.limit->of == Quantity::distinct && at == Stage::auth;
    if (asks && placed.rule.limit->attempts)
      error(placed, "limit",
            "count = \"all\" is not possible here: at auth a value is counted when the login has succeeded");
    if (asks && placed.rule.limit->block)
      error(placed, "limit",
            "block is not allowed here: a stranger who guesses passwords would block the owner of the login");
    if (placed.rule.limit->block && placed.rule.limit->block->refuse && !is_refusal(placed.rule.action))
      error(placed, "limit", "block refuses all further mail of the key: it needs reject, defer or drop in the rule");
    if (is_event(placed.rule.limit->of) && placed.rule.limit->attempts)
      error(placed, "limit", "count = \"all\" is not possible here: " + of + " are counted when they happen");
  }

  // They are counted for a message, when it is accepted or later.
  void bounces(const PlacedRule& placed) {
    if (!policy_.has_milter)
      error(placed, "limit", "bounces are counted for messages that the milter door has accepted: add [milter]");
    if (!policy_.follows_mail_log)
      error(placed, "limit",
            "bounces are read in the log of the mail server: add [follow] with mail_log = \"/var/log/mail.log\" or "
            "\"journal\"");
    for (const auto& by : placed.rule.limit->by)
      if (!by.is_own() && by.info().known.milter == Stage::rcpt)
        problems_.error(placed.at("limit.by." + by.name), "rule \"" + placed.rule.name + "\".limit",
                        by.name +
                            ": bounces are counted for the sending side, such as sasl_username, sender_domain "
                            "or client_address");
  }

  // A failure is counted for the rules whose conditions hold when the http door is told of it, whatever their stage:
  // what it is not told would never hold there.
  void counted_at_http(const PlacedRule& placed) {
    if (!policy_.has_http)
      return error(
          placed, "limit",
          "auth-failures are reported to the http door: add [http], and set Dovecot's auth_policy_server_url to it");
    if (placed.rule.at == Stage::auth) return;  // told already
    const auto tell = [&](const FactRef& fact, std::string_view key, std::string_view where) {
      if (!known(fact, Stage::auth))
        problems_.error(placed.at(where), "rule \"" + placed.rule.name + "\"." + std::string(key),
                        fact.name + " is not known at the http door, where auth-failures are counted");
    };
    each_cell(placed.rule, [&](const Cell& cell, std::string_view key, std::size_t table) {
      tell(cell.fact, key, place_of_cell(key, table, cell.fact.name));
    });
    for (const auto& by : placed.rule.limit->by) tell(by, "limit", "limit.by." + by.name);
  }

  void at_http(const PlacedRule& placed) {
    const Rule& rule = placed.rule;
    for (const auto action : {Action::permit, Action::defer, Action::drop, Action::discard})
      if (rule.action == action)
        error(placed, to_string(action), "at auth a login can only be accepted or refused: write accept or reject");
    if (!rule.skip.empty()) error(placed, "skip", "checks are not available at auth");
  }

  void at_milter(const PlacedRule& placed) {
    const Rule& rule = placed.rule;
    if (rule.action == Action::permit)
      error(
          placed, "permit",
          "is for the policy door; at the milter door write accept: Postfix's own restrictions decide about relaying");
    if (rule.at <= Stage::helo && rule.action == Action::discard)
      error(placed, "discard", "there is no message yet at " + std::string(to_string(rule.at)));
    if (rule.at != Stage::connect || !is_refusal(rule.action)) return;
    for (const auto& segment : rule.reply_text.segments()) {
      if (std::holds_alternative<std::string>(segment.what)) continue;
      problems_.warning(placed.at(to_string(rule.action)), "rule \"" + rule.name + "\"",
                        "the mail server does not show this text at connect: the client gets the mail server's own "
                        "text; this one is only logged");
      return;
    }
  }

  void at_policy(const PlacedRule& placed) {
    const Rule& rule = placed.rule;
    for (const auto& [row, number] : counted_effects(rule)) {
      if (row->in_policy.empty())
        error(placed, row->key,
              "the policy door cannot do this; it needs a [milter] that judges " + std::string(to_string(rule.at)));
      const auto* route = find_effect<Route<Template>>(rule.effects);
      if (row == &Route<Template>::row && route->named && route->named->kind == RouteKind::rewrite)
        error(placed, row->key,
              "the policy door cannot rewrite recipients; it needs a [milter] that judges " +
                  std::string(to_string(rule.at)) + ", or kind = \"filter\" in [routes." + route->named->name + ']');
      if (!row->in_policy_at_end && rule.at == Stage::end_of_message)
        error(placed, row->key,
              "Postfix ignores " + std::string(row->in_policy) + " at end-of-message; put the rule at data");
      if (!row->adds.empty() && number > 1)
        error(placed, row->key, "a policy reply adds one " + std::string(row->adds));
    }
    if (rule.action == Action::discard && rule.at == Stage::rcpt)
      error(placed, "discard",
            "Postfix would discard the whole message, for its other recipients too; put the rule at data, or let the "
            "milter judge rcpt");
    if (rule.action == Action::discard && rule.at < Stage::mail)
      error(placed, "discard", "there is no message yet at " + std::string(to_string(rule.at)));
  }

  // A skip that stands behind a rule that uses the check does nothing for it: say so. And none crosses the doors.
  void skips() {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const auto& skipping = rules_[i];
      if (skipping.rule.skip.empty()) continue;
      for (std::size_t j = 0; j < rules_.size(); ++j) {
        const auto& other = rules_[j].rule;
        const bool before = other.at < skipping.rule.at || (other.at == skipping.rule.at && j < i);
        each_cell(other, [&](const Cell& cell, std::string_view, std::size_t) {
          if (!cell.fact.check() || !skipping.rule.skip.has(cell.fact.id)) return;
          if (before)
            error(skipping, "skip",
                  cell.fact.name + " was used before, by rule \"" + other.name + "\" at " +
                      std::string(to_string(other.at)));
          else if (door(other.at) != door(skipping.rule.at))
            error(skipping, "skip",
                  cell.fact.name + " is asked at the other door, by rule \"" + other.name +
                      "\": the doors share nothing");
        });
      }
    }
  }

  // The kinds of what a rule puts into a policy reply when it does not refuse, and whether a reply adds one of it.
  static std::map<std::string_view, bool> reply_kinds(const Rule& rule) {
    std::map<std::string_view, bool> kinds;
    if (rule.shadow || is_refusal(rule.action) || rule.action == Action::discard) return kinds;
    for (const auto& [row, number] : counted_effects(rule))
      if (!row->in_policy.empty()) kinds.emplace(row->key, !row->adds.empty());
    if (rule.action == Action::permit) kinds.emplace("permit", false);
    return kinds;
  }

  // With a policy door alone, a request at rcpt answers for connect, helo and mail too.
  void replies_that_meet() {
    std::map<int, std::pair<std::string_view, const PlacedRule*>> first;
    for (const auto& placed : rules_) {
      if (door(placed.rule.at) != Door::policy) continue;
      const int reply = placed.rule.at <= Stage::rcpt ? 0 : static_cast<int>(placed.rule.at);
      for (const auto& [kind, adds_one] : reply_kinds(placed.rule)) {
        const auto found = first.find(reply);
        if (found == first.end()) {
          first.emplace(reply, std::pair(kind, &placed));
          continue;
        }
        const auto& [other, rule] = found->second;
        const bool several = kind == other && adds_one && rule != &placed;
        if (kind == other && !several) continue;
        error(placed, kind,
              "a policy reply can have only one action, and rule \"" + rule->rule.name + "\" has " +
                  std::string(other) + " in the same reply; use the milter door, or different stages");
      }
    }
  }

  const std::vector<PlacedRule>& rules_;
  const Policy& policy_;
  const bool keys_known_;
  Problems& problems_;
};

}  // namespace

void validate(const std::vector<PlacedRule>& rules, const Policy& policy, bool keys_known, Problems& problems) {
  Validator(rules, policy, keys_known, problems).run();
}

}  // namespace mailweir
