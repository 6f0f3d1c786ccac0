// SPDX-License-Identifier: BSD-2-Clause
// A fuzz target is a file that defines both of these. With t/fuzz/main.cc it is a test of its own: the seeds, and many
// changes of them, always the same ones; the sanitizer build makes it a real one. With libFuzzer, for as long as you like:
//   clang++ -std=c++20 -Isrc -It/fuzz -g -fsanitize=fuzzer,address,undefined -o fuzz_spf_record t/fuzz/spf_record.cc
//     src/check/spf_macro.cc src/check/spf_record.cc src/base/{ip,text}.cc          (all on one line)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mailweir::fuzz {
std::vector<std::string> seeds();
}
