// SPDX-License-Identifier: BSD-2-Clause
// Runs a fuzz target on its seeds and on changes of them; with arguments, on the files named. TAP.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "target.h"

namespace {

void give(const std::string& input) { LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()); }

// One to eight changes: an octet, a piece left out, doubled, or of another seed.
std::string changed(std::string text, const std::vector<std::string>& seeds, std::mt19937& random) {
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : random() % end; };
  for (auto times = 1 + below(8); times > 0; --times) {
    const auto at = below(text.size() + 1), length = below(1 + text.size() - at);
    switch (below(5)) {
      case 0: if (at < text.size()) text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(at, length)); break;
      case 3: text.insert(at, 1, "%{}/:.=-+~? 0123456789abcdefr"[below(29)]); break;
      default: {
        const auto& other = seeds[below(seeds.size())];
        const auto from = below(other.size());
        text.insert(at, other.substr(from, below(other.size() - from + 1)));
      }
    }
    if (text.size() > 70'000) text.resize(70'000);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    give({std::istreambuf_iterator<char>(file), {}});
  }
  if (argc > 1) return EXIT_SUCCESS;
  const auto seeds = mailweir::fuzz::seeds();
  std::mt19937 random(7208);
  constexpr std::size_t changes = 30'000;
  for (const auto& seed : seeds) give(seed);
  for (std::size_t i = 0; i < changes; ++i) give(changed(seeds[i % seeds.size()], seeds, random));
  std::printf("1..1\nok 1 - %zu seeds and %zu changes of them\n", seeds.size(), changes);
  return EXIT_SUCCESS;
}
