// SPDX-License-Identifier: BSD-2-Clause
// [dkim]: where keys are, what signs, and how.
#include "base/text.h"
#include "config/dkim_keys.h"
#include "config/sections.h"
#include "mail/domain.h"
#include "mail/reply.h"
#include "rule/reply_template.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// What needs no care in the names of keys in Redis, nor in a pattern for them.
bool is_redis_prefix(std::string_view text) {
  constexpr std::size_t longest = 100;
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:").find(c) != std::string_view::npos;
  });
}

void read_key_folder(const KeyPlace& place, std::string& folder) {
  constexpr std::string_view directory = "dir:", redis = "redis:";
  const auto text = place.text();
  if (!text) return;
  const std::string_view value = text->value;
  if (value.starts_with(directory) && value.size() > directory.size()) {
    folder = std::string(directory) + place.makings.document.resolve(text->value.substr(directory.size()));
  } else if (value.starts_with(redis) && is_redis_prefix(value.substr(redis.size()))) {
    folder = value;
  } else if (value.starts_with(redis)) {
    place.wrong(
        "must have the prefix of the keys' names in Redis behind \"redis:\": 1 to 100 of the characters a-z A-Z "
        "0-9 - _ . :");
  } else {
    place.wrong(
        "must be \"dir:DIRECTORY\", the directory that has a directory for each domain, with SELECTOR.pem in it, "
        "or \"redis:PREFIX\"");
  }
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

Result<std::string> signing_domain(const std::string& text) {
  if (auto name = to_domain(text); name && text.find_first_of("@*%") == text.npos) return *std::move(name);
  return Error{"is not a valid domain name"};
}

// "from", which is no list, is a short way of writing all three: see read_dkim().
bool is_from_only(const toml::table& table) {
  const auto* text = table.get_as<std::string>("oversign");
  return text != nullptr && equal_folded(text->get(), "from");
}

void read_oversign(const KeyPlace& place, std::vector<std::string>& names) {
  if (!is_from_only(place.section.raw())) return form::texts().read(place, names);
  place.section.node(place.key);
}

// It is filled in at the end of a message, and may not wait for anything there.
Result<FactRef> fact_in_reply(const Registry& registry, std::string_view name) {
  auto fact = registry.fact_in_template(name);
  if (fact && (fact->is_own() || fact->check() || fact->reason || fact->info().lookups != FactLookups::none))
    return Error{"{" + std::string(name) + "} is not possible here, because it may need a lookup"};
  return fact;
}

void read_reply(const KeyPlace& place, WithoutKeyReply& value) {
  const auto text = place.text();
  if (!text) return;
  auto reply = Reply::parse(text->value);
  if (!reply) return place.wrong(reply.error().what);
  auto made =
      parse_template(reply->text, [&](std::string_view name) { return fact_in_reply(place.makings.registry, name); });
  if (!made) return place.wrong(made.error().what);
  for (const auto special :
       {Template::Special::limit, Template::Special::count, Template::Special::retry_after, Template::Special::rule})
    if (made->tells(special)) return place.wrong("{limit}, {count}, {retry_after} and {rule} are not possible here");
  reply->text.clear();
  value = {text->value, *std::move(reply), *std::move(made)};
}
std::string print_reply(const WithoutKeyReply& value) { return value.written.empty() ? "" : as_toml(value.written); }

std::string print_provider(const std::string& domain) { return domain.empty() ? "" : as_toml(domain); }

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
      {"strict", &Policy::strict_keys, form::boolean(), reloads},
      {"without_key", within(&Policy::other_signers, &OtherSigners::without_key),
       form::choice<WithoutKey>({{"continue", WithoutKey::go_on},
                                 {"provider", WithoutKey::provider},
                                 {"defer", WithoutKey::defer},
                                 {"reject", WithoutKey::reject}}),
       reloads},
      {"without_key_reply", &Policy::without_key, {read_reply, print_reply}, reloads},
      {"provider", within(&Policy::other_signers, &OtherSigners::provider),
       form::printed(print_provider, form::parsed(signing_domain)), reloads},
      {"also", within(&Policy::other_signers, &OtherSigners::also), form::list(signing_domain), reloads},
      {"verifier", &Policy::dkim_judge, {read_verifier, print_verifier}, reloads},
      {"canonicalization", &Policy::signing, {read_canonicalization, print_canonicalization}, reloads},
      {"oversign", within(&Policy::signing, &SignPolicy::oversigned), {read_oversign}, reloads},
      {"oversign_if_there", within(&Policy::signing, &SignPolicy::oversigned_if_there), form::texts(), reloads},
      {"sign_if_there", within(&Policy::signing, &SignPolicy::signed_if_there), form::texts(), reloads},
      {"expire",
       within(&Policy::signing, &SignPolicy::good_for),
       {read_expire, print_expire, expire_span().range},
       reloads},
  };
  return keys;
}

}  // namespace

SectionRow dkim_section() { return SectionRow("dkim", dkim_keys(), InPolicy{}).in_each_file(); }

void read_dkim(const toml::table& table, const Makings& makings, Problems& problems, Policy& policy,
               std::vector<PlacedKey>& keys) {
  Section section(table, "dkim", problems);
  read_keys(dkim_keys(), section, makings, policy);
  if (is_from_only(table)) {
    policy.signing.oversign_from_only();
    if (table.contains("oversign_if_there"))
      section.wrong("oversign_if_there", "oversign = \"from\" means that nothing else is oversigned; remove this");
  }
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

void check_dkim(const std::vector<const toml::table*>& tables, const Policy& policy, Problems& problems) {
  const auto place = [&](std::string_view key) {
    for (const auto* table : tables)
      if (const auto* node = table->get(key)) return place_of(*node);
    return place_of(*tables.front());
  };
  const auto& [without_key, provider, also] = policy.other_signers;
  const bool by_provider = without_key == WithoutKey::provider;
  if (by_provider && provider.empty())
    problems.error(place("without_key"), "dkim.provider", "is missing: the domain that signs instead");
  if (!by_provider && !provider.empty())
    problems.warning(place("provider"), "dkim.provider", "is not used; it needs without_key = \"provider\"");
  const auto& reply = policy.without_key;
  const char klass = without_key == WithoutKey::defer ? '4' : without_key == WithoutKey::reject ? '5' : '\0';
  if (!reply.written.empty() && klass == '\0')
    problems.error(place("without_key_reply"), "dkim.without_key_reply", "needs without_key = \"defer\" or \"reject\"");
  else if (!reply.written.empty() && reply.reply.klass() != klass)
    problems.error(place("without_key_reply"), "dkim.without_key_reply",
                   std::string("must be a ") + klass + "xx reply, because without_key is \"" +
                       (klass == '4' ? "defer" : "reject") + '"');
  if (const auto open = policy.signing.open_fields(); !open.empty()) {
    std::string names;
    for (const auto& name : open) names += (names.empty() ? "" : ", ") + name;
    problems.warning(place("oversign"), "dkim.oversign",
                     "leaves " + names +
                         " unsigned: anybody on the way can change it, and the signature stays good; to oversign From "
                         "only and sign the rest once, write oversign = \"from\"");
  }
  // A place may get a key later.
  if (policy.keys.place() != nullptr || policy.keys.none()) return;
  if (by_provider && !provider.empty() && !policy.keys.ring().knows(provider))
    problems.error(place("provider"), "dkim.provider", "no [[dkim.key]] for " + provider);
  for (const auto& domain : also)
    if (!policy.keys.ring().knows(domain)) problems.error(place("also"), "dkim.also", "no [[dkim.key]] for " + domain);
}

}  // namespace mailweir
