// SPDX-License-Identifier: BSD-2-Clause
#include "engine/verdict_of.h"

#include <algorithm>
#include <optional>

#include "base/duration.h"
#include "base/text.h"
#include "engine/limit_charge.h"

namespace mailweir {
namespace {

LimitWords words_of(const Charge& charge, const Level& level, Quantity of) {
  LimitWords words;
  if (level.window < charge.windows.size()) {
    Window window = charge.windows[level.window];
    window.max = level.share.value_or(window.max);
    words.limit = in_words(window, of) + (level.share ? " (this node's share)" : "");
  }
  words.count = std::to_string(level.count);
  words.retry_after = rough_duration(level.retry_after);
  return words;
}

// In place of a reply that promises a next time, when there is none.
std::string text_of_never(const LimitWords& words, const std::string& id) {
  return "this message alone is over the limit of " + words.limit + ", so it will not pass later either (ref " + id +
         ')';
}

// A text with a fact that is not known yet would have a hole in it.
bool all_known(const Template& text, Facts& facts, Stage stage) {
  return std::all_of(text.segments().begin(), text.segments().end(), [&](const Template::Segment& segment) {
    const auto* fact = std::get_if<FactRef>(&segment.what);
    if (fact == nullptr) return true;
    if (fact->is_own()) return !facts.to_text(*fact).empty();
    const auto from = known_from(fact->info(), facts.door());
    return from && *from <= stage;
  });
}

class Settlement {
 public:
  Settlement(const Judgement& judgement, Stage stage, Facts& facts) : judgement_(judgement), facts_(facts) {
    verdict_.stage = stage;
  }

  Verdict run() {
    for (const Asking& asking : judgement_.asked)
      if (asking.rule->block && settle_listed(asking)) return std::move(verdict_);
    for (const Held& held : judgement_.held)
      if (settle(held)) break;
    add_shadows();
    return std::move(verdict_);
  }

 private:
  // Whether a key on a rule's own block list, or the store that could not be asked for it, decides.
  bool settle_listed(const Asking& asking) {
    const Rule& rule = *asking.rule;
    const auto is_rule = [&rule](const Held& held) { return held.rule == &rule; };
    if (&rule == judgement_.trouble && std::none_of(judgement_.held.begin(), judgement_.held.end(), is_rule)) {
      defer_for_trouble(rule);
      return true;
    }
    if (!asking.level.over || !asking.charge.enforce) return false;
    const Stage stage = verdict_.stage;
    verdict_ = refusal_of_blocked(rule, asking.charge.key, asking.level.retry_after, stage, facts_);
    return true;
  }

  // True: the rule decides.
  bool settle(const Held& held) {
    const Rule& rule = *held.rule;
    if (&rule == judgement_.trouble) {
      defer_for_trouble(rule);
      return true;
    }
    const Asking* asking = judgement_.telling(rule);
    if (asking != nullptr && !asking->level.over) return false;
    if (rule.shadow) {
      verdict_.shadowed.push_back(&rule);
      tell(held);
      return false;
    }
    const auto words = words_for(rule, asking);
    verdict_.fired.push_back(&rule);
    go_along(rule, words ? &*words : nullptr);
    if (rule.log) tell(held);
    if (rule.action == Action::none) return false;
    if (asking != nullptr && asking->is_block() && asking->charge.enforce) verdict_.blocked = asking->charge.key;
    decide(held, words ? &*words : nullptr, asking != nullptr ? asking->level : Level{});
    return true;
  }

  // A shadow whose key is blocked would have refused, whether its conditions hold now or not.
  void add_shadows() {
    for (const Asking& asking : judgement_.asked) {
      const Rule* rule = asking.rule;
      auto& shadowed = verdict_.shadowed;
      if (rule->block && rule->shadow && asking.level.over &&
          std::find(shadowed.begin(), shadowed.end(), rule) == shadowed.end())
        shadowed.push_back(rule);
    }
  }

  std::optional<LimitWords> words_for(const Rule& rule, const Asking* asking) const {
    if (asking != nullptr)
      return asking->is_block() ? words_of_block(rule, *asking)
                                : words_of(asking->charge, asking->level, rule.limit->of);
    if (rule.block) return LimitWords{{}, {}, rough_duration(length_of(rule.block->time, facts_.now()))};
    return {};
  }

  // The counter may have room again: what is told is the limit that was reached.
  LimitWords words_of_block(const Rule& rule, const Asking& blocked) const {
    LimitWords words;
    const auto own = std::find_if(judgement_.asked.begin(), judgement_.asked.end(),
                                  [&](const Asking& one) { return one.rule == &rule && !one.is_block(); });
    const auto all = own != judgement_.asked.end() ? own->charge.windows
                                                   : windows_for(*rule.limit, blocked.charge.key, facts_.spelling());
    const auto& told = all.empty() ? rule.limit->max : all;
    if (!told.empty()) {
      words.limit = in_words(told.front(), rule.limit->of);
      words.count = std::to_string(told.front().max);
    }
    words.retry_after = rough_duration(blocked.level.retry_after);
    return words;
  }

  void defer_for_trouble(const Rule& rule) {
    verdict_.action = Action::defer;
    verdict_.rule = &rule;
    verdict_.reply = judgement_.trouble_reply;
    verdict_.reason = judgement_.trouble_what;
    verdict_.fired.push_back(&rule);
  }

  void go_along(const Rule& rule, const LimitWords* words) {
    const auto fill = [&](const Template& text) { return text.fill(facts_, rule.name, words); };
    const auto filled = [&]<typename Kind>(const Kind& effect) -> Effect {
      if constexpr (requires { effect.filled(fill); }) return effect.filled(fill);
      else return effect;
    };
    for (const RuleEffect& effect : rule.effects) {
      Effect done = std::visit(filled, effect);
      // "{sasl_username}" without a login: no MTA takes an empty reason.
      if (auto* hold = std::get_if<Hold<>>(&done); hold != nullptr && trimmed(hold->text).empty())
        hold->text = rule.name;
      verdict_.effects.add(std::move(done));
    }
  }

  void decide(const Held& held, const LimitWords* words, const Level& level) {
    const Rule& rule = *held.rule;
    const bool never_fits = level.never_fits;
    verdict_.action = rule.action;
    verdict_.rule = &rule;
    const bool asks_to_wait = never_fits && rule.reply_text.tells(Template::Special::retry_after);
    const std::string text =
        asks_to_wait ? text_of_never(*words, facts_.transaction().id) : rule.reply_text.fill(facts_, rule.name, words);
    if (is_refusal(rule.action)) {
      verdict_.reply = rule.reply;
      verdict_.reply.text = text;
      verdict_.never_fits = never_fits;
      if (never_fits) {  // waiting would not help: RFC 5321 4.2.1, a permanent failure
        if (rule.action == Action::defer) verdict_.action = Action::reject;
        verdict_.reply = verdict_.reply.as_class('5');
      }
      if (level.share) {  // the outage's fault, not the sender's: nothing is refused for good
        verdict_.action = Action::defer;
        verdict_.reply = verdict_.reply.as_class('4');
        verdict_.reason =
            "over this node's share of the limit while the counter store is down, " + words->count + " counted";
      }
    } else {
      verdict_.reason = text;
    }
    tell(held);
  }

  // What the rule's conditions found, for the log.
  void tell(const Held& held) {
    const auto add = [this](const std::string& name, const std::string& text) {
      const bool told = std::any_of(verdict_.facts.begin(), verdict_.facts.end(),
                                    [&name](const auto& fact) { return fact.first == name; });
      if (!told) verdict_.facts.emplace_back(name, text);
    };
    for (const Evidence& one : held.evidence) {
      add(one.fact, one.value);
      if (!one.reason.empty()) add(one.fact + "_reason", one.reason);
    }
  }

  const Judgement& judgement_;
  Facts& facts_;
  Verdict verdict_;
};

}  // namespace

Verdict verdict_of(const Judgement& judgement, Stage stage, Facts& facts) {
  return Settlement(judgement, stage, facts).run();
}

Verdict refusal_of_blocked(const Rule& rule, std::string key, std::chrono::milliseconds left, Stage stage,
                           Facts& facts) {
  Verdict verdict;
  verdict.stage = stage;
  const LimitWords words{{}, {}, rough_duration(left)};
  verdict.rule = &rule;
  verdict.fired.push_back(&rule);
  verdict.blocked = std::move(key);
  if (is_refusal(rule.action) && all_known(rule.reply_text, facts, stage)) {
    verdict.action = rule.action;
    verdict.reply = rule.reply;
    verdict.reply.text = rule.reply_text.fill(facts, rule.name, &words);
    return verdict;
  }
  verdict.action = is_refusal(rule.action) ? rule.action : Action::reject;
  verdict.reply = is_refusal(rule.action) ? rule.reply : Reply{"550", "5.7.1", {}};
  verdict.reply.text = "blocked for " + words.retry_after;
  return verdict;
}

}  // namespace mailweir
