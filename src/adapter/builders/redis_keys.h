// SPDX-License-Identifier: BSD-2-Clause
// Signing keys in Redis (key_redis.h says how they are called there), shared by all nodes that name the server. A
// domain is asked for when a message of it is to be signed, and again after a second; a key is parsed when it is new or
// has changed. While the server does not answer, known keys go on signing, and domains without a known key are
// KeysFound::unreachable: also those that had none, because they may have one now.
#pragma once

#include <cstddef>
#include <memory>

#include "adapter/builders/key_redis.h"
#include "port/key_store.h"

namespace mailweir {

// `most_domains`: kept in memory, those without a key among them. The clock must outlive it.
KeyStorePtr make_redis_keys(std::shared_ptr<KeyRedis> redis, std::size_t most_domains, const Clock& clock);

}  // namespace mailweir
