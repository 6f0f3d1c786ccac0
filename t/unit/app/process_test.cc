// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>

#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fixture/temp_dir.h"
#include "app/notify.h"
#include "app/pid_file.h"
#include "start/privileges.h"

using namespace mailweir;

namespace {

// Runs `work` in a child; its exit code.
int in_child(const std::function<int()>& work) {
  const pid_t pid = fork();
  if (pid == 0) _exit(work());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A child that holds the pid file until it is ended.
class Holder {
 public:
  explicit Holder(const std::string& path) {
    std::array<int, 2> ready{};
    REQUIRE(pipe(ready.data()) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const auto file = PidFile::take(path);
      [[maybe_unused]] const auto told = ::write(ready[1], file ? "+" : "-", 1);
      pause();
      _exit(0);
    }
    char answer = 0;
    REQUIRE(read(ready[0], &answer, 1) == 1);
    REQUIRE(answer == '+');
    close(ready[0]);
    close(ready[1]);
  }
  ~Holder() { end(); }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

// systemd's end of sd_notify.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const bool abstract = path.starts_with('@');
    if (abstract) address.sun_path[0] = '\0';
    const auto size = abstract ? offsetof(sockaddr_un, sun_path) + path.size() : sizeof address;
    REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) == 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifySocket() { unsetenv("NOTIFY_SOCKET"); }
  std::string next() {
    pollfd wait{fd_.get(), POLLIN, 0};
    REQUIRE(poll(&wait, 1, 5000) == 1);
    std::array<char, 2048> buffer;
    const auto count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    REQUIRE(count >= 0);
    return std::string(buffer.data(), static_cast<std::size_t>(count));
  }

 private:
  Fd fd_;
};

}  // namespace

TEST_CASE("pid file: holds our pid while we run, and is gone afterwards") {
  const TempDir dir;
  const auto path = dir / "pid";
  {
    const auto file = PidFile::take(path);
    REQUIRE(file);
    CHECK(contents(path) == std::to_string(getpid()) + "\n");
  }
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("pid file: a live daemon's is an error that names it, a dead one's is taken over") {
  const TempDir dir;
  const auto path = dir / "pid";
  Holder other(path);
  const auto pid = std::to_string(other.pid());
  const auto refused = PidFile::take(path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == "pid file " + path + ": already running as process " + pid);
  CHECK(contents(path) == pid + "\n");
  other.end();
  CHECK(contents(path) == pid + "\n");  // killed: left behind
  const auto taken = PidFile::take(path);
  REQUIRE(taken);
  CHECK(contents(path) == std::to_string(getpid()) + "\n");
}

TEST_CASE("pid file: what cannot be one") {
  const TempDir dir;
  write_file(dir / "target", "precious\n");
  REQUIRE(symlink((dir / "target").c_str(), (dir / "link").c_str()) == 0);
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  struct Row {
    std::string path, want;
  };
  const Row rows[] = {{dir / "none/pid", "No such file or directory"},
                      {dir.path(), "Is a directory"},
                      {dir / "link", "symbolic links"},
                      {dir / "pipe", "is not a regular file"}};
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const auto got = PidFile::take(row.path);
    REQUIRE_FALSE(got);
    CAPTURE(got.error().what);
    CHECK(got.error().what.starts_with("pid file " + row.path + ": "));
    CHECK(got.error().what.find(row.want) != std::string::npos);
  }
  CHECK(contents(dir / "target") == "precious\n");
}

TEST_CASE("privileges: who does not exist") {
  const auto no_user = find_identity("no-such-user-here");
  REQUIRE_FALSE(no_user);
  CHECK(no_user.error().what.starts_with("user no-such-user-here does not exist"));
  const auto no_group = find_identity("nobody", "no-such-group-here");
  REQUIRE_FALSE(no_group);
  CHECK(no_group.error().what.starts_with("group no-such-group-here does not exist"));
  const auto nobody = find_identity("nobody", "daemon");
  REQUIRE(nobody);
  CHECK(nobody->uid == 65534);
  CHECK(nobody->gid == *find_group("daemon"));
  CHECK(drop_privileges({"root", 0, 0}).error().what == "user root is root; name another user to run as");
}

TEST_CASE("privileges: root is given up for good") {
  if (geteuid() != 0) {
    MESSAGE("skipped: only root can give up root");
    return;
  }
  const TempDir dir;
  write_file(dir / "secret", "x");
  REQUIRE(chmod((dir / "secret").c_str(), 0600) == 0);
  REQUIRE(chmod(dir.path().c_str(), 0755) == 0);
  const auto nobody = find_identity("nobody");
  REQUIRE(nobody);
  const auto secret = dir / "secret";
  CHECK(in_child([&] {
          const gid_t extra = 0;
          if (setgroups(1, &extra) != 0) return 10;
          if (!drop_privileges(*nobody)) return 11;
          if (getuid() != nobody->uid || geteuid() != nobody->uid || getgid() != nobody->gid) return 12;
          std::array<gid_t, 64> groups{};
          const int count = getgroups(64, groups.data());
          for (int i = 0; i < count; ++i)
            if (groups[static_cast<std::size_t>(i)] == 0) return 13;  // root's group is left
          if (access(secret.c_str(), R_OK) == 0) return 14;
          if (setuid(0) == 0 || setgid(0) == 0) return 15;
          if (!drop_privileges(*nobody)) return 16;  // as the same user: nothing to do
          const auto other = drop_privileges({"daemon", 1, 1});
          if (other || other.error().what.find("start as root or as daemon") == std::string::npos) return 17;
          return 0;
        }) == 0);
}

TEST_CASE("notify: a reader that does not read does not stop the daemon") {
  const TempDir dir;
  const NotifySocket silent(dir / "notify");
  const ServiceNotifier notifier;
  // Far more than any queue holds (net.unix.max_dgram_qlen): sd_notify would wait in one of them for ever.
  for (int i = 0; i < 5000; ++i) notifier.alive();
}

TEST_CASE("notify: what systemd hears") {
  const TempDir dir;
  const ServiceNotifier notifier;
  notifier.ready("no listener");  // without systemd: nothing
  {
    NotifySocket systemd(dir / "notify");
    notifier.ready("2 doors open");
    CHECK(systemd.next() == "READY=1\nSTATUS=2 doors open");
    notifier.reloading("reading");
    const auto reloading = systemd.next();
    CHECK(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(reloading.ends_with("\nSTATUS=reading"));
    notifier.status("line\nREADY=0");  // one message cannot hide another
    CHECK(systemd.next() == "STATUS=line?READY=0");
    notifier.alive();
    CHECK(systemd.next() == "WATCHDOG=1");
    notifier.stopping("saving counters", std::chrono::seconds(90));
    CHECK(systemd.next() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000\nSTATUS=saving counters");
  }
  {
    NotifySocket systemd("@mailweir-unit-" + std::to_string(getpid()));  // an abstract name
    notifier.alive();
    CHECK(systemd.next() == "WATCHDOG=1");
  }
  CHECK_FALSE(ServiceNotifier::watchdog_period());
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  CHECK(ServiceNotifier::watchdog_period() == std::chrono::seconds(15));
  setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(ServiceNotifier::watchdog_period());
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}
