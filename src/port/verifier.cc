// SPDX-License-Identifier: BSD-2-Clause
#include "port/verifier.h"

#include <algorithm>
#include <array>

#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::string_view field = "DKIM-Signature";

}  // namespace

std::vector<std::string> DkimResult::domains(AuthWord word) const {
  std::vector<std::string> found;
  for (const auto& signature : signatures) {
    if (signature.word != word) continue;
    auto domain = to_domain(signature.domain);
    if (domain && std::find(found.begin(), found.end(), *domain) == found.end()) found.push_back(std::move(*domain));
  }
  return found;
}

void settle(DkimResult& result) {
  constexpr std::array best_first{AuthWord::pass,   AuthWord::temperror, AuthWord::fail,
                                  AuthWord::policy, AuthWord::permerror, AuthWord::neutral};
  result.word = AuthWord::none;
  result.reason = "no " + std::string(field);
  for (const AuthWord word : best_first) {
    const auto found = std::find_if(result.signatures.begin(), result.signatures.end(),
                                    [&](const SignatureResult& signature) { return signature.word == word; });
    if (found == result.signatures.end()) continue;
    result.word = word;
    result.reason = found->domain.empty() ? found->reason : found->domain + ": " + found->reason;
    break;
  }
  if (result.unread > 0) result.reason += "; " + std::to_string(result.unread) + " more signatures were ignored";
}

}  // namespace mailweir
