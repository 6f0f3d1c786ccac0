// SPDX-License-Identifier: BSD-2-Clause
#include "base/log.h"

#include <unistd.h>

#include "base/text.h"

namespace mailweir {
namespace {

class StderrLog final : public Log {
 public:
  void write(Severity, std::string_view line) override {
    std::string whole(line);
    whole += '\n';
    // One write, so that lines of several threads do not mix; a closed stderr loses nothing that is wanted.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
  }
};

}  // namespace

Event::Event(std::string_view name) { append_field(line_, "event", name); }

Event& Event::with(std::string_view key, std::string_view value) {
  append_field(line_, key, value);
  return *this;
}

Event& Event::with(std::string_view key, std::int64_t value) { return with(key, std::to_string(value)); }

std::unique_ptr<Log> make_stderr_log() { return std::make_unique<StderrLog>(); }

}  // namespace mailweir
