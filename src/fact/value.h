// SPDX-License-Identifier: BSD-2-Clause
// FactValue: what a fact says when it is asked. Its texts are views: good until the fact is asked again, or the Client
// or the Transaction changes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/ip.h"
#include "mail/address.h"

namespace mailweir {

struct FactItem {
  std::string_view text;    // text, login, word, domain; number and ip in explain come from to_text
  std::int64_t number = 0;  // number; boolean: 0 or 1
  const IpAddress* ip = nullptr;
  const Address* address = nullptr;  // of a login: where it is written like one
};

struct FactValue {
  enum class State : std::uint8_t {
    absent,
    known,
    temperror,
    outage
  };  // outage: a list that it needs could not be asked
  State state = State::absent;
  bool partial = false;  // known, but not all that was asked answered: what is not among the items may be true
  FactItem one;
  std::span<const FactItem>
      many{};  // header.NAME, from, from_domain, block lists: a condition holds if it holds for any

  // Only of a value that is known, and that lives as long as the items are read.
  std::span<const FactItem> items() const& { return many.empty() ? std::span(&one, 1) : many; }
  std::span<const FactItem> items() const&& = delete;
};

// Values of one item.
FactValue text_value(std::string_view text);  // absent if empty
FactValue number_value(std::int64_t number);
inline FactValue boolean_value(bool truth) { return number_value(truth ? 1 : 0); }
FactValue outage_value();
// A check's word: temperror is a state of its own.
FactValue word_value(std::string_view word);

}  // namespace mailweir
