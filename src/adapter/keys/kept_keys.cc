// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/kept_keys.h"

#include <algorithm>
#include <utility>

namespace mailweir {
namespace {

constexpr std::chrono::seconds look_again{1};

KeysFound told(const FoundKeys& found) {
  KeysFound all;
  all.keys = found.keys;
  all.troubles = found.troubles;
  all.unreachable = found.unreachable;
  if (!found.outage.empty()) all.troubles.push_back(found.outage);
  return all;
}

// What is in `texts` and was not in `known` is for the log.
std::size_t add_news(const std::vector<std::string>& texts, const std::vector<std::string>* known,
                     std::vector<std::string>& news) {
  const std::size_t before = news.size();
  for (const auto& text : texts)
    if (known == nullptr || std::find(known->begin(), known->end(), text) == known->end()) news.push_back(text);
  return news.size() - before;
}

}  // namespace

KeysFound KeptKeys::find(const std::string& domain, bool anew, const Look& look) {
  const auto [before, doubted] = kept(domain);
  if (!anew && !doubted && before && clock_.steady() - before->looked < look_again) return told(*before);
  const FoundKeysPtr now = look(before);
  if (!now && before) return told(*before);
  if (!now) return {.keys = {}, .pending = {}, .troubles = {}, .unreachable = true, .news = {}};
  keep(domain, now);
  KeysFound all = told(*now);
  stats_.bad += add_news(now->troubles, before ? &before->troubles : nullptr, all.news);
  add_news(now->warnings, before ? &before->warnings : nullptr, all.news);
  return all;
}

KeptKeys::Kept KeptKeys::kept(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  const Kept* known = places_.find(domain);
  return known == nullptr ? Kept() : *known;
}

void KeptKeys::doubt(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  if (Kept* known = places_.find(domain)) known->doubted = true;
}

void KeptKeys::keep(const std::string& domain, FoundKeysPtr found) {
  const std::lock_guard lock(mutex_);
  if (Kept* known = places_.find(domain)) {
    *known = {std::move(found)};
    return;
  }
  if (places_.add(domain, {std::move(found)})) ++stats_.forgotten;
  stats_.domains = places_.size();
}

}  // namespace mailweir
