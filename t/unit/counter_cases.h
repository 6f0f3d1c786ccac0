// SPDX-License-Identifier: BSD-2-Clause
// What every counter store must do, said once: the memory store's tests and the live Redis tests both run these.
// Each makes the stores it needs, empty and on the clock it is given.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "port/counter_store.h"

namespace mailweir {

using MakeStore = std::function<std::unique_ptr<CounterStore>(const Clock&)>;

// A charge of a ring counter as tests write it; period in seconds.
Charge ring_charge(std::string limit, std::string key, std::vector<Window> windows, std::uint64_t amount = 1);
Charge lease_charge(std::string limit, std::string key, std::uint64_t max, std::string member);
Charge distinct_charge(std::string limit, std::string key, std::vector<Window> windows, std::string value);
Charge first_charge(std::string limit, std::string key, std::vector<Window> windows, std::string who);
// Far enough for a slow machine.
Deadline soon();

void check_counter_table(const MakeStore& make);
// Tens of thousands of random charges against an exact sliding window: never over its max in any period, and every
// refusal justified by what was counted within 31/30 of the period.
void check_exact_model(const MakeStore& make, unsigned rounds);
// Random calls, give-backs and renewals on a clock that goes to and fro: two stores must answer alike each time.
void check_same_answers(const MakeStore& make_one, const MakeStore& make_other, unsigned rounds);
void check_threads(const MakeStore& make);
void check_lists(const MakeStore& make);
void check_bad_charges(const MakeStore& make);
void check_blocks(const MakeStore& make);  // counter_blocks.cc
void check_values(const MakeStore& make);  // counter_values.cc: lists, reset, bounds

}  // namespace mailweir
