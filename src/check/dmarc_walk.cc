// SPDX-License-Identifier: BSD-2-Clause
#include "check/dmarc_walk.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using Kind = DmarcStep::Kind;

std::size_t labels_of(std::string_view name) {
  return name.empty() ? 0 : static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + 1;
}

// The domain, and the names above it: of one with 8 labels or more, those of 7 and fewer.
std::vector<std::string_view> targets_of(std::string_view domain) {
  std::vector<std::string_view> targets{domain};
  auto name = parent_of(domain);
  while (labels_of(name) >= most_dmarc_steps) name = parent_of(name);
  for (; !name.empty(); name = parent_of(name)) targets.push_back(name);
  return targets;
}

dns::Question question_for(std::string_view domain) { return {"_dmarc." + std::string(domain), dns::Type::TXT}; }

DmarcStep look_at(Lookups& lookups, std::string_view domain) {
  DmarcStep step{.domain = std::string(domain), .text = {}};
  const auto& answer = lookups.get(question_for(domain));
  if (answer.status == dns::Answer::Status::temperror) {
    step.kind = Kind::trouble;
    step.text = cleaned(answer.detail, true, 100);
    return step;
  }
  for (const auto& record : answer.records) {
    if (!is_dmarc_record(record.text)) continue;
    if (step.kind == Kind::record) {
      step.kind = Kind::several;
      step.text.clear();
      return step;
    }
    step.kind = Kind::record;
    step.text = record.text;
  }
  if (step.kind == Kind::record) step.psd = dmarc_psd(step.text);
  return step;
}

bool has_record(const DmarcStep& step, const DmarcGuess& guess) {
  return step.kind == Kind::record || (step.kind == Kind::trouble && step.domain == guess.domain);
}

}  // namespace

DmarcWalk::DmarcWalk(Lookups& lookups, std::string domain) {
  want(lookups, domain);
  for (const auto target : targets_of(domain)) {
    steps_.push_back(look_at(lookups, target));
    if (steps_.back().kind == Kind::record && steps_.back().psd != DmarcPsd::unsaid) break;
  }
}

void DmarcWalk::want(Lookups& lookups, std::string_view domain) {
  for (const auto target : targets_of(domain)) lookups.want(question_for(target));
}

bool DmarcWalk::is_bare() const {
  return std::none_of(steps_.begin(), steps_.end(),
                      [](const DmarcStep& step) { return step.kind == Kind::record || step.kind == Kind::trouble; });
}

// The step whose record determines the organizational domain: the first that says psd=, else the highest. The number of
// steps: none.
std::size_t DmarcWalk::deciding(const DmarcGuess& guess) const {
  std::size_t highest = steps_.size();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (!has_record(steps_[i], guess)) continue;
    highest = i;
    const auto psd = steps_[i].kind == Kind::trouble ? guess.psd : steps_[i].psd;
    if (psd != DmarcPsd::unsaid) break;
  }
  return highest;
}

std::string_view DmarcWalk::organization(const DmarcGuess& guess) const {
  const std::string_view whole = domain();
  const auto at = deciding(guess);
  if (at == steps_.size()) return whole;
  const auto& step = steps_[at];
  const auto psd = step.kind == Kind::trouble ? guess.psd : step.psd;
  if (psd != DmarcPsd::yes || at == 0) return step.domain;
  // One label below the public suffix.
  const auto below = whole.substr(0, whole.size() - step.domain.size() - 1);
  const auto dot = below.rfind('.');
  return dot == below.npos ? whole : whole.substr(dot + 1);
}

const DmarcStep* DmarcWalk::applied(const DmarcGuess& guess) const {
  if (has_record(steps_.front(), guess)) return &steps_.front();
  const auto at = deciding(guess);
  if (at == steps_.size()) return nullptr;
  const auto organization = this->organization(guess);
  for (const auto& step : steps_)
    if (step.domain == organization && has_record(step, guess)) return &step;
  return &steps_[at];
}

void DmarcWalk::add_guesses(std::vector<DmarcGuess>& guesses) const {
  for (const auto& step : steps_) {
    if (step.kind != Kind::trouble) continue;
    if (std::any_of(guesses.begin(), guesses.end(),
                    [&](const DmarcGuess& guess) { return guess.domain == step.domain; }))
      continue;
    for (const auto psd : {DmarcPsd::unsaid, DmarcPsd::yes, DmarcPsd::no}) guesses.push_back({step.domain, psd});
  }
}

}  // namespace mailweir
