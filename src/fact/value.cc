// SPDX-License-Identifier: BSD-2-Clause
#include "fact/value.h"

namespace mailweir {

FactValue text_value(std::string_view text) {
  FactValue value;
  if (text.empty()) return value;
  value.state = FactValue::State::known;
  value.one.text = text;
  return value;
}

FactValue number_value(std::int64_t number) {
  FactValue value;
  value.state = FactValue::State::known;
  value.one.number = number;
  return value;
}

FactValue outage_value() {
  FactValue value;
  value.state = FactValue::State::outage;
  return value;
}

FactValue word_value(std::string_view word) {
  FactValue value;
  value.state = word == "temperror" ? FactValue::State::temperror : FactValue::State::known;
  value.one.text = word;
  return value;
}

}  // namespace mailweir
