// SPDX-License-Identifier: BSD-2-Clause
#include "mail/case_fold.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <unicase.h>
#include <unistr.h>

#include "base/text.h"

namespace mailweir {

std::string case_folded(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return folded(text);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (u8_check(bytes, text.size()) != nullptr) return folded(text);
  std::size_t size = 0;
  const std::unique_ptr<std::uint8_t, decltype(&std::free)> made(
      u8_casefold(bytes, text.size(), nullptr, nullptr, nullptr, &size), &std::free);
  return made == nullptr ? folded(text) : std::string(reinterpret_cast<const char*>(made.get()), size);
}

}  // namespace mailweir
