// SPDX-License-Identifier: BSD-2-Clause
#include "fact/dnsbl_facts.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::size_t longest_reason = 400;
constexpr std::size_t most_texts = 2;

// Zones of the subject's kind, or those of them that are named.
template <typename Use>
void each_zone(const std::vector<Dnsbl>& lists, DnsblSubject subject, const std::vector<std::uint16_t>& zones,
               Use use) {
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i].kind != dnsbl_kind(subject)) continue;
    if (zones.empty() || std::find(zones.begin(), zones.end(), i) != zones.end()) use(i);
  }
}

// Each thing to ask a zone about: what it is, and its name there.
template <typename Use>
void each_name(const Dnsbl& list, const DnsblInput& input, Use use) {
  if (list.kind == DnsblKind::address) {
    if (input.address) use(input.address->to_string(), dnsbl_name(*input.address, list.zone));
    return;
  }
  for (const auto& domain : input.domains) use(domain, dnsbl_name(domain, list.zone));
}

bool serves(const Dnsbl& list, const DnsblInput& input) {
  return list.state->serves(list.kind, input.address && input.address->is_v4());
}

}  // namespace

void DnsblFacts::start(const std::vector<Dnsbl>& lists, DnsblSubject subject, const std::vector<std::uint16_t>& zones,
                       const DnsblInput& input, Lookups& lookups) {
  each_zone(lists, subject, zones, [&](std::size_t zone) {
    if (!serves(lists[zone], input)) return;
    each_name(lists[zone], input, [&](const std::string&, const std::string& name) {
      if (!name.empty()) lookups.want({name, dns::Type::A});
    });
  });
}

const DnsblFacts::Found& DnsblFacts::ask(const std::vector<Dnsbl>& lists, DnsblSubject subject, std::size_t zone,
                                         const std::string& what, const std::string& name, bool served,
                                         Lookups& lookups) {
  for (const Found& found : found_)
    if (found.subject == subject && found.zone == zone && found.name == name && found.what == what) return found;
  const Dnsbl& list = lists[zone];
  DnsblState& state = *list.state;
  Found found{subject, zone, what, name, {}};
  if (name.empty()) {
    found.answer.word = DnsblWord::not_listed;  // too long to be a name there: it cannot be listed
  } else if (!served) {
    const auto phase = state.told.with([](const DnsblState::Told& told) { return told.phase; });
    // A family that the zone has proved not to know (a list of IPv4 only) has no entries.
    found.answer = {phase == DnsblPhase::on ? DnsblWord::not_listed : DnsblWord::error, std::string(to_string(phase)),
                    false};
    if (phase != DnsblPhase::on) add_reason(subject, list.name + " is not asked (" + found.answer.detail + ')');
  } else {
    ++state.asked;
    found.answer = read_dnsbl_answer(lookups.get({name, dns::Type::A}), list);
    switch (found.answer.word) {
      case DnsblWord::listed:
        ++state.listed;
        ++state.listed_in_a_row;
        add_reason(subject, what + " is listed in " + list.name + " (" + found.answer.detail + ')');
        break;
      case DnsblWord::not_listed: state.listed_in_a_row = 0; break;
      case DnsblWord::error:
        state.note_error(name + ": " + found.answer.detail);
        add_reason(subject, list.name + ": " + found.answer.detail);
        break;
    }
  }
  found_.push_back(std::move(found));
  return found_.back();
}

void DnsblFacts::add_reason(DnsblSubject subject, const std::string& text) {
  auto& reason = reasons_[static_cast<std::size_t>(subject)];
  if (reason.size() + text.size() > longest_reason) return;
  reason += (reason.empty() ? "" : "; ") + text;
}

FactValue DnsblFacts::listings(const std::vector<Dnsbl>& lists, DnsblSubject subject,
                               const std::vector<std::uint16_t>& zones, const DnsblInput& input, Lookups& lookups) {
  FactValue value;
  if (input.empty()) return value;
  start(lists, subject, zones, input, lookups);  // all at once, then waited for one by one
  value.state = FactValue::State::known;
  items_.clear();
  each_zone(lists, subject, zones, [&](std::size_t zone) {
    const bool served = serves(lists[zone], input);
    bool listed = false;
    each_name(lists[zone], input, [&](const std::string& what, const std::string& name) {
      const Found& found = ask(lists, subject, zone, what, name, served, lookups);
      listed = listed || found.answer.word == DnsblWord::listed;
      value.partial = value.partial || found.answer.word == DnsblWord::error;
    });
    if (listed) items_.push_back({lists[zone].name});
  });
  value.one.text = "none";
  value.many = items_;
  return value;
}

FactValue DnsblFacts::score(const std::vector<Dnsbl>& lists, DnsblSubject subject, const DnsblInput& input,
                            Lookups& lookups) {
  FactValue value = listings(lists, subject, {}, input, lookups);
  if (value.state != FactValue::State::known) return value;
  std::int64_t sum = 0;
  for (const FactItem& item : items_)
    for (const Dnsbl& list : lists)
      if (list.name == item.text) sum += list.weight;
  value = FactValue();
  value.state = FactValue::State::known;
  value.one.number = sum;
  return value;
}

std::string DnsblFacts::text(const std::vector<Dnsbl>& lists, DnsblSubject subject, Lookups& lookups) const {
  for (const Found& found : found_)
    if (found.subject == subject && found.answer.word == DnsblWord::listed) lookups.want({found.name, dns::Type::TXT});
  std::string all;
  std::size_t count = 0;
  for (const Found& found : found_) {
    if (found.subject != subject || found.answer.word != DnsblWord::listed) continue;
    if (++count > most_texts) break;
    std::string one = dnsbl_text(lookups, found.name);
    if (one.empty()) one = found.what + " is listed in " + lists[found.zone].zone;
    all += (all.empty() ? "" : "; ") + one;
  }
  return all;
}

void DnsblFacts::forget(DnsblSubject subject) {
  std::erase_if(found_, [&](const Found& found) { return found.subject == subject; });
  reasons_[static_cast<std::size_t>(subject)].clear();
}

void DnsblFacts::forget_all() {
  found_.clear();
  for (auto& reason : reasons_) reason.clear();
}

}  // namespace mailweir
