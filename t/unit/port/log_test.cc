// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../fixture/temp_dir.h"
#include "adapter/log/file_log.h"
#include "adapter/log/line_time.h"
#include "adapter/log/open_log.h"
#include "adapter/log/syslog_log.h"
#include "base/handle.h"
#include "base/text.h"
#include "port/log_setting.h"

using namespace mailweir;

namespace {

class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before, had_ = true;
    setenv("TZ", name, 1);
    tzset();
  }
  ~TimeZone() {
    if (had_) setenv("TZ", before_.c_str(), 1);
    else unsetenv("TZ");
    tzset();
  }

 private:
  std::string before_;
  bool had_ = false;
};

std::vector<std::string> lines_of(const std::string& path) {
  const auto text = contents(path);
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) lines.emplace_back(line);
  REQUIRE(lines.back().empty());  // the file ends with a line end
  lines.pop_back();
  return lines;
}

std::string without_time(const std::string& line) { return line.substr(line.find(' ') + 1); }

std::unique_ptr<Log> open_file(const std::string& path, const Clock& clock, std::size_t buffer = 1 << 20) {
  auto log = make_file_log({path, buffer}, clock);
  REQUIRE(log);
  return std::move(*log);
}

}  // namespace

TEST_CASE("line time: RFC 3339 in local time") {
  struct Row {
    const char* zone;
    std::int64_t micros;
    std::string want;
  };
  const Row rows[] = {
      {"UTC", 1'700'000'000'000'123, "2023-11-14T22:13:20.000123+00:00"},
      {"UTC", 1'700'000'000'999'999, "2023-11-14T22:13:20.999999+00:00"},
      {"UTC-5:30", 1'700'000'001'000'000, "2023-11-15T03:43:21.000000+05:30"},
      {"UTC+3:30", 1'700'000'001'000'000, "2023-11-14T18:43:21.000000-03:30"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.want);
    const TimeZone zone(row.zone);
    LineTime time;
    CHECK(time.text(WallTime(std::chrono::microseconds(row.micros))) == row.want);
    CHECK(row.want.size() <= LineTime::longest);
  }
  LineTime kept;
  const TimeZone zone("UTC");
  const auto at = [&](std::int64_t micros) { return kept.text(WallTime(std::chrono::microseconds(micros))); };
  CHECK(at(1'700'000'000'000'001) == "2023-11-14T22:13:20.000001+00:00");
  CHECK(at(1'700'000'000'700'000) == "2023-11-14T22:13:20.700000+00:00");
  CHECK(at(1'700'000'001'000'000) == "2023-11-14T22:13:21.000000+00:00");
  CHECK(at(1'700'000'000'000'000) == "2023-11-14T22:13:20.000000+00:00");  // a clock set back
}

TEST_CASE("file log: order, and no line lost between threads") {
  const TempDir dir;
  const SystemClock clock;
  constexpr int threads = 4, each = 5000;
  {
    const auto log = open_file(dir / "log", clock, 8 << 20);
    std::vector<std::thread> writers;
    for (int t = 0; t < threads; ++t)
      writers.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) log->write(Severity::info, std::to_string(t) + ' ' + std::to_string(i));
      });
    for (auto& writer : writers) writer.join();
    CHECK(log->dropped() == 0);
  }
  const auto lines = lines_of(dir / "log");
  REQUIRE(lines.size() == threads * each);
  std::vector<int> next(threads, 0);
  bool ordered = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto parts = words(lines[i]);
    REQUIRE(parts.size() == 3);
    const auto thread = *to_number(parts[1]);
    ordered = ordered && next.at(thread)++ == static_cast<int>(*to_number(parts[2]));
    ordered = ordered && (i == 0 || lines[i - 1].substr(0, 32) <= lines[i].substr(0, 32));
  }
  CHECK(ordered);
  struct stat status {};
  REQUIRE(stat((dir / "log").c_str(), &status) == 0);
  CHECK((status.st_mode & 0027) == 0);
}

TEST_CASE("file log: lines before reopen stand in the old file, lines after it in the new") {
  const TempDir dir;
  const ManualClock clock;
  {
    const auto log = open_file(dir / "log", clock);
    for (int i = 0; i < 100; ++i) log->write(Severity::info, "before " + std::to_string(i));
    REQUIRE(rename((dir / "log").c_str(), (dir / "log.1").c_str()) == 0);
    log->reopen();
    for (int i = 0; i < 100; ++i) log->write(Severity::info, "after " + std::to_string(i));
  }
  const auto old_lines = lines_of(dir / "log.1"), new_lines = lines_of(dir / "log");
  REQUIRE(old_lines.size() == 100);
  REQUIRE(new_lines.size() == 100);
  CHECK(without_time(old_lines.back()) == "before 99");
  CHECK(without_time(new_lines.front()) == "after 0");
}

TEST_CASE("file log: a reopen that fails keeps the old file and says so") {
  const TempDir dir;
  const ManualClock clock;
  std::filesystem::create_directory(dir / "sub");
  {
    const auto log = open_file(dir / "sub/log", clock);
    log->write(Severity::info, "before");
    REQUIRE(rename((dir / "sub").c_str(), (dir / "moved").c_str()) == 0);
    log->reopen();
    log->write(Severity::info, "after");
  }
  const auto lines = lines_of(dir / "moved/log");
  REQUIRE(lines.size() == 3);
  CHECK(without_time(lines[0]) == "before");
  CHECK(without_time(lines[2]) == "after");
  CHECK(without_time(lines[1]).starts_with("event=log-reopen-failed error=\"log file " + (dir / "sub/log")));
}

TEST_CASE("file log: a full buffer drops lines, counts them and says so") {
  const TempDir dir;
  const ManualClock clock;
  const std::string line(1000, 'x');
  std::uint64_t dropped = 0;
  std::size_t accepted = 0;
  {
    const auto log = open_file(dir / "log", clock, 10'000);
    log->write(Severity::info, std::string(20'000, 'y'));  // longer than the buffer
    CHECK(log->dropped() == 1);
    for (int i = 0; i < 100'000; ++i) log->write(Severity::info, line);
    dropped = log->dropped();
    accepted = 100'001 - dropped;
  }
  CHECK(dropped > 1);
  std::size_t written = 0, told = 0;
  for (const auto& each : lines_of(dir / "log")) {
    const auto text = without_time(each);
    if (text == line) ++written;
    else if (text.starts_with("event=log-lines-dropped count=")) told += *to_number(text.substr(text.rfind('=') + 1));
    else FAIL_CHECK(text);
  }
  CHECK(written == accepted);
  CHECK(told == dropped);
}

TEST_CASE("file log: a full disk costs lines, not the daemon") {
  if (access("/dev/full", W_OK) != 0) {
    MESSAGE("skipped: there is no /dev/full here");
    return;
  }
  const ManualClock clock;
  const auto log = open_file("/dev/full", clock, 10'000);
  for (int i = 0; i < 10'000; ++i) log->write(Severity::info, "a line that will not be read");
  CHECK(log->dropped() > 9'000);
}

TEST_CASE("file log: what cannot be a log file") {
  const TempDir dir;
  const SystemClock clock;
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  struct Row {
    std::string path, want;
  };
  const Row rows[] = {{dir / "none/log", "No such file or directory"},
                      {dir.path(), "Is a directory"},
                      {dir / "pipe", "cannot open it"}};
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const auto log = make_file_log({row.path}, clock);
    REQUIRE_FALSE(log);
    CAPTURE(log.error().what);
    CHECK(log.error().what.starts_with("log file " + row.path + ": "));
    CHECK(log.error().what.find(row.want) != std::string::npos);
  }
}

TEST_CASE("log settings: each facility that a policy file may name is one of syslog's") {
  for (const auto name : log_facilities) {
    CAPTURE(name);
    CHECK(syslog_facility(name));
    CHECK(check_log_setting("syslog:" + std::string(name)));
  }
}

TEST_CASE("log settings") {
  struct Row {
    std::string in;
    const char* error;  // nullptr: good
  };
  const Row rows[] = {
      {"journal", nullptr},
      {"syslog", nullptr},
      {"syslog:local3", nullptr},
      {"stderr", nullptr},
      {"file:/var/log/mailweir.log", nullptr},
      {"syslog:local8", "unknown facility"},
      {"syslog:", "unknown facility"},
      {"file:mailweir.log", "absolute path"},
      {"file:/var/log/", "absolute path"},
      {"/var/log/mailweir.log", "write \"journal\""},
      {"stdout", "write \"journal\""},
      {"", "write \"journal\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = check_log_setting(row.in);
    CHECK(static_cast<bool>(got) == (row.error == nullptr));
    if (!got && row.error) CHECK(got.error().what.find(row.error) != std::string::npos);
    if (row.error) CHECK_FALSE(open_log(row.in, "unit"));
  }
  const TempDir dir;
  {
    const auto log = open_log("file:" + (dir / "log"), "unit");
    REQUIRE(log);
    (*log)->write(Severity::notice, "event=test");
  }
  CHECK(without_time(lines_of(dir / "log").at(0)) == "event=test");
  CHECK(open_log("stderr", "unit"));
  const auto syslog = open_log("syslog:local3", "unit");
  CHECK(static_cast<bool>(syslog) == static_cast<bool>(find_syslog()));
  if (!syslog) CHECK(syslog.error().what.find("log syslog: /dev/log: ") != std::string::npos);
  const auto journal = open_log("journal", "unit");
  const bool listens = access("/run/systemd/journal/socket", W_OK) == 0;
  CHECK(static_cast<bool>(journal) == listens);
  if (!journal) CHECK(journal.error().what.find("/run/systemd/journal/socket") != std::string::npos);
}

TEST_CASE("log: whether it could be opened, and nothing is made") {
  const TempDir dir;
  CHECK(try_log("file:" + (dir / "log")));
  CHECK_FALSE(std::filesystem::exists(dir / "log"));
  write_file(dir / "log", "");
  CHECK(try_log("file:" + (dir / "log")));
  CHECK(try_log("stderr"));
  const auto nowhere = try_log("file:" + (dir / "nothere/log"));
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().what.find("cannot make it in " + (dir / "nothere") + ": No such file or directory") !=
        std::string::npos);
  const auto below_a_file = try_log("file:" + (dir / "log/log"));
  REQUIRE_FALSE(below_a_file);
  CHECK(below_a_file.error().what.find("Not a directory") != std::string::npos);
  CHECK_FALSE(try_log("file:" + dir.path()));
}

TEST_CASE("log: syslog only where a daemon listens, on a socket of either kind") {
  const TempDir dir;
  const auto path = dir / "log";
  const auto none = find_syslog(path.c_str());
  REQUIRE_FALSE(none);
  CHECK(none.error().what ==
        "log syslog: " + path +
            ": No such file or directory; start the syslog daemon first, or write \"journal\", \"stderr\" or "
            "\"file:/PATH\"");
  for (const int kind : {SOCK_DGRAM, SOCK_STREAM}) {
    std::filesystem::remove(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    Fd fd(::socket(AF_UNIX, kind | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    if (kind == SOCK_STREAM) REQUIRE(::listen(fd.get(), 1) == 0);
    CHECK(find_syslog(path.c_str()));
    fd.reset();
    CHECK_FALSE(find_syslog(path.c_str()));  // its socket is left, but not served
  }
}
