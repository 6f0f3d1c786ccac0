// SPDX-License-Identifier: BSD-2-Clause
// [dkim] and [[dkim.key]].
#include "base/text.h"
#include "config/sections.h"
#include "mail/domain.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

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

void read_key_file(const KeyPlace& place, SignerPtr& signer) {
  const auto file = place.text();
  if (!file) return;
  const auto made = place.makings.builders.read_key(place.makings.document.resolve(file->value), place.makings.group());
  for (const auto& error : made.errors) place.wrong(error);
  for (const auto& warning : made.warnings)
    place.section.problems().warning(file->place, place.section.full(place.key), warning);
  signer = made.object;
}

void read_key_folder(const KeyPlace& place, std::string& folder) {
  constexpr std::string_view kind = "dir:";
  const auto text = place.text();
  if (!text) return;
  if (!text->value.starts_with(kind) || text->value.size() == kind.size())
    return place.wrong(
        "must be \"dir:DIRECTORY\": the directory that has a directory for each domain, with SELECTOR.pem in it");
  folder = std::string(kind) + place.makings.document.resolve(text->value.substr(kind.size()));
}
std::string print_key_folder(const std::string& folder) { return folder.empty() ? "" : as_toml(folder); }

void read_states(const KeyPlace& place, std::string& file) {
  if (const auto text = place.text()) {
    if (text->value.empty()) return place.wrong("must be the path of a file, which need not be there");
    file = text->value;
  }
}
std::string print_states(const std::string& file) { return file.empty() ? "" : as_toml(file); }

void read_propagation(const KeyPlace& place, bool& looks) {
  if (const auto choice = place.section.choice(place.key, {"check", "off"})) looks = *choice == 0;
}
std::string print_propagation(const bool& looks) { return as_toml(looks ? "check" : "off"); }

// A relative path starts at the directory of the main file, as elsewhere; what has no kind and is no path is a list.
std::string resolved(const Document& document, const std::string& data_set) {
  for (const std::string_view kind : {"file:", "refile:"}) {
    if (!starts_folded(data_set, kind) || data_set.size() == kind.size()) continue;
    return std::string(kind) + document.resolve(data_set.substr(kind.size()));
  }
  return data_set;
}

void read_data_set(const KeyPlace& place, std::string& value) {
  if (const auto text = place.text()) value = resolved(place.makings.document, text->value);
}
std::string print_data_set(const std::string& value) { return value.empty() ? "" : as_toml(value); }

void read_hosts(const KeyPlace& place, NamedHosts& value) {
  const auto text = place.text();
  if (!text) return;
  value.written = resolved(place.makings.document, text->value);
  auto made = place.makings.builders.opendkim_hosts(place.key, value.written);
  for (const auto& error : made.errors) place.wrong(error);
  for (const auto& warning : made.warnings)
    place.section.problems().warning(text->place, place.section.full(place.key), warning);
  value.hosts = std::move(made.object);
}
std::string print_hosts(const NamedHosts& value) { return print_data_set(value.written); }

void read_verifier(const KeyPlace& place, SignatureJudgePtr& judge) {
  const auto choice = place.section.choice(place.key, {"builtin", "libopendkim"});
  if (!choice) return;
  judge = nullptr;
  if (*choice == 0) return;
  auto made = place.makings.builders.libopendkim();
  if (made) judge = std::move(*made);
  else place.wrong(made.error().what);
}
std::string print_verifier(const SignatureJudgePtr& judge) { return as_toml(judge ? "libopendkim" : "builtin"); }

void read_canonicalization(const KeyPlace& place, SignPolicy& signing) {
  const auto choice =
      place.section.choice(place.key, {"relaxed/relaxed", "relaxed/simple", "simple/simple", "simple/relaxed"});
  if (!choice) return;
  signing.header_canon = *choice < 2 ? Canon::relaxed : Canon::simple;
  signing.body_canon = *choice == 0 || *choice == 3 ? Canon::relaxed : Canon::simple;
}
std::string print_canonicalization(const SignPolicy& signing) {
  const auto word = [](Canon canon) { return std::string(canon == Canon::relaxed ? "relaxed" : "simple"); };
  return as_toml(word(signing.header_canon) + '/' + word(signing.body_canon));
}

Form<std::chrono::milliseconds> expire_span() { return form::duration(1h, 24h * 366); }

void read_expire(const KeyPlace& place, std::optional<std::chrono::seconds>& value) {
  std::chrono::milliseconds span{0};
  expire_span().read(place, span);
  if (span.count() > 0) value = std::chrono::duration_cast<std::chrono::seconds>(span);
}
std::string print_expire(const std::optional<std::chrono::seconds>& value) { return value ? as_toml(*value) : ""; }

const Keys<Policy>& dkim_keys() {
  static const Keys<Policy> keys = {
      {"keys", &Policy::key_folder, {read_key_folder, print_key_folder}, reloads},
      {"states", &Policy::key_states, {read_states, print_states}, reloads},
      {"propagation", &Policy::key_propagation, {read_propagation, print_propagation}, reloads},
      {"cache", &Policy::key_cache, form::number(100, 1'000'000), reloads},
      {"key_table",
       within(&Policy::opendkim, &OpendkimTablesPlace::key_table),
       {read_data_set, print_data_set},
       reloads},
      {"signing_table",
       within(&Policy::opendkim, &OpendkimTablesPlace::signing_table),
       {read_data_set, print_data_set},
       reloads},
      {"multiple_signatures", within(&Policy::opendkim, &OpendkimTablesPlace::multiple_signatures), form::boolean(),
       reloads},
      {"internal_hosts", &Policy::internal_hosts_named, {read_hosts, print_hosts}, reloads},
      {"external_ignore", &Policy::external_ignore, {read_hosts, print_hosts}, reloads},
      {"verifier", &Policy::dkim_judge, {read_verifier, print_verifier}, reloads},
      {"canonicalization", &Policy::signing, {read_canonicalization, print_canonicalization}, reloads},
      {"oversign", within(&Policy::signing, &SignPolicy::oversigned), form::texts(), reloads},
      {"oversign_if_there", within(&Policy::signing, &SignPolicy::oversigned_if_there), form::texts(), reloads},
      {"sign_if_there", within(&Policy::signing, &SignPolicy::signed_if_there), form::texts(), reloads},
      {"expire",
       within(&Policy::signing, &SignPolicy::good_for),
       {read_expire, print_expire, expire_span().range},
       reloads},
  };
  return keys;
}

void read_key(Section section, const Makings& makings, std::vector<DkimKey>& keys) {
  DkimKey key;
  read_keys(dkim_key_keys(), section, makings, key);
  section.finish();
  if (!key.domain.empty() && !key.selector.empty() && key.signer) keys.push_back(std::move(key));
}

}  // namespace

const Keys<DkimKey>& dkim_key_keys() {
  static const Keys<DkimKey> keys = {
      {"domain", &DkimKey::domain, form::required("the domain whose mail this key signs", form::parsed(key_domain)),
       reloads},
      {"selector", &DkimKey::selector,
       form::required("the key record is at SELECTOR._domainkey.DOMAIN", form::parsed(key_selector)), reloads},
      {"subdomains", &DkimKey::subdomains, form::boolean(), reloads},
      {"file", &DkimKey::signer, form::required("the private key, in PEM", Form<SignerPtr>{read_key_file}), reloads},
  };
  return keys;
}

SectionRow dkim_section() { return SectionRow("dkim", dkim_keys(), InPolicy{}).in_each_file(); }

void read_dkim(const toml::table& table, const Makings& makings, Problems& problems, Policy& policy,
               std::vector<DkimKey>& keys) {
  Section section(table, "dkim", problems);
  read_keys(dkim_keys(), section, makings, policy);
  if (const auto checked = policy.signing.check(); !checked)
    problems.error(place_of(table), "dkim", checked.error().what);
  if (const auto* node = section.node("key")) {
    const auto* array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables())
      section.wrong(*node, "key", "must be written as [[dkim.key]]");
    else
      for (const auto& element : *array) read_key(Section(*element.as_table(), "dkim.key", problems), makings, keys);
  }
  section.finish();
}

}  // namespace mailweir
