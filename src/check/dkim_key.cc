// SPDX-License-Identifier: BSD-2-Clause
#include "check/dkim_key.h"

#include <algorithm>

#include "base/text.h"
#include "mail/tag_list.h"

namespace mailweir {
namespace {

DkimKeyRecord wrong(std::string reason) { return {AuthWord::permerror, std::move(reason), {}, false}; }

// Whether a text means to be a key record, well made or not: other TXT records may stand beside it.
bool is_key_record(std::string_view text) {
  const auto tags = split(text, ';');
  return std::any_of(tags.begin(), tags.end(), [](std::string_view tag) {
    const auto equals = tag.find('=');
    return equals != tag.npos && trimmed(tag.substr(0, equals)) == "p";
  });
}

}  // namespace

DkimKeyRecord read_dkim_key(std::string_view text, const DkimSignature& signature) {
  if (text.size() > longest_key_record) return wrong("the key record is too long");
  const auto tags = TagList::parse(text);
  if (!tags) return wrong("the key record cannot be read: " + tags.error().what);
  if (const auto version = tags->value("v"); version && (*version != "DKIM1" || tags->tags().front().name != "v"))
    return wrong("the key record has an unknown version, or v= is not its first tag");
  if (!equal_folded(tags->value("k").value_or("rsa"), signature.kind == KeyKind::rsa ? "rsa" : "ed25519"))
    return wrong("the key is of another kind than the signature (k=)");
  if (const auto hashes = tags->value("h"); hashes && !names_word(*hashes, "sha256"))
    return wrong("the key is for other hashes (h=)");
  if (const auto services = tags->value("s");
      services && !names_word(*services, "*") && !names_word(*services, "email"))
    return wrong("the key is not for mail (s=)");
  const auto flags = tags->value("t").value_or("");
  if (names_word(flags, "s") && signature.of_subdomain) return wrong("the key is not for identities below its domain");
  const auto key = tags->value("p");
  if (!key) return wrong("the key record has no p=");
  if (key->empty()) return wrong("the key was revoked");
  const auto decoded = base64_of_tag(*key);
  if (!decoded) return wrong("the key is not base64 (p=)");
  return {AuthWord::none, {}, *decoded, names_word(flags, "y")};
}

DkimKeyRecord find_dkim_key(const dns::Answer& answer, const DkimSignature& signature) {
  const auto name = "key " + cleaned(signature.key_name(), true, 253);
  if (answer.status == dns::Answer::Status::temperror)
    return {AuthWord::temperror, name + ": " + cleaned(answer.detail, true, 100), {}, false};
  const dns::Record* found = nullptr;
  for (const auto& record : answer.records) {
    if (!is_key_record(record.text)) continue;
    if (found != nullptr) return wrong(name + " has several records");
    found = &record;
  }
  if (found == nullptr) return wrong(name + (answer.records.empty() ? " does not exist" : " is not a key record"));
  return read_dkim_key(found->text, signature);
}

}  // namespace mailweir
