// SPDX-License-Identifier: BSD-2-Clause
// Encoded words (RFC 2047 2): "=?utf-8?q?caf=C3=A9?=".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mailweir {

// How long the encoded word is that `text` begins with; 0: none. Longer ones than the RFC's 75 characters are found
// too, up to 300, because there are mailers that write them.
std::size_t encoded_word_length(std::string_view text);

// `text` with the bytes that its encoded words stand for, whatever their character set: for looking for ASCII in them.
// What cannot be decoded stays. Linear.
std::string with_words_decoded(std::string_view text);

}  // namespace mailweir
