// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/explanation.h"

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "check/authentication_results.h"
#include "check/signing_keys.h"
#include "ctl/lookup_lines.h"
#include "engine/session.h"
#include "milter_door/message_signer.h"

namespace mailweir {
namespace {

constexpr std::string_view fate_words[] = {"not taken", "taken", "discarded", "held", "bounced"};

std::string_view word_of(Rehearsal::Fate fate) { return fate_words[static_cast<std::size_t>(fate)]; }

// The value of a log line's field, without its quotes.
std::string field_of(std::string_view line, std::string_view name) {
  const auto at = line.find(' ' + std::string(name) + '=');
  if (at == line.npos) return {};
  auto value = line.substr(at + name.size() + 2);
  const bool quoted = value.starts_with('"');
  if (quoted) value.remove_prefix(1);
  return std::string(value.substr(0, value.find(quoted ? '"' : ' ')));
}

std::string header_words(const std::string& what, const std::string& text) {
  return text.empty() ? what : what + ": " + cleaned(text, false, 1000);
}

template <OnlyText Kind>
std::string words_of(const Kind& effect) {
  return std::string(Kind::row.key) + ": " + cleaned(effect.text, false, 1000);
}
std::string words_of(const RemoveHeaders& effect) { return "remove header " + effect.name; }
std::string words_of(const ReplaceHeader<>& effect) {
  return header_words("replace header " + effect.name, effect.text);
}
std::string words_of(const AddHeader<>& effect) { return header_words("add header " + effect.name, effect.text); }
std::string words_of(const Sign&) { return {}; }  // with which keys is told at the end

Deadline patience() { return Deadline::in(std::chrono::seconds(2)); }

// "with the key s._domainkey.example.com (rsa-sha256, 2048 bits, of [[dkim.key]])".
std::string described(const DkimKey& key, const SigningKeys& keys) {
  const auto is_it = [&](const DkimKeyPtr& one) { return one.get() == &key; };
  std::string source = "[dkim] key_table";
  if (std::ranges::any_of(keys.ring().find(key.domain), is_it)) source = "[[dkim.key]]";
  else if (keys.place() != nullptr && std::ranges::any_of(keys.place()->find(key.domain, patience()).keys, is_it))
    source = keys.place()->name();
  const std::string algorithm = key.signer->kind() == KeyKind::rsa
                                    ? "rsa-sha256, " + std::to_string(key.signer->bits()) + " bits"
                                    : std::string("ed25519-sha256");
  return "with the key " + name_of(key) + " (" + algorithm + ", of " + source + ')';
}

std::string described(const std::string& name, const SigningKeys& keys) {
  constexpr std::string_view below = "._domainkey.";
  const auto at = name.find(below);
  if (at != name.npos)
    for (const auto& key : keys.find(name.substr(at + below.size()), patience()).keys)
      if (name_of(*key) == name) return described(*key, keys);
  return "with the key " + name;
}

// "no key for a.example,b.example", or why another key was wanted.
std::string without_key(const SignPlan& plan) {
  if (plan.why.starts_with("no key ") || plan.without.empty()) return plan.why;
  return "no key for " + cleaned(domains_in(plan.without), false, 500);
}

}  // namespace

void Explanation::begins(Stage stage, std::string_view of) {
  stage_ = stage;
  of_ = stage == Stage::rcpt ? cleaned(of, false, 300) : std::string();
  verdict_.reset();
}

void Explanation::judged(Session& session, const Verdict& verdict, const Trace& trace) {
  out_ << to_string(verdict.stage) << (of_.empty() ? "" : " ") << of_ << "  (" << to_string(session.door())
       << " door)\n";
  print_rules(trace);
  for (const auto* rule : verdict.shadowed)
    out_ << "  shadow: " << rule->name << " would " << to_string(rule->action) << '\n';
  out_ << "  => " << to_string(verdict.action) << (verdict.rule != nullptr ? " by " + verdict.rule->name : "") << '\n';
  print_effects(verdict.effects);
  if (const auto off = session.checks_off(verdict.stage).names(); !off.empty())
    out_ << "  checks turned off: " << off << '\n';
  const Sign* sign = verdict.effects.find<Sign>();
  signing_ = sign != nullptr ? std::optional(*sign) : std::nullopt;
  outgoing_ = session.facts().is_outgoing();
  verdict_ = verdict;
}

void Explanation::print_rules(const Trace& trace) {
  if (trace.rules.empty()) out_ << "  no rules\n";
  for (const auto& traced : trace.rules) {
    out_ << "  " << traced.rule->name << "  " << traced.rule->where << '\n';
    for (const auto& cell : traced.cells) {
      constexpr std::string_view words[] = {"no", "yes", "unknown", "could not be asked"};
      if (!cell.outcome) {
        out_ << "    " << cell.text << "  was not asked: another condition has decided\n";
        continue;
      }
      out_ << "    " << cell.text << "  is " << (cell.value.empty() ? "(absent)" : cleaned(cell.value, false, 300))
           << ": " << words[static_cast<std::size_t>(*cell.outcome)]
           << (cell.reason.empty() ? "" : "  (" + cleaned(cell.reason, false, 300) + ')') << '\n';
    }
    out_ << "    -> " << traced.outcome << '\n';
  }
}

void Explanation::print_effects(const Effects& effects) {
  for (const Effect& effect : effects) {
    const std::string words = std::visit([](const auto& one) { return mailweir::words_of(one); }, effect);
    if (!words.empty()) out_ << "      " << words << '\n';
  }
}

void Explanation::answered(Door door, std::string_view answer) {
  const bool goes_on = answer == "continue";
  if (!verdict_) {
    if (goes_on || door != Door::milter || postponed_) return;
    // No rule was asked: the door itself refuses.
    out_ << to_string(stage_) << (of_.empty() ? "" : " ") << of_ << "  (milter door)\n     " << answer << "\n\n";
    return;
  }
  if (goes_on && verdict_->refuses() && what_.local) {
    const std::string reply = verdict_->reply.line(true);
    if (postponed_) out_ << "     (an earlier stage has decided)\n";
    else
      out_ << "     " << (stage_ == Stage::end_of_message ? "" : "waits for the end of the message: ") << reply << '\n';
    if (!postponed_) postponed_ = Postponed{stage_, reply};
  } else if (!goes_on) {
    out_ << "     " << answer << '\n';
    if (what_.local && stage_ == Stage::end_of_message && !postponed_)
      postponed_ = Postponed{stage_, std::string(answer)};
  }
  out_ << '\n';
  verdict_.reset();
}

void Explanation::recipients_accepted(std::size_t accepted, std::size_t all) {
  out_ << accepted << " of " << all << " recipients are accepted.\n\n";
}

void Explanation::message_comes() {
  if (!what_.message) out_ << "No message file was given: facts of the header and the body are unknown.\n\n";
}

void Explanation::message_ended(Session&, std::string_view,
                                const std::vector<std::pair<std::string, std::string>>& more) {
  for (const auto& [name, value] : more) {
    if (name == "signed") signed_by_ = value;
    if (name == "not_signed") not_signed_ = value;
  }
}

// Verdicts are told already; what the daemon would say of trouble is not.
void Explanation::write(Severity severity, std::string_view line) {
  if (severity > Severity::notice || (' ' + std::string(line)).find(" event=verdict ") != std::string::npos) return;
  if (!what_.message && line.find("event=not-signed") != line.npos) return;  // its body is missing
  if (line.find("event=not-signed") != line.npos) trouble_ = field_of(line, "reason");
  notices_.emplace_back(cleaned(line, false, 2000));
}

// Without a message file the sender's domain stands for the author's, which it mostly is.
std::string Explanation::signing_of_envelope(const Policy& policy) const {
  std::string lines;
  const auto add = [&](const SignPlan& plan, const std::string& before) {
    for (const auto& trouble : plan.found.troubles)
      lines += "  sign: " + before + "cannot use " + cleaned(trouble, false, 500) + '\n';
    for (const auto& key : plan.found.keys) lines += "  sign: " + before + described(*key, policy.keys) + '\n';
    if (!plan.why.empty()) lines += "  sign: " + before + without_key(plan) + '\n';
  };
  const SignWish named{false, signing_->domains}, rest{signing_->author, {}, signing_->choices};
  if (named.any()) add(plan_signatures(named, {}, policy.keys, policy.other_signers, patience()), "");
  if (!rest.any()) return lines;
  lines += "  sign: by the domain of the From header, which only a message file has\n";
  if (const std::string domain(Address::parse(what_.sender).domain()); !domain.empty())
    add(plan_signatures(rest, {domain}, policy.keys.of_message({what_.sender}), policy.other_signers, patience()),
        "if that is " + cleaned(domain, false, 100) + ": ");
  return lines;
}

// What the milter said of the signatures; without a message file, with which keys it would sign.
std::string Explanation::signing(const Policy& policy) const {
  std::string lines;
  const auto tell = [&lines](const std::string& what) -> std::string& { return lines += "  sign: " + what + '\n'; };
  if (!signing_) return not_signed_.empty() ? lines : tell("the message leaves unsigned: " + not_signed_);
  if (!outgoing_) return tell("incoming mail is not signed");
  if (!what_.message) return signing_of_envelope(policy);
  const HeaderList headers = what_.message->headers();
  const auto from = from_fields(headers);
  const SigningKeys keys = policy.keys.of_message(from);
  for (const auto name : split(signed_by_, ','))
    if (!name.empty()) tell(described(std::string(name), keys));
  if (not_signed_ == "no From") return tell("the message has no From header field, and leaves unsigned");
  const SignPlan plan =
      plan_signatures(wish_of(*signing_), author_domains(from), keys, policy.other_signers, patience());
  for (const auto& trouble : plan.found.troubles) tell("cannot use " + cleaned(trouble, false, 500));
  for (const auto& key : plan.found.pending)
    tell("the key " + name_of(*key) + " is pending: it signs once its record is published");
  const std::string end =
      !signed_by_.empty() ? (plan.by_provider ? "; the provider signs instead" : "") : "; the message leaves unsigned";
  if (!plan.without.empty()) tell(without_key(plan) + end);
  else if (signed_by_.empty()) tell("the message leaves unsigned: " + (trouble_.empty() ? not_signed_ : trouble_));
  return lines;
}

std::string Explanation::words_of(const RecordingEditor::Edit& edit) const {
  if (!what_.message && edit.name == authentication_results_field) return {};  // its dkim and dmarc would be missing
  if (edit.name.empty()) return "  " + edit.what + ": " + cleaned(edit.value, false, 300) + '\n';
  if (edit.what == "remove header")
    return "  " + edit.what + ": " + edit.name + " (number " + std::to_string(edit.occurrence) + ")\n";
  std::string lines = "  " + edit.what + "\n    " + edit.name + ':';
  for (const auto line : split(edit.value, '\n')) {
    const bool folded = line.starts_with('\t');
    lines.append(folded ? "\t" : "").append(cleaned(line.substr(folded ? 1 : 0), false, 1000)).append("\n");
  }
  return lines;
}

void Explanation::conclude(Rehearsal::Fate fate, const std::vector<RecordingEditor::Edit>& edits, const Policy& policy,
                           const Asked& asked) {
  std::string done;
  if (fate == Rehearsal::Fate::taken || fate == Rehearsal::Fate::held) done = signing(policy);
  for (const auto& edit : edits) done += words_of(edit);
  if (!done.empty()) out_ << "what the milter door does to the message\n" << done << '\n';
  if (postponed_)
    out_ << "end of the message, decided at " << to_string(postponed_->stage) << ": " << word_of(fate) << ": "
         << postponed_->reply << "\n\n";
  if (!asked.lookups.empty()) out_ << "lookups, asked of " << asked.of << '\n' << lookup_lines(asked.lookups) << '\n';
  if (!asked.scans.empty()) out_ << "scanners\n" << scan_lines(asked.scans) << '\n';
  if (!notices_.empty()) {
    out_ << "the daemon would log\n";
    for (const auto& line : notices_) out_ << "  " << line << '\n';
    out_ << '\n';
  }
  out_ << "The message is " << word_of(fate) << ".\n";
}

}  // namespace mailweir
