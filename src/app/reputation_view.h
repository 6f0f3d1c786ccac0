// SPDX-License-Identifier: BSD-2-Clause
// ReputationView: what the last look of `mailweirctl reputation` found, for the status and the metrics: read from the
// file that it keeps, again when that has changed. Thread-safe. No address and no domain is a label.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_stamp.h"
#include "base/guarded.h"
#include "base/metric.h"
#include "reputation/memory.h"

namespace mailweir {

class ReputationView {
 public:
  // The clock must outlive it.
  ReputationView(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}
  // Null: there was no look yet, or its file cannot be read.
  std::shared_ptr<const Memory> last() const;

 private:
  struct Kept {
    FileStamp stamp;
    bool settled = false;  // a change of the file changes its stamp
    std::shared_ptr<const Memory> memory;
  };
  const std::string path_;
  const Clock& clock_;
  mutable Guarded<Kept> kept_;
};

// Of all lists together, in the status.
std::uint64_t listed_in(const Memory& memory);
std::uint64_t blind_in(const Memory& memory);

inline constexpr Metric<Memory> reputation_metrics[] = {
    {"listed", [](const Memory& of) -> Reading { return listed_in(of); }},
    {"blind", [](const Memory& of) -> Reading { return blind_in(of); }},
    {"wrong", as_gauge("mailweir_reputation_wrong", "Records that the last reputation watch found wrong"),
     [](const Memory& of) -> Reading { return of.wrong(); }},
    {"unknown", as_gauge("mailweir_reputation_unknown", "Records that the last reputation watch could not look up"),
     [](const Memory& of) -> Reading { return of.unknown(); }},
    {as_gauge("mailweir_reputation_time_seconds", "When the last reputation watch ran, in seconds since 1970"),
     [](const Memory& of) -> Reading {
       return std::chrono::duration_cast<std::chrono::seconds>(of.looked.time_since_epoch()).count();
     }},
};
inline constexpr Metric<Memory::List> reputation_list_metrics[] = {
    {as_label("dnsbl"), via<&Memory::List::name>},
    {as_gauge("mailweir_reputation_listed", "Own addresses and domains that a DNSBL lists"),
     via<&Memory::List::listed>},
    {as_gauge("mailweir_reputation_blind", "Whether the last reputation watch could not ask a DNSBL"),
     via<&Memory::List::blind>},
};

}  // namespace mailweir
