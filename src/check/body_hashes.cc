// SPDX-License-Identifier: BSD-2-Clause
#include "check/body_hashes.h"

#include "base/base64.h"

namespace mailweir {

BodyHashes::BodyHashes(const Digests& digests, Use use) {
  if (use.simple) simple_ = std::make_unique<Stream>(Canon::simple, digests.sha256());
  if (use.relaxed) relaxed_ = std::make_unique<Stream>(Canon::relaxed, digests.sha256());
}

void BodyHashes::write(std::string_view chunk) {
  size_ += chunk.size();
  if (simple_) simple_->canon.feed(chunk);
  if (relaxed_) relaxed_->canon.feed(chunk);
}

void BodyHashes::finish() {
  const auto end = [](std::unique_ptr<Stream>& stream, std::string& hash) {
    if (!stream) return;
    stream->canon.finish();
    hash = to_base64(stream->digest->finish());
    stream.reset();
  };
  end(simple_, simple_hash_);
  end(relaxed_, relaxed_hash_);
}

}  // namespace mailweir
