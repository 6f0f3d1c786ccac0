// SPDX-License-Identifier: BSD-2-Clause
// SignatureJudge: a library that canonicalizes, hashes and compares by itself, behind our own readers: when it is
// asked, check/dkim_verify.h has read the signature and its key record, and found nothing against either.
//
// A SignatureJudge is thread-safe; a SignatureTrial belongs to one message and one thread at a time, and may outlive
// its judge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mail/body_sink.h"
#include "mail/headers.h"
#include "port/signer.h"

namespace mailweir {

// A DKIM-Signature field whose tags could be read.
struct SignatureField {
  std::size_t place = 0;              // in the header
  std::optional<std::uint64_t> made;  // t=
};

class SignatureTrial : public BodySink {
 public:
  // A signature that is to be judged, and its key: of RSA a SubjectPublicKeyInfo, of Ed25519 32 bytes.
  struct Case {
    std::size_t place = 0;  // of its field
    KeyKind kind = KeyKind::rsa;
    std::string key;
  };
  struct Opinion {
    enum class Word { good, bad, body_changed, unreadable } word = Word::unreadable;  // bad: header or key do not fit
    std::string reason;  // of unreadable: what the library lacks, cleaned
  };
  // Once, after the last of the body: an opinion for each case, in their order.
  virtual std::vector<Opinion> finish(const std::vector<Case>& cases) = 0;
};

class SignatureJudge {
 public:
  virtual ~SignatureJudge() = default;
  // At the end of the header, which is read here and not kept. `fields` in the header's order: no other signature is
  // judged.
  virtual std::unique_ptr<SignatureTrial> begin(const HeaderList& headers,
                                                const std::vector<SignatureField>& fields) const = 0;
};
using SignatureJudgePtr = std::shared_ptr<const SignatureJudge>;

}  // namespace mailweir
