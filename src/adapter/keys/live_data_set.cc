// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/live_data_set.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mailweir {
namespace {}  // namespace

bool LiveDataSet::look() {
  if (!place_.is_file() && was_read_) return false;
  if (place_.is_file() && settled_ && trouble_.empty() && file_stamp(place_.text) == stamp_) return false;
  auto loaded = read_data_set(place_);
  if (!loaded) {
    auto why = loaded.error().what;
    if (was_read_) why += "; the table that was read before is still used";
    return std::exchange(trouble_, why) != why;
  }
  const bool settled = !place_.is_file() || (loaded->steady && has_settled(loaded->stamp, clock_.wall()));
  const bool was_in_trouble = !std::exchange(trouble_, {}).empty();
  // It is being written.
  if (was_read_ && !settled && (!loaded->steady || loaded->set.rows().empty())) return was_in_trouble;
  ++reads_;
  fresh_ = std::move(loaded->set);
  stamp_ = loaded->stamp;
  settled_ = settled;
  was_read_ = true;
  return true;
}

std::optional<DataSet> LiveDataSet::take() { return std::exchange(fresh_, std::nullopt); }

}  // namespace mailweir
