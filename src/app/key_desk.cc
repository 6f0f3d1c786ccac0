// SPDX-License-Identifier: BSD-2-Clause
#include "app/key_desk.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "adapter/keys/openssl_signer.h"
#include "check/key_record.h"
#include "check/signing_keys.h"
#include "check/stated_keys.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds for_a_disk{5};

AdminAnswer no(int status, const std::string& why) { return {status, why + '\n'}; }

// What is wrong with the request, whatever is there.
std::optional<AdminAnswer> objection_to(const Policy& policy, const std::string& domain, const std::string& selector) {
  if (!policy.stated_keys) return no(409, "keys have no place: the policy file has no [dkim] keys");
  for (const auto& [what, name] : {std::pair("domain", &domain), std::pair("selector", &selector)}) {
    if (is_plain_name(*name)) continue;
    const auto meant = to_domain(*name);
    return no(400, "the " + std::string(what) + " \"" + cleaned(*name, true, 100) +
                       "\" is not a name of the DNS in lower case, of a-z, 0-9, - and _" +
                       (meant && is_plain_name(*meant) ? "; write " + *meant : ""));
  }
  return {};
}

std::string dumped(const nlohmann::json& answer) {
  return answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

const DkimKeyPtr* find_key(const KeysFound& found, const std::string& selector) {
  const auto key = std::ranges::find(found.keys, selector, [](const DkimKeyPtr& one) { return one->selector; });
  return key == found.keys.end() ? nullptr : &*key;
}

std::string why_unreachable(const KeysFound& found) {
  return found.troubles.empty() ? "the keys cannot be read" : found.troubles.back();
}

}  // namespace

AdminAnswer KeyDesk::put(const std::string& domain, const std::string& selector, const std::string& pem) {
  if (auto objection = objection_to(*policy_, domain, selector)) return *objection;
  if (pem.empty()) return no(400, "the body is empty; send the private key in PEM");
  KeyStore& store = policy_->stated_keys->keys();
  const auto key = portable_key(pem, "the body");
  if (!key) return no(400, key.error().what);
  DkimKey made{domain, selector, key->loaded.signer};
  nlohmann::json answer = {{"key", name_of(made)},
                           {"file", store.where(domain, selector)},
                           {"record", key_record(*made.signer)},
                           {"warnings", key->loaded.warnings}};

  const auto found = store.look(domain, Deadline::in(for_a_disk));
  if (found.unreachable) return no(500, why_unreachable(found));
  if (const auto* other = find_key(found, selector)) {
    if (mark_of(*(*other)->signer) != mark_of(*made.signer))
      return no(409, "another key is " + name_of(made) + " already; choose another selector, or delete it first");
    return {200, dumped(answer)};
  }
  if (found.keys.size() >= KeyStore::most_keys)
    return no(409, domain + " has " + std::to_string(KeyStore::most_keys) + " keys already; delete one first");
  const auto written = store.put({domain, selector, key->pem}, Deadline::in(for_a_disk));
  if (!written) return no(500, written.error().what);
  const KeyStateRow row =
      new_key_row(made, policy_->key_propagation ? KeyState::pending : KeyState::active, clock_.wall());
  KeyStates& states = policy_->stated_keys->states();
  auto noted = states.remove(domain, selector);  // of a key of this name that is gone
  if (noted) noted = states.add({row}, clock_.wall());
  answer["state"] = to_string(row.state);
  if (!noted) answer["warnings"].push_back("its state was not written down: " + noted.error().what);
  Event("dkim-key-put").with("key", name_of(made)).with("state", to_string(row.state)).to(log_, Severity::notice);
  return {201, dumped(answer)};
}

AdminAnswer KeyDesk::remove(const std::string& domain, const std::string& selector, bool force) {
  if (auto objection = objection_to(*policy_, domain, selector)) return *objection;
  const std::string name = name_of({domain, selector, nullptr});
  KeyStates& states = policy_->stated_keys->states();
  KeyStore& store = policy_->stated_keys->keys();
  const auto found = store.look(domain, Deadline::in(for_a_disk));
  if (found.unreachable) return no(500, why_unreachable(found));
  if (find_key(found, selector) != nullptr) {
    const auto known = states.of(domain, Deadline::in(for_a_disk));
    const auto sorted = sort_keys(found.keys, known ? *known : DomainStates{}, policy_->key_propagation, clock_.wall());
    if (const auto why = objection_to_removal(selector, sorted); !why.empty() && !force)
      return no(409, name + ": " + why + "; add ?force=1 to delete it all the same");
  }
  // One that cannot be used goes too.
  const auto removed = store.remove(domain, selector, Deadline::in(for_a_disk));
  if (!removed) return no(500, removed.error().what);
  if (!*removed) return no(404, name + " is not in " + store.name());
  nlohmann::json answer = {{"key", name}, {"deleted", true}, {"warnings", nlohmann::json::array()}};
  if (const auto noted = states.remove(domain, selector); !noted) answer["warnings"].push_back(noted.error().what);
  Event("dkim-key-deleted").with("key", name).to(log_, Severity::notice);
  return {200, dumped(answer)};
}

}  // namespace mailweir
