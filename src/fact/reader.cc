// SPDX-License-Identifier: BSD-2-Clause
#include "fact/reader.h"

namespace mailweir {
namespace {

const FactSettings& no_settings() {
  static const FactSettings none;
  return none;
}

}  // namespace

FactReader::FactReader(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver)
    : client_(client), transaction_(transaction), door_(door), settings_(&no_settings()), lookups_(resolver) {}

bool FactReader::is_outgoing() const {
  if (!transaction_.sasl_username.empty() || client_.origin == Origin::local) return true;
  if (client_.address && settings_->mynetworks && settings_->mynetworks->find(*client_.address)) return true;
  return settings_->internal_hosts && settings_->internal_hosts->contains(client_.address, client_.name);
}

}  // namespace mailweir
