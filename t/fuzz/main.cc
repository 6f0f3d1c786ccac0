// SPDX-License-Identifier: BSD-2-Clause
// Runs a fuzz target without libFuzzer: on its seeds (t/fuzz/corpus/NAME) and on changes of them, the same ones each
// time. TAP. What it is called with: t/fuzz/README.md. An input that fails is kept in a file and printed.
#ifndef MAILWEIR_LIBFUZZER  // libFuzzer brings its own main
#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include <sys/time.h>
#include <unistd.h>

#include "target.h"

extern "C" void __attribute__((weak)) __sanitizer_set_death_callback(void (*callback)());

namespace {

struct Seed {
  std::string name, text;
};

// What is being read, for the report of a failure.
struct {
  std::string input, what, kept;
} now;

constexpr int most_seconds = 30;  // of CPU for one input: more is a loop

void write_all(int fd, std::string_view text) {
  for (ssize_t done = 1; done > 0 && !text.empty(); text.remove_prefix(static_cast<std::size_t>(done)))
    done = ::write(fd, text.data(), text.size());
}

// Called once, in a process that is about to die.
void report() {
  static bool told = false;
  if (std::exchange(told, true)) return;
  std::ofstream(now.kept, std::ios::binary) << now.input;
  std::string shown;
  for (const char c : now.input.substr(0, 1000)) {
    char escaped[5];
    const bool plain = c >= ' ' && c < 0x7f && c != '\\';
    std::snprintf(escaped, sizeof escaped, plain ? "%c" : "\\x%02x", static_cast<unsigned char>(c));
    shown += escaped;
  }
  if (now.input.size() > 1000) shown += "...";
  const auto bytes = std::to_string(now.input.size());
  write_all(STDOUT_FILENO,
            "1..1\nnot ok 1 - " + now.what + "\n# kept in " + now.kept + ", " + bytes + " bytes: " + shown + '\n');
}

void died(int signal) {
  if (signal == SIGPROF) now.what += ": more than " + std::to_string(most_seconds) + " s of CPU";
  report();
  std::signal(signal == SIGPROF ? SIGABRT : signal, SIG_DFL);
  std::raise(signal == SIGPROF ? SIGABRT : signal);
}

void give(std::string input, std::string what) {
  now.input = std::move(input);
  now.what = std::move(what);
  const itimerval limit{{0, 0}, {most_seconds, 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(now.input.data()), now.input.size());
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Seed> seeds_in(const std::filesystem::path& directory) {
  std::vector<Seed> seeds;
  if (std::filesystem::is_directory(directory))
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      seeds.push_back({entry.path().filename(), contents(entry.path())});
  std::sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) { return a.name < b.name; });
  return seeds;
}

// One to eight changes: an octet, a number's edge, a piece left out, doubled, many times over, or of another seed.
std::string changed(std::string text, const std::vector<Seed>& seeds, std::mt19937& random) {
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : random() % end; };
  for (auto times = 1 + below(8); times > 0; --times) {
    const auto at = below(text.size() + 1);
    const auto length = below(1 + std::min<std::size_t>(text.size() - at, below(2) ? 8 : 4096));
    switch (below(8)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 1:
        if (at < text.size()) text[at] = "\0\x01\x7f\x80\xff\n\r\t"[below(8)];
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(text[at] + (below(2) ? 1 : -1));
        break;
      case 3: text.erase(at, length); break;
      case 4: text.insert(at, text.substr(at, length)); break;
      case 5: text.insert(at, 1, "%{}/:.=-+~? 0123456789abcdefr<>@,;()\"\\[]\n"[below(41)]); break;
      case 6: {
        const auto piece = text.substr(at, std::min<std::size_t>(length, 64));
        for (auto more = below(below(16) == 0 ? 1000 : 8); more > 0; --more) text.insert(at, piece);
        break;
      }
      default: {
        const auto& other = seeds[below(seeds.size())].text;
        const auto from = below(other.size());
        text.insert(at, other.substr(from, below(other.size() - from + 1)));
      }
    }
    if (text.size() > 70'000) text.resize(70'000);
  }
  return text;
}

double cpu() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Whether the work is linear: each seed with a piece of it many times over, at two lengths. By hand only: it looks at
// the CPU's clock.
int grow(const std::vector<Seed>& seeds, std::mt19937& random, std::size_t pieces) {
  constexpr std::size_t shorter = 16 << 10, times = 8;
  constexpr double least_told = 0.004;  // some kernels count the CPU in ticks
  const auto cost = [&](const Seed& seed, std::size_t at, std::size_t length, std::size_t size) {
    std::string text = seed.text.substr(0, at + length);
    while (text.size() < size) text.append(seed.text, at, length);
    text += seed.text.substr(at + length);
    double least = 1e9;
    for (int i = 0; i < 2; ++i) {
      const auto before = cpu();
      give(text, "a piece of " + seed.name + " many times over");
      least = std::min(least, cpu() - before);
    }
    return least;
  };
  double worst = 0, most = 0;
  for (const auto& seed : seeds)
    for (std::size_t i = 0; i < pieces && !seed.text.empty(); ++i) {
      const auto at = random() % seed.text.size();
      const auto length = 1 + random() % std::min<std::size_t>(seed.text.size() - at, i % 2 ? 12 : 300);
      const auto one = std::max(cost(seed, at, length, shorter), least_told);
      const auto many = cost(seed, at, length, shorter * times);
      most = std::max(most, many);
      if (many < 0.02) continue;
      worst = std::max(worst, many / one);
      if (many < 3 * times * one) continue;
      now.what += ": " + std::to_string(one) + " s, and " + std::to_string(many) + " s when it is 8 times as long";
      report();
      return EXIT_FAILURE;
    }
  std::printf("1..1\nok 1 - linear: at 8 times the length at most %.1f times the CPU; at most %.3f s for %zu KB\n",
              worst, most, shorter * times >> 10);
  return EXIT_SUCCESS;
}

int usage(const std::string& name) {
  std::fprintf(stderr, "usage: %s [--seed N] [--changes N | --seconds CPU | --grow PIECES] [FILE...]\n", name.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const auto name = std::filesystem::path(argv[0]).filename().string();
  now.kept = name + ".failed";
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF}) std::signal(signal, died);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(report);

  std::size_t seed_number = 7208, changes = mailweir::fuzz::changes, pieces = 0;
  double seconds = 0;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--seed" && more) seed_number = std::stoul(argv[++i]);
    else if (word == "--changes" && more) changes = std::stoul(argv[++i]);
    else if (word == "--seconds" && more) seconds = std::stod(argv[++i]);
    else if (word == "--grow" && more) pieces = std::stoul(argv[++i]);
    else if (!word.starts_with('-')) files.push_back(word);
    else return usage(name);
  }
  for (const auto& file : files) give(contents(file), file);
  if (!files.empty()) return EXIT_SUCCESS;

  const char* top = std::getenv("srcdir");  // make check sets it
  const auto directory = std::filesystem::path(top ? top : ".") / "t/fuzz/corpus" / name.substr(name.find('_') + 1);
  const auto seeds = seeds_in(directory);
  if (seeds.empty()) {
    std::printf("Bail out! no seeds in %s\n", directory.c_str());
    return 99;
  }
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed_number));
  if (pieces > 0) return grow(seeds, random, pieces);
  for (const auto& seed : seeds) give(seed.text, "seed " + seed.name);
  const auto end = cpu() + seconds;
  std::size_t i = 0;
  for (; seconds > 0 ? cpu() < end : i < changes; ++i) {
    const auto& seed = seeds[i % seeds.size()];
    give(changed(seed.text, seeds, random),
         "change " + std::to_string(i) + " of --seed " + std::to_string(seed_number) + ", from " + seed.name);
  }
  std::printf("1..1\nok 1 - %zu seeds and %zu changes of them, --seed %zu\n", seeds.size(), i, seed_number);
  return EXIT_SUCCESS;
}
#endif
