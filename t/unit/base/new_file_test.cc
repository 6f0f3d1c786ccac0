// SPDX-License-Identifier: BSD-2-Clause
// A file that replaces another one whole: the old one stays until the new one is complete.
#include "base/new_file.h"

#include <filesystem>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"

namespace mailweir {
namespace {

namespace fs = std::filesystem;

TEST_CASE("new file: takes the place of the old one when it is complete, and not before") {
  const TempDir dir;
  const std::string path = dir / "state";
  write_file(path, "old");
  {
    NewFile file(path, 0640);
    file.write("new ");
    file.write("text");
    CHECK(contents(path) == "old");
    CHECK(file.put_in_place());
  }
  CHECK(contents(path) == "new text");
  CHECK_FALSE(fs::exists(path + ".new"));
  {
    NewFile file(path, 0640);
    file.write("half");
  }
  CHECK(contents(path) == "new text");
  CHECK_FALSE(fs::exists(path + ".new"));
}

TEST_CASE("new file: the mode is the one that is wanted, whatever the umask") {
  const TempDir dir;
  const auto before = ::umask(0);
  for (const mode_t umask : {0, 022, 077})
    for (const mode_t mode : {0600, 0640, 0644}) {
      CAPTURE(umask);
      CAPTURE(mode);
      ::umask(umask);
      CHECK(replace_file(dir / "state", "x", mode));
      struct stat status {};
      REQUIRE(::stat((dir / "state").c_str(), &status) == 0);
      CHECK((status.st_mode & 0777) == mode);
    }
  ::umask(before);
}

TEST_CASE("new file: what stands in its way is removed or an error, and never followed") {
  const TempDir dir;
  const std::string path = dir / "state";
  write_file(dir / "other", "other");
  fs::create_symlink(dir / "other", path + ".new");
  CHECK(replace_file(path, "text", 0640));
  CHECK(contents(path) == "text");
  CHECK(contents(dir / "other") == "other");
  fs::create_directory(path + ".new");
  const auto blocked = replace_file(path, "more", 0640);
  REQUIRE_FALSE(blocked);
  CHECK(blocked.error().what.starts_with(path + ": cannot be written: "));
  CHECK(contents(path) == "text");
  const auto nowhere = replace_file(dir / "none/state", "more", 0640);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().what == (dir / "none/state") + ": cannot be written: No such file or directory");
}

}  // namespace
}  // namespace mailweir
