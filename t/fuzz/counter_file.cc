// SPDX-License-Identifier: BSD-2-Clause
// The file of saved counters: refused, or read; and what was read is saved and read again as the same. A text without
// the last line gets one that is right, so that it is the lines that are looked at.
#include <cinttypes>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/counters/counter_file.h"
#include "adapter/counters/memory_counters.h"
#include "base/text.h"
#include "target.h"
#include "temp_file.h"

namespace mailweir {
namespace {

using fuzz::must;

const Deadline soon = Deadline::in(std::chrono::hours(24));

std::string finished(std::string_view text) {
  std::uint64_t sum = 0xcbf2'9ce4'8422'2325, lines = 0;
  for (const char c : text) {
    sum = (sum ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
    lines += c == '\n' ? 1 : 0;
  }
  char last[64];
  const std::uint64_t heads = text.starts_with("mailweir-counters 1\n") ? 1 : 2;
  std::snprintf(last, sizeof last, "end %" PRIu64 " %" PRIx64 "\n", lines < heads ? 0 : lines - heads, sum);
  return std::string(text) + last;
}

// All that a store holds, as text.
std::string held(MemoryCounters& store) {
  std::string all;
  const auto rows = store.list({"", "", 100'000}, soon);
  const auto blocks = store.blocks(100'000, soon);
  must(rows && blocks);
  for (const auto& row : *rows)
    all +=
        row.limit + '\0' + row.key + '\0' + std::to_string(row.period.count()) + ' ' + std::to_string(row.count) + '\n';
  for (const auto& block : *blocks)
    all += block.limit + '\0' + block.key + '\0' + block.rule + '\0' + block.reason + ' ' +
           std::to_string(block.left.count()) + '\n';
  return all;
}

void read(const std::string& text) {
  static const fuzz::TempFile file, other;
  file.write(text);
  const ManualClock clock;
  // A file without a time of its own was saved when it was changed.
  const timespec now{std::chrono::floor<std::chrono::seconds>(clock.wall()).time_since_epoch().count(), 0};
  const timespec both[] = {now, now};
  must(::utimensat(AT_FDCWD, file.path().c_str(), both, 0) == 0);
  std::size_t read = 0, blocks = 0;
  const auto result = read_counter_file(
      file.path(), [](const CounterFileTime&) {}, [&](const CounterRecord&) { ++read; },
      [&](Block&, std::int64_t) { ++blocks; }, [&](const ValueSetName&, std::string_view, std::int64_t) { ++read; });
  must(read + blocks <= text.size() / 6);
  if (!result) must(result.error().what.size() < 400 && fuzz::is_printable(result.error().what));

  const auto store = make_memory_counters({200}, clock);
  const auto restored = store->restore(file.path());
  must(static_cast<bool>(restored) == static_cast<bool>(result));
  const auto first = held(*store);
  if (!restored) return must(first.empty());
  must(restored->restored + restored->expired + restored->no_room == read);
  const auto saved = store->save(other.path());
  must(static_cast<bool>(saved));
  const auto again = make_memory_counters({200}, clock);
  const auto second = again->restore(other.path());
  must(second && second->restored <= restored->restored && second->no_room == 0);
  must(held(*again) == first);
}

}  // namespace

const std::size_t fuzz::changes = 10'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  read(text.find("\nend ") == text.npos ? finished(text) : std::string(text));
  return 0;
}
