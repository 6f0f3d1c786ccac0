// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/follow/journal_source.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <systemd/sd-journal.h>

#include "adapter/follow/position.h"
#include "base/handle.h"

namespace mailweir {
namespace {

class JournalSource final : public LogSource {
 public:
  JournalSource(std::string position, std::string directory)
      : position_(std::move(position)), directory_(std::move(directory)) {}

  Result<bool> read(const Take& take) override {
    if (!journal_)
      if (auto begun = begin(); !begun) return begun.error();
    if (const int status = sd_journal_process(journal_.get()); status < 0) return trouble("cannot read it", status);
    for (std::size_t all = 0; all < most_at_once;) {
      const int more = sd_journal_next(journal_.get());
      if (more < 0) return trouble("cannot read it", more);
      if (more == 0) return false;
      moved_ = true;
      const std::string program = field("SYSLOG_IDENTIFIER"), unit = field("_SYSTEMD_UNIT"), text = field("MESSAGE");
      all += program.size() + text.size() + 100;
      ++stats_.lines;
      if (text.size() > longest_line) ++stats_.too_long;
      // A session's or a web site's unit is not the mail server's.
      else if (unit.starts_with("postfix") || unit.starts_with("sendmail")) take(program, text);
    }
    return true;
  }

  Result<void> save() override {
    if (!journal_ || !std::exchange(moved_, false)) return {};
    char* cursor = nullptr;
    if (const int status = sd_journal_get_cursor(journal_.get(), &cursor); status < 0)
      return trouble("its cursor is not known", status);
    const CPtr<char, std::free> owned(cursor);
    return write_position(position_, cursor);
  }

  std::string missed() override { return std::exchange(missed_, {}); }

 private:
  static Error trouble(const char* what, int status) {
    return Error{std::string("journal: ") + what + ": " + std::strerror(-status), true};
  }

  Result<void> begin() {
    const auto cursor = read_position(position_);
    if (!cursor) return cursor.error();
    sd_journal* made = nullptr;
    const int status = directory_.empty() ? sd_journal_open(&made, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM)
                                          : sd_journal_open_directory(&made, directory_.c_str(), 0);
    if (status < 0) return trouble("cannot open it", status);
    journal_.reset(made);
    // LOG_MAIL; the data of a match is compared as bytes.
    if (const int matched = sd_journal_add_match(made, "SYSLOG_FACILITY=2", 0); matched < 0)
      return trouble("cannot search it", matched);
    sd_journal_get_fd(made);  // from now on it is told of new files
    if (!cursor->empty() && sd_journal_seek_cursor(made, cursor->c_str()) >= 0 && sd_journal_next(made) > 0) {
      // Without an entry of that cursor it stands at the nearest, which has not been read.
      if (sd_journal_test_cursor(made, cursor->c_str()) > 0) return {};
      sd_journal_previous(made);
      ++stats_.lost;
      missed_ = "the entry that was read last is gone: later ones may be missing";
      return {};
    }
    sd_journal_seek_tail(made);
    sd_journal_previous(made);
    moved_ = true;
    return {};
  }

  std::string field(const char* name) const {
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal_.get(), name, &data, &size) < 0) return {};
    const std::string_view text(static_cast<const char*>(data), size);
    const auto equals = text.find('=');
    return equals == text.npos ? std::string() : std::string(text.substr(equals + 1, longest_line + 1));
  }

  const std::string position_, directory_;
  CPtr<sd_journal, sd_journal_close> journal_;
  std::string missed_;
  bool moved_ = false;
};

}  // namespace

std::unique_ptr<LogSource> make_journal_source(std::string position, std::string directory) {
  return std::make_unique<JournalSource>(std::move(position), std::move(directory));
}

}  // namespace mailweir
