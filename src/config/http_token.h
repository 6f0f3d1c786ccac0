// SPDX-License-Identifier: BSD-2-Clause
// What a token of the http door may look like, in [http] token and in the file that token_file names.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// "" for a good one, else what it must be. It travels in a header line of HTTP.
std::string wrong_http_token(std::string_view token);

}  // namespace mailweir
