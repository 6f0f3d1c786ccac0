// SPDX-License-Identifier: BSD-2-Clause
// Opening a name in a folder: what lies outside is not reached, with openat2(2) and without it.
#include "base/open_beneath.h"

#include <cerrno>
#include <cstddef>
#include <filesystem>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"

using namespace mailweir;

namespace {

using Way = Fd (*)(const Fd&, const std::string&, int, mode_t);
constexpr Way ways[] = {open_beneath, open_beneath_by_name};

Fd folder_at(const std::string& path) { return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

// keys/ with example.com/s1.pem, and what leads out of it.
struct Tree {
  TempDir dir;
  Fd folder;

  Tree() {
    for (const char* made : {"keys", "keys/example.com", "elsewhere"}) std::filesystem::create_directory(dir / made);
    write_file(dir / "keys/s1.pem", "key");
    write_file(dir / "elsewhere/s1.pem", "secret");
    std::filesystem::create_directory_symlink("../elsewhere", dir / "keys/link.example");
    std::filesystem::create_symlink("s1.pem", dir / "keys/near.pem");
    std::filesystem::create_symlink("../elsewhere/s1.pem", dir / "keys/far.pem");
    std::filesystem::create_symlink("nowhere", dir / "keys/dangling.pem");
    folder = folder_at(dir / "keys");
    REQUIRE(folder);
  }
};

// The system call fails with this error from now on, in this process and its children.
bool refuse_openat2(int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST_CASE("open beneath: what a name may reach") {
  const Tree tree;
  struct Row {
    std::string name;
    int flags, want;  // an error; 0: it is opened
  };
  const Row rows[] = {
      {"s1.pem", O_RDONLY, 0},
      {"example.com", O_RDONLY | O_DIRECTORY, 0},
      {".", O_RDONLY | O_DIRECTORY, 0},
      {"none.pem", O_RDONLY, ENOENT},
      {"s1.pem", O_RDONLY | O_DIRECTORY, ENOTDIR},
      {"near.pem", O_RDONLY, ELOOP},
      {"far.pem", O_RDONLY, ELOOP},
      {"dangling.pem", O_RDONLY, ELOOP},
      {"dangling.pem", O_WRONLY | O_CREAT, ELOOP},
      {"link.example", O_RDONLY, ELOOP},
      {"link.example", O_RDONLY | O_DIRECTORY, ENOTDIR},
      {"..", O_RDONLY | O_DIRECTORY, EXDEV},
      {"../elsewhere", O_RDONLY | O_DIRECTORY, EXDEV},
      {"../elsewhere/s1.pem", O_RDONLY, EXDEV},
      {"example.com/../s1.pem", O_RDONLY, EXDEV},
      {"link.example/s1.pem", O_RDONLY, EXDEV},
      {"/etc/passwd", O_RDONLY, EXDEV},
      {"", O_RDONLY, ENOENT},
  };
  for (const Row& row : rows)
    for (const Way way : ways) {
      CAPTURE(row.name);
      CAPTURE(row.flags);
      CAPTURE((way == open_beneath));
      errno = 0;
      const Fd opened = way(tree.folder, row.name, row.flags, 0600);
      CHECK((opened ? 0 : errno) == row.want);
      if (opened) CHECK((::fcntl(opened.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
  CHECK_FALSE(std::filesystem::exists(tree.dir / "keys/nowhere"));
}

TEST_CASE("open beneath: a magic link is not followed") {
  const Tree tree;
  const Fd secret(::open((tree.dir / "elsewhere/s1.pem").c_str(), O_RDONLY | O_CLOEXEC));
  const Fd links = folder_at("/proc/self/fd");
  if (!links) return;  // no /proc
  for (const Way way : ways) {
    const Fd opened = way(links, std::to_string(secret.get()), O_RDONLY, 0);
    CHECK(errno == ELOOP);
    CHECK_FALSE(opened);
  }
}

TEST_CASE("open beneath: a file is made with its mode") {
  const Tree tree;
  for (const Way way : ways) {
    const std::string name = way == open_beneath ? "new.pem" : "newer.pem";
    CHECK(way(tree.folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    struct stat status {};
    REQUIRE(::stat((tree.dir / ("keys/" + name)).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK_FALSE(way(tree.folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    CHECK(errno == EEXIST);
  }
}

TEST_CASE("open beneath: a kernel without openat2, and a filter that refuses it") {
  const Tree tree;
  for (const int error : {ENOSYS, EPERM}) {
    CAPTURE(error);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      if (!refuse_openat2(error)) ::_exit(77);  // no seccomp here
      const bool opened = static_cast<bool>(open_beneath(tree.folder, "s1.pem", O_RDONLY));
      const bool followed = static_cast<bool>(open_beneath(tree.folder, "near.pem", O_RDONLY));
      ::_exit(!opened ? 1 : followed ? 2 : errno != ELOOP ? 3 : 0);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) != 77) CHECK(WEXITSTATUS(status) == 0);
  }
}
