// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.h"
#include "config/sections.h"
#include "mail/domain.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

// What is meant by a domain in the spelling of other software, or of addresses. Empty: it is none of these.
std::string domain_advice(std::string_view text) {
  if (text == "*" || text == "%" || text == ".")
    return "must be one domain: a key signs for the domain of its record. Write a [[dkim.key]] for each domain; of all "
           "keys "
           "sign = true takes those of the From header's domain";
  if (const auto at = text.rfind('@'); at != text.npos)
    return "is an address; write its domain: \"" + cleaned(text.substr(at + 1), false, 300) + '"';
  for (const std::string_view start : {"*.", "."})
    if (text.starts_with(start))
      return "write the domain itself, and subdomains = true: domain = \"" +
             cleaned(text.substr(start.size()), false, 300) + '"';
  return text.find_first_of("*%") == text.npos ? "" : "is not a valid domain name";
}

// A selector is only the first part of the record's name.
std::string selector_advice(std::string_view selector) {
  const auto at = folded(selector).find("._domainkey");
  return at == std::string::npos ? ""
                                 : "is the first part of the record's name only; write \"" +
                                       cleaned(selector.substr(0, at), false, 300) + '"';
}

void read_key(Section section, const Document& document, const Builders& builders, std::vector<DkimKey>& keys) {
  DkimKey key;
  if (const auto domain = section.text("domain")) {
    if (const auto advice = domain_advice(domain->value); !advice.empty()) section.wrong("domain", advice);
    else if (const auto name = to_domain(domain->value)) key.domain = *name;
    else section.wrong("domain", "is not a valid domain name");
  } else if (section.raw().get("domain") == nullptr) {
    section.wrong("domain", "is missing: the domain whose mail this key signs");
  }
  if (const auto selector = section.text("selector")) {
    if (const auto advice = selector_advice(selector->value); !advice.empty()) section.wrong("selector", advice);
    else if (const auto name = to_domain(selector->value)) key.selector = *name;
    else section.wrong("selector", "is not a valid DNS name; the key record is at SELECTOR._domainkey.DOMAIN");
  } else if (section.raw().get("selector") == nullptr) {
    section.wrong("selector", "is missing: the key record is at SELECTOR._domainkey.DOMAIN");
  }
  if (const auto subdomains = section.boolean("subdomains")) key.subdomains = *subdomains;
  if (const auto file = section.text("file")) {
    const auto made = builders.read_key(document.resolve(file->value));
    for (const auto& error : made.errors) section.problems().error(file->place, section.full("file"), error);
    for (const auto& warning : made.warnings) section.problems().warning(file->place, section.full("file"), warning);
    key.signer = made.object;
  } else if (section.raw().get("file") == nullptr) {
    section.wrong("file", "is missing: the private key, in PEM");
  }
  section.finish();
  if (!key.domain.empty() && !key.selector.empty() && key.signer) keys.push_back(std::move(key));
}

void read_verifier(Section& section, const Builders& builders, Policy& policy) {
  const auto choice = section.choice("verifier", {"builtin", "libopendkim"});
  if (!choice) return;
  policy.dkim_judge = nullptr;
  if (*choice == 0) return;
  auto judge = builders.libopendkim();
  if (judge) policy.dkim_judge = std::move(*judge);
  else section.wrong("verifier", judge.error().what);
}

void read_names(Section& section, std::string_view key, std::vector<std::string>& names) {
  const auto texts = section.texts(key);
  if (!texts) return;
  names.clear();
  for (const auto& text : *texts) names.push_back(text.value);
}

}  // namespace

void read_dkim(const toml::table& table, const Document& document, const Builders& builders, Problems& problems,
               Policy& policy, std::vector<DkimKey>& keys) {
  Section section(table, "dkim", problems);
  read_verifier(section, builders, policy);
  SignPolicy& signing = policy.signing;
  if (const auto choice = section.choice("canonicalization",
                                         {"relaxed/relaxed", "relaxed/simple", "simple/simple", "simple/relaxed"})) {
    signing.header_canon = *choice < 2 ? Canon::relaxed : Canon::simple;
    signing.body_canon = *choice == 0 || *choice == 3 ? Canon::relaxed : Canon::simple;
  }
  read_names(section, "oversign", signing.oversigned);
  read_names(section, "oversign_if_there", signing.oversigned_if_there);
  read_names(section, "sign_if_there", signing.signed_if_there);
  if (const auto span = section.duration("expire", std::chrono::hours(1), std::chrono::hours(24 * 366)))
    signing.good_for = std::chrono::duration_cast<std::chrono::seconds>(*span);
  if (const auto checked = signing.check(); !checked) problems.error(place_of(table), "dkim", checked.error().what);

  if (const auto* node = section.node("key")) {
    const auto* array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      section.wrong(*node, "key", "must be written as [[dkim.key]]");
    } else {
      for (const auto& element : *array)
        read_key(Section(*element.as_table(), "dkim.key", problems), document, builders, keys);
    }
  }
  section.finish();
}

}  // namespace mailweir
