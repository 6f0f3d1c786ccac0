// SPDX-License-Identifier: BSD-2-Clause
// Facts: the country that the client's address is used in.
#include "fact/facts.h"

namespace mailweir {

// A database that was replaced may say something else to the next one who asks.
FactValue Facts::client_country() {
  FactValue value;
  if (!client_.address || settings_ == nullptr || !settings_->countries) return value;
  client_country_ = settings_->countries->country(*client_.address);
  if (client_country_.empty()) return value;
  value.state = FactValue::State::known;
  value.one.text = client_country_;
  return value;
}

}  // namespace mailweir
