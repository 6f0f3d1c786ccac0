// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/waiting_deeds.h"

#include <utility>

#include "port/window_state.h"

namespace mailweir {

void WaitingDeeds::erase(All& all, const std::string& name) {
  const auto found = all.numbers.find(name);
  if (found == all.numbers.end()) return;
  all.deeds.erase(found->second);
  all.numbers.erase(found);
}

bool WaitingDeeds::add(Deed deed) {
  return all_.with([&](All& all) {
    const std::string name = name_of(deed);
    erase(all, name);
    const bool room = all.deeds.size() < most_;
    if (room) {
      deed.number = ++all.last;
      all.numbers[name] = deed.number;
      all.deeds.emplace(deed.number, std::move(deed));
    }
    note_size(all);
    return room;
  });
}

bool WaitingDeeds::reset(std::string_view limit, std::string_view key) {
  all_.with([&](All& all) {
    for (Refund& refund : all.refunds) {
      std::size_t at = 0;
      for (const Charge& charge : refund.charges)
        for (std::size_t i = 0; i < charge.windows.size(); ++i, ++at)
          if (charge.limit == limit && charge.key == key && at < refund.receipt.slots.size())
            refund.receipt.slots[at] = not_counted;
    }
  });
  return add({What::reset, named(limit, key), false, 0, 0});
}

bool WaitingDeeds::give_back(std::vector<Charge> charges, Receipt receipt) {
  return all_.with([&](All& all) {
    if (all.refunds.size() >= most_) return false;
    all.refunds.push_back({std::move(charges), std::move(receipt)});
    note_size(all);
    return true;
  });
}

void WaitingDeeds::forget_block(std::string_view limit, std::string_view key) {
  all_.with([&](All& all) {
    erase(all, name_of({What::block, named(limit, key), false, 0, 0}));
    note_size(all);
  });
}

std::optional<WaitingDeeds::Deed> WaitingDeeds::next(std::int64_t now) {
  return all_.with([&](All& all) -> std::optional<Deed> {
    while (!all.deeds.empty()) {
      Deed first = all.deeds.begin()->second;
      if (first.what != What::block || first.end > now) {
        if (first.what == What::block) first.block.left = std::chrono::milliseconds(first.end - now);
        return first;
      }
      erase(all, name_of(first));
      note_size(all);
    }
    return std::nullopt;
  });
}

void WaitingDeeds::done(const Deed& deed) {
  all_.with([&](All& all) {
    const auto found = all.numbers.find(name_of(deed));
    if (found == all.numbers.end() || found->second != deed.number) return;
    all.deeds.erase(found->second);
    all.numbers.erase(found);
    note_size(all);
  });
}

std::optional<WaitingDeeds::Refund> WaitingDeeds::next_refund() {
  return all_.with([&](All& all) -> std::optional<Refund> {
    if (all.refunds.empty()) return std::nullopt;
    Refund first = std::move(all.refunds.front());
    all.refunds.pop_front();
    note_size(all);
    return first;
  });
}

void WaitingDeeds::put_back(Refund refund) {
  all_.with([&](All& all) {
    all.refunds.push_front(std::move(refund));
    note_size(all);
  });
}

}  // namespace mailweir
