// SPDX-License-Identifier: BSD-2-Clause
// Digest: a hash of bytes that come as a stream. Digests makes them.
#pragma once

#include <memory>
#include <string>

#include "mail/body_sink.h"

namespace mailweir {

// Used by one thread at a time.
class Digest : public BodySink {
 public:
  // The hash of all that was written, as raw bytes. Once; nothing may be written after it.
  virtual std::string finish() = 0;
};
using DigestPtr = std::unique_ptr<Digest>;

// Thread-safe.
class Digests {
 public:
  virtual ~Digests() = default;
  virtual DigestPtr sha256() const = 0;  // FIPS 180-4; 32 bytes
};
using DigestsPtr = std::shared_ptr<const Digests>;

}  // namespace mailweir
