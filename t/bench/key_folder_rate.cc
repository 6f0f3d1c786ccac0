// SPDX-License-Identifier: BSD-2-Clause
// What keys by place cost a hoster: many domains with an Ed25519 key each in a folder; how long the first use of a
// domain takes, one from memory, one that is looked at again, and how much memory is held; the same with the state of
// each key in a SQLite file.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "adapter/keys/key_file.h"
#include "adapter/keys/key_folder.h"
#include "adapter/keys/make_key.h"
#include "adapter/keys/sqlite_states.h"
#include "check/stated_keys.h"

using namespace mailweir;

namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

std::string domain_of(std::size_t number) { return "customer" + std::to_string(number) + ".example"; }

long resident_kilobytes() {
  std::ifstream status("/proc/self/statm");
  long pages = 0, resident = 0;
  status >> pages >> resident;
  return resident * 4;
}

// One lookup of each of these domains: the median and the slowest of a hundred, in microseconds.
void measure(const char* what, KeySource& keys, std::size_t first, std::size_t count, std::size_t step) {
  const long before = resident_kilobytes();
  std::vector<double> times;
  for (std::size_t i = 0; i < count; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const auto found = keys.find(domain_of(first + i * step), Deadline::in(std::chrono::seconds(10)));
    times.push_back(Microseconds(std::chrono::steady_clock::now() - begun).count());
    if (found.keys.size() != 1) std::exit(EXIT_FAILURE);
  }
  std::sort(times.begin(), times.end());
  std::printf("| %s | %.1f | %.1f | %.1f |\n", what, times[times.size() / 2], times[times.size() * 99 / 100],
              static_cast<double>(resident_kilobytes() - before) / static_cast<double>(count));
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t domains = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  char place[] = "/tmp/mailweir-keys-XXXXXX";
  if (domains < 100 || ::mkdtemp(place) == nullptr) return EXIT_FAILURE;
  const auto pem = make_private_key(KeyKind::ed25519, 0);
  if (!pem) return EXIT_FAILURE;
  // Not write_key_file: its fsync is not what is measured.
  for (std::size_t i = 0; i < domains; ++i) {
    const std::string folder = std::string(place) + '/' + domain_of(i);
    std::filesystem::create_directory(folder);
    std::ofstream(folder + "/s1.pem") << *pem;
    std::filesystem::permissions(folder + "/s1.pem", std::filesystem::perms::owner_read);
  }
  ManualClock clock(std::chrono::system_clock::now() + std::chrono::hours(1));
  const auto begun = std::chrono::steady_clock::now();
  const auto keys = make_key_folder({.path = place, .most_domains = 20'000}, clock);
  std::printf("%zu domains with a key each; made ready in %.1f us\n\n", domains,
              Microseconds(std::chrono::steady_clock::now() - begun).count());
  std::printf("| keys in folders | median, us | 99 of 100, us | KB kept for each |\n|---|--:|--:|--:|\n");
  const std::size_t some = std::min<std::size_t>(10'000, domains);
  measure("a domain's first use", *keys, 0, some, domains / some);
  measure("again, within a second", *keys, 0, some, domains / some);
  clock.advance(std::chrono::seconds(1));
  measure("again, after a second", *keys, 0, some, domains / some);

  const auto states = make_sqlite_states({.path = std::string(place) + "/.states"}, clock);
  std::vector<KeyStateRow> rows;
  const auto key = keys->find(domain_of(0), Deadline::in(std::chrono::seconds(10))).keys.front();
  for (std::size_t i = 0; i < domains; ++i) {
    rows.push_back(new_key_row(*key, KeyState::active, clock.wall()));
    rows.back().domain = domain_of(i);
  }
  if (!states->add(rows, clock.wall())) return EXIT_FAILURE;
  rows.clear();
  clock.advance(std::chrono::seconds(1));
  StatedKeys stated({make_key_folder({.path = place, .most_domains = 20'000}, clock), states}, true, 20'000, clock);
  measure("with states: a domain's first use", stated, 0, some, domains / some);
  measure("again, within a second", stated, 0, some, domains / some);
  clock.advance(std::chrono::seconds(1));
  measure("again, after a second", stated, 0, some, domains / some);
  std::filesystem::remove_all(place);
  return EXIT_SUCCESS;
}
