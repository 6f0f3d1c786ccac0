// SPDX-License-Identifier: BSD-2-Clause
#include "check/iprev.h"

#include <algorithm>

#include "base/text.h"
#include "check/host.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::Type;

std::vector<std::string> names_of(const Answer& pointers) {
  std::vector<std::string> names;
  for (const auto& record : pointers.records) {
    if (names.size() == most_reverse_names) break;
    if (std::find(names.begin(), names.end(), record.text) == names.end()) names.push_back(record.text);
  }
  return names;
}

}  // namespace

AuthResult iprev(Lookups& lookups, const IpAddress& address) {
  const auto client = address.to_string();
  const auto& pointers = lookups.get({address.reverse_name(), Type::PTR});
  if (pointers.status == Answer::Status::temperror)
    return {AuthWord::temperror, client + ": reverse name: " + cleaned(pointers.detail, true, 100)};
  const auto names = names_of(pointers);
  if (names.empty()) return {AuthWord::permerror, client + " has no reverse name"};

  const Type type = address.is_v4() ? Type::A : Type::AAAA;
  for (const auto& name : names) lookups.want({name, type});
  std::string mismatch, trouble;
  for (const auto& name : names) {
    const auto shown = shown_name(name);
    const auto& forward = lookups.get({name, type});
    if (forward.status == Answer::Status::temperror && trouble.empty())
      trouble = client + " has the name " + shown + ", whose lookup failed: " + cleaned(forward.detail, true, 100);
    for (const auto& record : forward.records)
      if (record.address == address)
        return {AuthWord::pass, client + " has the name " + shown + ", which has this address"};
    if (!mismatch.empty() || forward.status == Answer::Status::temperror) continue;
    mismatch = client + " has the name " + shown + ", which " +
               (forward.records.empty() ? "has no address" : "has " + forward.records.front().address.to_string());
  }
  if (!trouble.empty()) return {AuthWord::temperror, trouble};
  if (names.size() > 1)
    mismatch += "; the same for all of its " + std::to_string(names.size()) + " names that were looked at";
  return {AuthWord::fail, mismatch};
}

}  // namespace mailweir
