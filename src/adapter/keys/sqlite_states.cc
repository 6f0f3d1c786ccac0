// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/sqlite_states.h"

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <variant>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/handle.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

constexpr int patience_ms = 1000;  // for another process that writes
constexpr seconds open_again{5};   // after an error

constexpr const char* schema = R"(
PRAGMA user_version = 1;
CREATE TABLE IF NOT EXISTS begun (id INTEGER PRIMARY KEY CHECK (id = 0), at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
  domain TEXT NOT NULL, selector TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL,
  next INTEGER NOT NULL, looks INTEGER NOT NULL, note TEXT NOT NULL, successor TEXT NOT NULL, overlap INTEGER NOT NULL,
  PRIMARY KEY (domain, selector)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due ON keys (looks, next) WHERE state <> 'active';
)";
constexpr const char* columns = "domain, selector, key, state, since, next, looks, note, successor, overlap";

using Value = std::variant<std::string, std::int64_t>;

std::int64_t number_of(WallTime time) { return std::chrono::floor<seconds>(time.time_since_epoch()).count(); }
WallTime time_of(std::int64_t number) { return WallTime(seconds(number)); }

// One connection. Used under the lock only.
class Connection {
 public:
  explicit Connection(sqlite3* db) : db_(db) {}

  // Each row is handed over; an error is SQLite's own text.
  template <typename Take>
  Result<void> run(const std::string& sql, std::initializer_list<Value> values, Take take) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) return failed();
    const CPtr<sqlite3_stmt, sqlite3_finalize> statement(raw);
    int at = 0;
    for (const auto& value : values) {
      ++at;
      const auto* text = std::get_if<std::string>(&value);
      const int bound = text != nullptr
                            ? sqlite3_bind_text(raw, at, text->data(), static_cast<int>(text->size()), SQLITE_TRANSIENT)
                            : sqlite3_bind_int64(raw, at, std::get<std::int64_t>(value));
      if (bound != SQLITE_OK) return failed();
    }
    int step = SQLITE_ROW;
    while ((step = sqlite3_step(raw)) == SQLITE_ROW) take(raw);
    if (step != SQLITE_DONE) return failed();
    return {};
  }
  Result<void> run(const std::string& sql, std::initializer_list<Value> values = {}) {
    return run(sql, values, [](sqlite3_stmt*) {});
  }
  Result<void> run_all(const char* sql) {
    return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Result<void>() : failed();
  }
  int changes() { return sqlite3_changes(db_.get()); }

  std::uint64_t device = 0, inode = 0;  // of the file that it has

 private:
  Error failed() { return Error{sqlite3_errmsg(db_.get()), true}; }

  CPtr<sqlite3, sqlite3_close> db_;
};

std::string text_of(sqlite3_stmt* statement, int column) {
  const auto* text = sqlite3_column_text(statement, column);
  return text == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(text),
                                       static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

KeyStateRow row_of(sqlite3_stmt* statement) {
  KeyStateRow row{text_of(statement, 0), text_of(statement, 1), text_of(statement, 2)};
  const std::string state = text_of(statement, 3);
  for (const KeyState each : all_key_states)
    if (to_string(each) == state) row.state = each;
  row.since = time_of(sqlite3_column_int64(statement, 4));
  row.next = time_of(sqlite3_column_int64(statement, 5));
  row.looks = static_cast<unsigned>(sqlite3_column_int64(statement, 6));
  row.note = text_of(statement, 7);
  row.successor = text_of(statement, 8);
  row.overlap = seconds(sqlite3_column_int64(statement, 9));
  return row;
}

class SqliteStates final : public KeyStates {
 public:
  SqliteStates(const SqliteStatesConfig& config, const Clock& clock) : config_(config), clock_(clock) {}

  Result<DomainStates> of(const std::string& domain, Deadline) override {
    DomainStates found;
    const auto done = with(false, [&](Connection& db) -> Result<void> {
      found = {};
      found.begun = WallTime();
      if (auto read = db.run("SELECT at FROM begun", {},
                             [&](sqlite3_stmt* row) { found.begun = time_of(sqlite3_column_int64(row, 0)); });
          !read)
        return read;
      return db.run(std::string("SELECT ") + columns + " FROM keys WHERE domain = ? ORDER BY selector", {domain},
                    [&](sqlite3_stmt* row) { found.rows.push_back(row_of(row)); });
    });
    if (!done) return done.error();
    return found;
  }

  Result<std::vector<KeyStateRow>> due(WallTime now, std::size_t most) override {
    std::vector<KeyStateRow> rows;
    const auto done = with(false, [&](Connection& db) {
      rows.clear();
      return db.run(std::string("SELECT ") + columns +
                        " FROM keys WHERE state <> 'active' AND next <= ? ORDER BY looks, next LIMIT ?",
                    {number_of(now), static_cast<std::int64_t>(most)},
                    [&](sqlite3_stmt* row) { rows.push_back(row_of(row)); });
    });
    if (!done) return done.error();
    return rows;
  }

  Result<void> add(const std::vector<KeyStateRow>& rows, WallTime now) override {
    return with(true, [&](Connection& db) -> Result<void> {
      if (auto begun = begin_in(db, now); !begun) return begun;
      return together(db, [&]() -> Result<void> {
        for (const auto& row : rows) {
          auto added =
              db.run(std::string("INSERT INTO keys (") + columns +
                         ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (domain, selector) DO UPDATE SET "
                         "key = excluded.key, state = excluded.state, since = excluded.since, next = "
                         "excluded.next, looks = excluded.looks, note = excluded.note, successor = "
                         "excluded.successor, overlap = excluded.overlap WHERE key <> excluded.key",
                     {row.domain, row.selector, row.key, std::string(to_string(row.state)), number_of(row.since),
                      number_of(row.next), static_cast<std::int64_t>(row.looks), row.note, row.successor,
                      static_cast<std::int64_t>(row.overlap.count())});
          if (!added) return added;
        }
        return {};
      });
    });
  }

  Result<bool> change(const KeyStateRow& from, const KeyStateRow& to) override {
    bool changed = false;
    const auto done = with(false, [&](Connection& db) -> Result<void> {
      auto run = db.run(
          "UPDATE keys SET state = ?, since = ?, next = ?, looks = ?, note = ?, successor = ?, overlap = ? "
          "WHERE domain = ? AND selector = ? AND key = ? AND state = ? AND since = ? AND successor = ?",
          {std::string(to_string(to.state)), number_of(to.since), number_of(to.next),
           static_cast<std::int64_t>(to.looks), to.note, to.successor, static_cast<std::int64_t>(to.overlap.count()),
           from.domain, from.selector, from.key, std::string(to_string(from.state)), number_of(from.since),
           from.successor});
      changed = run && db.changes() > 0;
      return run;
    });
    if (!done) return done.error();
    return changed;
  }

  Result<void> remove(const std::string& domain, const std::string& selector) override {
    return with(false, [&](Connection& db) {
      return db.run("DELETE FROM keys WHERE domain = ? AND selector = ?", {domain, selector});
    });
  }

  Result<std::size_t> pending() override {
    std::int64_t count = 0;
    const auto done = with(false, [&](Connection& db) {  // by the index
      return db.run("SELECT count(*) FROM keys WHERE state <> 'active' AND state = 'pending'", {},
                    [&](sqlite3_stmt* row) { count = sqlite3_column_int64(row, 0); });
    });
    if (!done) return done.error();
    return static_cast<std::size_t>(count);
  }

  Result<void> begin(WallTime now) override {
    return with(true, [&](Connection& db) { return begin_in(db, now); });
  }

 private:
  static Result<void> begin_in(Connection& db, WallTime now) {
    bool begun = false;
    if (auto read = db.run("SELECT at FROM begun", {}, [&](sqlite3_stmt*) { begun = true; }); !read || begun)
      return read;
    return db.run("INSERT OR IGNORE INTO begun (id, at) VALUES (0, ?)", {number_of(now)});
  }

  template <typename Work>
  static Result<void> together(Connection& db, Work work) {
    if (auto begun = db.run_all("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto done = work(); !done) {
      [[maybe_unused]] const auto undone = db.run_all("ROLLBACK");
      return done;
    }
    return db.run_all("COMMIT");
  }

  // Runs the work on the file. Without `make`, a file that is not there is none, and the work does not run.
  template <typename Work>
  Result<void> with(bool make, Work work) {
    const std::lock_guard lock(mutex_);
    struct stat status {};
    const bool there = ::stat(config_.path.c_str(), &status) == 0;
    if (!there && errno != ENOENT) return fail(std::strerror(errno));
    if (db_ && (!there || db_->device != status.st_dev || db_->inode != status.st_ino)) db_.reset();
    if (!there && !make) return {};
    if (!db_) {
      if (there && failed_ != SteadyTime() && clock_.steady() - failed_ < open_again && !error_.empty() && !make)
        return Error{error_, true};
      if (auto opened = open(there); !opened) return fail(opened.error().what);
    }
    if (auto done = work(*db_); !done) {
      db_.reset();
      return fail(done.error().what);
    }
    error_.clear();
    return {};
  }

  Error fail(const std::string& why) {
    failed_ = clock_.steady();
    error_ = config_.path + ": " + why;
    return Error{error_, true};
  }

  Result<void> open(bool there) {
    if (!there) {
      const Fd made(::open(config_.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
      if (!made && errno != EEXIST) return Error{std::string(std::strerror(errno)) + " for " + process_user()};
      // SQLite gives what it makes beside the file to the file's owner.
      if (made && config_.owner && ::fchown(made.get(), config_.owner->first, config_.owner->second) != 0)
        return Error{std::strerror(errno)};
    }
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open_v2(config_.path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX,
                                       nullptr);  // read only, if the file is
    auto db = std::make_unique<Connection>(raw);
    if (opened != SQLITE_OK)
      return Error{std::string(raw != nullptr ? sqlite3_errmsg(raw) : "no memory") + " for " + process_user()};
    sqlite3_busy_timeout(raw, patience_ms);
    std::int64_t version = 0;
    if (auto read =
            db->run("PRAGMA user_version", {}, [&](sqlite3_stmt* row) { version = sqlite3_column_int64(row, 0); });
        !read)
      return read;
    if (version > 1) return Error{"was made by a newer Mailweir"};
    if (version == 0)
      if (auto done = together(*db, [&] { return db->run_all(schema); }); !done) return done;
    struct stat status {};
    if (::stat(config_.path.c_str(), &status) != 0) return Error{std::strerror(errno)};
    db->device = status.st_dev;
    db->inode = status.st_ino;
    db_ = std::move(db);
    return {};
  }

  const SqliteStatesConfig config_;
  const Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::unique_ptr<Connection> db_;
  SteadyTime failed_{};
  std::string error_;
};

}  // namespace

KeyStatesPtr make_sqlite_states(const SqliteStatesConfig& config, const Clock& clock) {
  return std::make_shared<SqliteStates>(config, clock);
}

}  // namespace mailweir
