// SPDX-License-Identifier: BSD-2-Clause
// MessageTools: what messages are verified with. Both outlive every message. Without them dkim and dmarc are absent.
#pragma once

#include "port/dmarc_tools.h"
#include "port/verifier.h"

namespace mailweir {

struct MessageTools {
  const Verifier* verifier = nullptr;
  const DmarcTools* dmarc = nullptr;
  bool complete() const { return verifier != nullptr && dmarc != nullptr; }
};

}  // namespace mailweir
