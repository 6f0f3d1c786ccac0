// SPDX-License-Identifier: BSD-2-Clause
// BodyHashes: the DKIM body hash (RFC 6376 3.7) of a message whose body streams by, one for each body canonicalisation
// in use, shared by all keys. Owned by one thread at a time; of fixed size whatever the message.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mail/dkim_canon.h"
#include "port/digest.h"

namespace mailweir {

class BodyHashes final : public BodySink {
 public:
  struct Use {
    bool simple = false, relaxed = true;
  };
  // Begin it at the end of the header: the body is not to be had a second time.
  BodyHashes(const Digests& digests, Use use);

  void write(std::string_view chunk) override;
  void finish();  // once, at the end of the message

  // bh=, base64; after finish(). Empty for a canonicalisation that is not in use.
  const std::string& hash(Canon canon) const { return canon == Canon::simple ? simple_hash_ : relaxed_hash_; }
  std::uint64_t size() const { return size_; }  // bytes written

 private:
  struct Stream {
    explicit Stream(Canon kind, DigestPtr made) : digest(std::move(made)), canon(kind, *digest) {}
    DigestPtr digest;
    BodyCanon canon;
  };
  std::unique_ptr<Stream> simple_, relaxed_;
  std::string simple_hash_, relaxed_hash_;
  std::uint64_t size_ = 0;
};

}  // namespace mailweir
