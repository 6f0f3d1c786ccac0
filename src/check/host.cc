// SPDX-License-Identifier: BSD-2-Clause
#include "check/host.h"

#include "base/text.h"
#include "check/public_address.h"

namespace mailweir {

using dns::Answer;
using dns::Type;

std::string shown_name(std::string_view name) { return name.empty() ? "." : cleaned(name, true, 255); }

void want_addresses(Lookups& lookups, const std::string& host) {
  dns::Question question{host, Type::A};
  lookups.want(question);
  question.type = Type::AAAA;
  lookups.want(question);
}

HostAddresses find_addresses(Lookups& lookups, const std::string& host) {
  want_addresses(lookups, host);
  return wanted_addresses(lookups, host);
}

HostAddresses wanted_addresses(Lookups& lookups, const std::string& host) {
  using Status = HostAddresses::Status;
  const auto name = shown_name(host);
  const Answer* trouble = nullptr;
  const IpAddress* other = nullptr;
  bool no_such_name = false;
  dns::Question question{host};
  for (const Type type : {Type::A, Type::AAAA}) {
    question.type = type;
    const auto& answer = lookups.get(question);
    if (answer.status == Answer::Status::ok)
      for (const auto& record : answer.records) {
        if (is_public(record.address)) return {Status::found, name + " has " + record.address.to_string()};
        if (other == nullptr) other = &record.address;
      }
    // NXDOMAIN holds for all types (RFC 8020): the other question's trouble takes nothing from it.
    if (answer.status == Answer::Status::nxdomain) no_such_name = true;
    if (answer.status == Answer::Status::temperror) trouble = &answer;
  }
  if (no_such_name) return {Status::no_such_name, name + " does not exist"};
  if (trouble != nullptr) return {Status::trouble, name + ": " + cleaned(trouble->detail, true, 100)};
  if (other != nullptr) return {Status::not_public, name + " has only " + other->to_string() + ", which is not public"};
  return {Status::none, name + " has no address"};
}

}  // namespace mailweir
