// SPDX-License-Identifier: BSD-2-Clause
#include "config/dkim_keys.h"

#include <utility>

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

// What is meant in the spelling of other software, or of addresses, is said.
Result<std::string> key_domain(const std::string& text) {
  if (text == "*" || text == "%" || text == ".")
    return Error{
        "must be one domain: a key signs for the domain of its record. Write a [[dkim.key]] for each domain; "
        "of all keys sign = true takes those of the From header's domain"};
  if (const auto at = text.rfind('@'); at != text.npos)
    return Error{"is an address; write its domain: \"" + cleaned(std::string_view(text).substr(at + 1), false, 300) +
                 '"'};
  for (const std::string_view start : {"*.", "."})
    if (text.starts_with(start))
      return Error{"write the domain itself, and subdomains = true: domain = \"" +
                   cleaned(std::string_view(text).substr(start.size()), false, 300) + '"'};
  const auto name = to_domain(text);
  if (name && text.find_first_of("*%") == text.npos) return *name;
  return Error{"is not a valid domain name"};
}

Result<std::string> key_selector(const std::string& text) {
  if (const auto at = folded(text).find("._domainkey"); at != text.npos)
    return Error{"is the first part of the record's name only; write \"" +
                 cleaned(std::string_view(text).substr(0, at), false, 300) + '"'};
  if (const auto name = to_domain(text)) return *name;
  return Error{"is not a valid DNS name; the key record is at SELECTOR._domainkey.DOMAIN"};
}

void read_place(const KeyPlace& place, PlacedKey& key) {
  const auto file = place.text();
  if (!file) return;
  key.path = place.makings.document.resolve(file->value);
  key.file = file->place;
}

// The row of a key that fills in more than one member.
constexpr auto whole = [](auto& key) -> auto& { return key; };

constexpr std::string_view file_key = "dkim.key.file";

}  // namespace

const Keys<PlacedKey>& dkim_key_keys() {
  static const Keys<PlacedKey> keys = {
      {"domain", within(&PlacedKey::key, &DkimKey::domain),
       form::required("the domain whose mail this key signs", form::parsed(key_domain)), reloads},
      {"selector", within(&PlacedKey::key, &DkimKey::selector),
       form::required("the key record is at SELECTOR._domainkey.DOMAIN", form::parsed(key_selector)), reloads},
      {"subdomains", within(&PlacedKey::key, &DkimKey::subdomains), form::boolean(), reloads},
      {"file", whole, form::required("the private key, in PEM", Form<PlacedKey>{read_place}), reloads},
  };
  return keys;
}

void read_key(Section section, const Makings& makings, std::vector<PlacedKey>& keys) {
  PlacedKey placed;
  read_keys(dkim_key_keys(), section, makings, placed);
  section.finish();
  if (!placed.key.domain.empty() && !placed.key.selector.empty() && !placed.path.empty())
    keys.push_back(std::move(placed));
}

std::optional<KeyRing> make_key_ring(std::vector<PlacedKey> placed, const KeyFiles& files, const Builders& builders,
                                     const Place& place, Problems& problems) {
  std::vector<DkimKey> keys;
  std::vector<UnusableKey> unusable;
  const auto errors = problems.error_count();
  for (auto& one : placed) {
    auto made = builders.read_key(one.path, files.user, files.group);
    for (const auto& error : made.errors)
      if (files.strict) problems.error(one.file, file_key, error);
      else problems.unusable_key(one.file, file_key, error);
    for (const auto& warning : made.warnings) problems.warning(one.file, file_key, warning);
    one.key.signer = std::move(made.object);
    if (one.key.signer) keys.push_back(std::move(one.key));
    else if (!made.errors.empty()) unusable.push_back({std::move(one.key), made.errors.front()});
  }
  if (problems.error_count() != errors) return {};
  auto ring = KeyRing::make(std::move(keys), std::move(unusable));
  if (ring) return std::move(*ring);
  problems.error(place, "dkim.key", ring.error().what);
  return {};
}

}  // namespace mailweir
