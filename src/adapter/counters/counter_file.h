// SPDX-License-Identifier: BSD-2-Clause
// The file in which the memory store keeps its ring counters over a restart. Text, one counter a line:
//
//   mailweir-counters 2
//   time STORE WALL                            when it was saved, by the store's time and by the machine's clock, in ms
//   PERIOD =LIMIT =KEY HEAD AGE:COUNT ...      period in seconds; head: the newest slot; age: slots before it, 0 to 30
//   block =LIMIT =KEY =RULE =REASON END         a blocked key, until END (milliseconds since the epoch)
//   value =LIMIT =KEY =VALUE PERIOD TIME         a value of a distinct counter, seen last at TIME; period 0: what a
//                                              first-seen counter remembers
//   s ...                                      any of these: made for strangers (counter_room.h)
//   end COUNTERS CHECKSUM                      the checksum (FNV-1a, 64 bits, hexadecimal) is of all before this line
//
// All other times are the store's, which are never set: it goes on from STORE, by what the machine's clock says has
// passed since WALL. A file of version 1 has no such line and the machine's clock in all its times: it was saved when
// the file was last changed.
//
// Names are written with %XX for blanks, control bytes, '%' and all that is not ASCII.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "adapter/counters/counter_table.h"
#include "adapter/counters/value_table.h"
#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

// When a file was saved, in milliseconds.
struct CounterFileTime {
  std::int64_t store = 0, wall = 0;
};

// Writes beside the file and renames at commit(); a writer that goes away before leaves the old file as it was.
class CounterFileWriter {
 public:
  static Result<CounterFileWriter> open(const std::string& path, const CounterFileTime& time);
  CounterFileWriter(CounterFileWriter&&) = default;
  ~CounterFileWriter();

  void add(const Block& block, std::int64_t end);
  void add(const ValueSetName& name, std::string_view member, std::int64_t at);
  void add(const CounterRecord& record);  // to memory, so that a lock need not be held while the disk works
  Result<void> flush();
  Result<void> commit();  // to the disk, and in place of the old file

 private:
  CounterFileWriter(std::string path, std::string temporary, Fd fd, const CounterFileTime& time);

  std::string path_, temporary_, buffer_;
  Fd fd_;
  std::uint64_t counters_ = 0, checksum_;
};

// Hands out when it was saved, then each counter, block and value as it is read: the caller must forget them all if an
// error follows. A file that does not exist has no counters.
Result<void> read_counter_file(
    const std::string& path, const std::function<void(const CounterFileTime&)>& use_time,
    const std::function<void(const CounterRecord&)>& use,
    const std::function<void(Block&, std::int64_t end)>& use_block,
    const std::function<void(const ValueSetName&, std::string_view member, std::int64_t at)>& use_value);

}  // namespace mailweir
