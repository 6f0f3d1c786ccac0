// SPDX-License-Identifier: BSD-2-Clause
// Verifier: judges the DKIM signatures of a message while it streams by (RFC 6376, RFC 8463).
//
// A Verifier is thread-safe; a Verification belongs to one message and one thread at a time. Memory is bounded by the
// header that it is given: the body is hashed as it comes, and only `most_signatures` signatures are looked at. Our own
// stands in check/dkim_verify.h; a SignatureJudge does the arithmetic of it by another library.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "mail/auth_result.h"
#include "mail/body_sink.h"
#include "mail/headers.h"
#include "port/lookups.h"
#include "port/signature_judge.h"

namespace mailweir {

// From the top of the header, where the newest stand; RFC 6376 6.1 lets a verifier stop somewhere.
inline constexpr std::size_t most_signatures = 10;

// One signature. Texts are from the message: escape them before they are shown.
struct SignatureResult {
  AuthWord word = AuthWord::none;
  std::string domain, selector, algorithm;  // d=, s=, a=; folded
  std::string start;                        // of b=, 8 octets, to tell signatures of a domain apart (RFC 6008)
  std::string reason;                       // "the body was changed"
};

// The words are those of RFC 8601 2.7.1. That of all: the best one, where temperror is better than a failure.
struct DkimResult {
  AuthWord word = AuthWord::none;
  std::string reason;
  std::vector<SignatureResult> signatures;  // in the header's order
  std::size_t unread = 0;                   // signatures beyond most_signatures

  // The domains whose signature came to a word, each once, as Address::domain() has them.
  std::vector<std::string> domains(AuthWord word) const;
  std::vector<std::string> passed() const { return domains(AuthWord::pass); }
};

// Fills in what holds of all signatures together.
void settle(DkimResult& result);

class Verification : public BodySink {
 public:
  // The key records that finish() will ask: start them early (Lookups::want).
  virtual const std::vector<dns::Question>& keys() const = 0;
  // Once, after the last of the body. Waits for the keys.
  virtual DkimResult finish(Lookups& lookups) = 0;
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  // At the end of the header, which is read here and not kept. `judge`: who hashes and compares; null: we do.
  virtual std::unique_ptr<Verification> begin(const HeaderList& headers, const SignatureJudgePtr& judge) const = 0;
};
using VerifierPtr = std::shared_ptr<const Verifier>;

}  // namespace mailweir
