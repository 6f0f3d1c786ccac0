// SPDX-License-Identifier: BSD-2-Clause
#include "check/published_key.h"

#include <algorithm>

#include "base/text.h"
#include "check/signing_keys.h"
#include "mail/domain.h"
#include "mail/tag_list.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::Type;

constexpr int most_aliases = 4;
constexpr std::size_t most_servers = 16;

// The nearest zone at or above the name; "" if none can be found.
std::string zone_of(const std::string& name, Lookups& lookups, std::string& trouble) {
  for (std::string zone = name; !zone.empty(); zone = std::string(parent_of(zone))) {
    const Answer& answer = lookups.get({zone, Type::NS});
    if (answer.status == Answer::Status::ok) return zone;
    if (answer.status == Answer::Status::temperror) {
      trouble = zone + " NS: " + cleaned(answer.detail, true, 100);
      return {};
    }
  }
  trouble = "the name servers of " + name + " are not in the DNS";
  return {};
}

ServerAnswer found(Published what, std::string detail) { return {{}, {}, what, std::move(detail), false}; }

}  // namespace

std::string_view to_string(Published what) {
  switch (what) {
    case Published::yes: return "published";
    case Published::missing: return "missing";
    case Published::other: return "another key";
    case Published::revoked: return "revoked";
    case Published::unreadable: return "unreadable";
    case Published::no_answer: return "no answer";
  }
  return "?";
}

bool KeyPublication::is_everywhere() const {
  const auto has = [](const ServerAnswer& one) { return one.what == Published::yes; };
  const auto is_silent = [](const ServerAnswer& one) { return one.what == Published::no_answer; };
  return std::ranges::any_of(servers, has) &&
         std::ranges::all_of(servers, [&](const ServerAnswer& one) { return has(one) || is_silent(one); });
}

ServerAnswer compare_with(const DkimKey& key, const Answer& answer) {
  if (answer.status == Answer::Status::temperror) return found(Published::no_answer, cleaned(answer.detail, true, 100));
  if (answer.status != Answer::Status::ok) return found(Published::missing, "");
  if (answer.records.size() > 1)
    return found(Published::unreadable,
                 std::to_string(answer.records.size()) +
                     " TXT records; verifiers take any one of them, leave one (RFC 6376 3.6.2.2)");
  const auto tags = TagList::parse(answer.records.front().text);
  if (!tags) return found(Published::unreadable, tags.error().what);
  if (const auto version = tags->value("v"); version && *version != "DKIM1")
    return found(Published::unreadable, "v= is not DKIM1");
  const auto text = tags->value("p");
  if (!text) return found(Published::unreadable, "p= is missing");
  if (without_blanks(*text).empty()) return found(Published::revoked, "p= is empty (RFC 6376 3.6.1)");
  const std::string_view kind = key.signer->kind() == KeyKind::rsa ? "rsa" : "ed25519";
  if (const auto named = tags->value("k").value_or("rsa"); !equal_folded(named, kind))
    return found(Published::other, "k=" + cleaned(named, true, 40) + ", the key is " + std::string(kind));
  const auto bytes = base64_of_tag(*text), wanted = base64_of_tag(key.signer->public_key());
  if (!bytes) return found(Published::unreadable, "p= is not base64");
  if (bytes != wanted) return found(Published::other, "p= is another key's");
  if (const auto hashes = tags->value("h"); hashes && !names_word(*hashes, "sha256"))
    return found(Published::other, "h= does not allow sha256");
  if (const auto services = tags->value("s");
      services && !names_word(*services, "*") && !names_word(*services, "email"))
    return found(Published::other, "s= does not allow email");
  if (const auto flags = tags->value("t"); flags && names_word(*flags, "y"))
    return {{}, {}, Published::yes, "t=y: verifiers may treat it as a test (RFC 6376 3.6.1)", true};
  return found(Published::yes, "");
}

KeyPublication find_publication(const DkimKey& key, Lookups& lookups, const AskServer& ask) {
  KeyPublication all;
  all.name = name_of(key);
  for (int aliases = 0;; ++aliases) {
    const Answer& alias = lookups.get({all.name, Type::CNAME});
    if (alias.status != Answer::Status::ok || alias.records.empty()) break;
    if (aliases == most_aliases) {
      all.trouble = "more than " + std::to_string(most_aliases) + " aliases follow each other";
      return all;
    }
    all.name = alias.records.front().text;
  }
  all.zone = zone_of(all.name, lookups, all.trouble);
  if (all.zone.empty()) return all;
  std::vector<std::string> names;
  for (const auto& record : lookups.get({all.zone, Type::NS}).records) names.push_back(record.text);
  std::sort(names.begin(), names.end());
  for (const auto& name : names)
    for (const Type type : {Type::A, Type::AAAA}) lookups.want({name, type});
  for (const auto& name : names) {
    bool any = false;
    for (const Type type : {Type::A, Type::AAAA})
      for (const auto& record : lookups.get({name, type}).records) {
        any = true;
        if (all.servers.size() == most_servers) return all;
        const auto answer = ask(record.address, {all.name, Type::TXT});
        ServerAnswer one = answer ? compare_with(key, *answer) : found(Published::no_answer, "cannot be asked");
        one.server = name;
        one.address = record.address;
        all.servers.push_back(std::move(one));
      }
    if (!any && all.servers.size() < most_servers)
      all.servers.push_back({name, {}, Published::no_answer, "the name has no address", false});
  }
  return all;
}

}  // namespace mailweir
