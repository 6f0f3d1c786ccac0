// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/memory.h"

#include <algorithm>
#include <set>

namespace mailweir {
namespace {

constexpr std::chrono::hours timer_slack{1};

bool is_fault(Standing standing) { return standing == Standing::listed || standing == Standing::wrong; }

Change::What beginning_of(const Finding& finding) {
  switch (finding.standing) {
    case Standing::listed: return Change::What::listed;
    case Standing::blind: return Change::What::blind;
    default: return Change::What::wrong;
  }
}
Change::What end_of(const Finding& finding) {
  switch (finding.standing) {
    case Standing::listed: return Change::What::delisted;
    case Standing::blind: return Change::What::visible;
    default: return Change::What::mended;
  }
}

Memory::Key key_of(const Finding& finding) { return {finding, finding.standing == Standing::blind}; }

// Whether the fault lasts, by what was found now. Nothing found about it: as it was.
void settle(Fault& fault, const Finding& finding, bool lasts, WallTime now, Changes& changes) {
  if (fault.lasts == lasts) {
    if (lasts) fault.finding = finding;
    return;
  }
  fault.lasts = lasts;
  if (lasts) {
    // One that ended before that was told has never ended for the receivers.
    if (!fault.told) fault.since = now;
    fault.finding = finding;
  }
  changes.fresh.push_back({lasts ? beginning_of(fault.finding) : end_of(fault.finding), fault.finding, fault.since});
}

}  // namespace

std::string in_words(const Change& change) {
  const auto& finding = change.finding;
  const std::string what = std::string(to_string(change.what)) + ": ";
  switch (change.what) {
    case Change::What::delisted: return what + finding.subject + " is not listed in " + finding.of + " any more";
    case Change::What::mended: return what + finding.subject + ": " + finding.title() + " is good again";
    case Change::What::visible:
      return what +
             (finding.of.empty() && finding.check == "dnsbl" ? "DNSBL " + finding.subject
                                                             : finding.subject + ": " + finding.title()) +
             " can be asked again";
    default: return what + in_words(finding);
  }
}

std::uint64_t Memory::wrong() const {
  return static_cast<std::uint64_t>(std::count_if(faults.begin(), faults.end(), [](const auto& one) {
    return one.second.lasts && one.second.finding.standing == Standing::wrong;
  }));
}

std::uint64_t Memory::unknown() const {
  return static_cast<std::uint64_t>(std::count_if(faults.begin(), faults.end(), [](const auto& one) {
    return one.second.lasts && one.first.second && one.first.first.check != "dnsbl";
  }));
}

Changes remember(Memory& memory, const std::vector<Finding>& findings, const std::vector<std::string>& lists,
                 WallTime now, std::chrono::milliseconds remind) {
  Changes changes;
  std::set<Matter> watched;
  for (const auto& finding : findings) {
    const Matter& matter = finding;
    watched.insert(matter);
    if (finding.standing == Standing::kept) continue;
    const bool blind = finding.standing == Standing::blind;
    if (const auto before = memory.faults.find({matter, true}); blind || before != memory.faults.end())
      settle(memory.faults[{matter, true}], finding, blind, now, changes);
    if (blind) continue;
    const bool wrong = is_fault(finding.standing);
    if (const auto before = memory.faults.find({matter, false}); wrong || before != memory.faults.end())
      settle(memory.faults[{matter, false}], finding, wrong, now, changes);
  }
  std::erase_if(memory.faults, [&](const auto& one) {
    return !watched.contains(one.first.first) || (!one.second.lasts && !one.second.told);
  });

  memory.looked = now;
  memory.lists.clear();
  for (const auto& name : lists) memory.lists.push_back({name});
  for (const auto& [key, fault] : memory.faults) {
    for (auto& list : memory.lists)
      if (fault.lasts && key.first.check == "dnsbl") {
        list.listed += !key.second && key.first.of == list.name;
        list.blind = list.blind || (key.second && (key.first.of == list.name || key.first.subject == list.name));
      }
    if (fault.lasts && !fault.told) changes.untold.push_back({beginning_of(fault.finding), fault.finding, fault.since});
    else if (!fault.lasts && fault.told) changes.untold.push_back({end_of(fault.finding), fault.finding, fault.since});
    else if (fault.lasts &&
             now - fault.told_at >= remind - std::min<std::chrono::milliseconds>(timer_slack, remind / 2))
      changes.untold.push_back({Change::What::still, fault.finding, fault.since});
  }
  return changes;
}

void note_told(Memory& memory, const std::vector<Change>& told, WallTime now) {
  for (const auto& change : told) {
    const auto found = memory.faults.find(key_of(change.finding));
    if (found == memory.faults.end()) continue;
    found->second.told = found->second.lasts;
    found->second.told_at = now;
    if (!found->second.lasts) memory.faults.erase(found);
  }
}

}  // namespace mailweir
