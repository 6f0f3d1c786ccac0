// SPDX-License-Identifier: BSD-2-Clause
#include "check/sign_policy.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "mail/headers.h"

namespace mailweir {

bool is_never_signed(std::string_view name) {
  constexpr std::array<std::string_view, 14> names{"Bcc",
                                                   "Resent-Bcc",
                                                   "Return-Path",
                                                   "Received",
                                                   "Authentication-Results",
                                                   "Delivered-To",
                                                   "X-Original-To",
                                                   "DKIM-Signature",
                                                   "ARC-Seal",
                                                   "ARC-Message-Signature",
                                                   "ARC-Authentication-Results",
                                                   "Received-SPF",
                                                   "Content-Length",
                                                   "Status"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view never) { return equal_folded(never, name); });
}

void SignPolicy::oversign_from_only() {
  std::vector<std::string> once;
  for (const auto* list : {&oversigned, &oversigned_if_there, &signed_if_there})
    for (const auto& name : *list)
      if (!equal_folded(name, "From")) once.push_back(name);
  oversigned = {"From"};
  oversigned_if_there.clear();
  signed_if_there = std::move(once);
}

std::vector<std::string> SignPolicy::open_fields() const {
  std::vector<std::string> open;
  for (const auto* name : {"Subject", "To", "Date"})
    if (!covers(name)) open.emplace_back(name);
  return open;
}

bool SignPolicy::covers(std::string_view name) const {
  if (is_never_signed(name)) return false;
  for (const auto* list : {&oversigned, &oversigned_if_there, &signed_if_there})
    if (std::any_of(list->begin(), list->end(),
                    [&](const std::string& covered) { return equal_folded(covered, name); }))
      return true;
  return false;
}

Result<void> SignPolicy::check() const {
  std::set<std::string> seen;
  for (const auto* list : {&oversigned, &oversigned_if_there, &signed_if_there}) {
    for (const auto& name : *list) {
      const std::string shown = '"' + cleaned(name, false, 100) + '"';
      if (!is_header_name(name)) return Error{shown + " is not the name of a header field"};
      if (name.find(';') != name.npos)
        return Error{shown + " cannot be signed: h= has no way to write ';' (RFC 6376 3.5)"};
      if (is_never_signed(name))
        return Error{shown + " is never signed: it is removed or rewritten on the way (RFC 6376 5.4.1)"};
      if (!seen.insert(folded(name)).second) return Error{shown + " is named twice"};
    }
  }
  if (!seen.contains("from")) return Error{"From must be signed (RFC 6376 5.4)"};
  if (good_for && good_for->count() <= 0)
    return Error{"a signature must be good for some time: the x= tag must be later than t="};
  return {};
}

}  // namespace mailweir
