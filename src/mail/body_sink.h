// SPDX-License-Identifier: BSD-2-Clause
// BodySink: something a message's bytes are streamed into, in chunks of any size. Used by one thread at a time.
#pragma once

#include <string_view>

namespace mailweir {

class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void write(std::string_view bytes) = 0;
};

}  // namespace mailweir
