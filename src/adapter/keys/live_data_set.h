// SPDX-License-Identifier: BSD-2-Clause
// LiveDataSet: a table's file, and whether it has changed. What was read once is not lost when the file goes, or is
// empty for the moment in which it is written anew. One thread at a time; reads() any.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "adapter/keys/data_set.h"
#include "base/clock.h"

namespace mailweir {

class LiveDataSet {
 public:
  // The clock must outlive it.
  LiveDataSet(DataSetPlace place, const Clock& clock) : place_(std::move(place)), clock_(clock) {}

  // Looks at the file, may block. True: there is something to take, or the trouble is another.
  bool look();
  // What was read and not taken yet.
  std::optional<DataSet> take();
  bool was_read() const { return was_read_; }
  // "PATH: why" the file cannot be read now; empty: it can.
  const std::string& trouble() const { return trouble_; }
  std::uint64_t reads() const { return reads_; }

 private:
  const DataSetPlace place_;
  const Clock& clock_;
  std::optional<DataSet> fresh_;
  FileStamp stamp_;
  bool was_read_ = false;
  bool settled_ = false;  // the stamp would change with the content
  std::string trouble_;
  std::atomic<std::uint64_t> reads_{0};
};

}  // namespace mailweir
