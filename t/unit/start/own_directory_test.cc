// SPDX-License-Identifier: BSD-2-Clause
// Which directories the daemon makes for itself, and what it says to a typo.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include "../fixture/skip.h"
#include "../fixture/temp_dir.h"
#include "start/own_directory.h"

using namespace mailweir;

TEST_CASE("directories: one called mailweir is made where its parent is; anything else is a typo that is told") {
  const TempDir dir;
  write_file(dir / "file", "");
  std::filesystem::create_directory(dir / "here");
  struct Row {
    std::string path, error;  // "" for none; $ is the test's directory
  };
  const Row rows[] = {
      {"here", ""},
      {"here/", ""},
      {"mailweir", ""},
      {"mailweir", ""},
      {"here/mailweir/", ""},
      {"mailwier",
       "the directory $/mailwier does not exist; is the path right? If it is, make the directory: only one called "
       "mailweir is made at the start"},
      {"heer/mailweir", "the directory $/heer does not exist; is the path right?"},
      {"a/b/c/mailweir", "the directory $/a/b/c does not exist; is the path right?"},
      {"file", "$/file: is not a directory, or is below something that is not one"},
      {"file/mailweir", "$/file/mailweir: is not a directory, or is below something that is not one"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    std::string wanted = row.error;
    for (auto at = wanted.find('$'); at != wanted.npos; at = wanted.find('$')) wanted.replace(at, 1, dir.path());
    const auto made = provide_directory(dir / row.path, "milter.socket", 0755, {});
    CHECK(static_cast<bool>(made) == row.error.empty());
    if (!made) CHECK(made.error().what == "milter.socket: " + wanted);
    if (row.error.empty()) CHECK(std::filesystem::is_directory(dir / row.path));
  }
  CHECK_FALSE(std::filesystem::exists(dir / "mailwier"));
  CHECK_FALSE(std::filesystem::exists(dir / "heer"));
}

TEST_CASE("directories: made with the mode that is wanted, whatever the umask") {
  const TempDir dir;
  const auto before = ::umask(0077);
  CHECK(static_cast<bool>(provide_directory(dir / "mailweir", "milter.socket", 0755, {})));
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat((dir / "mailweir").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
}

TEST_CASE("directories: made is the one that is given away, not what a link leads to") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "other");
  std::filesystem::create_directory(dir / "run");
  std::filesystem::create_directory_symlink(dir / "run", dir / "link");
  std::filesystem::create_directory_symlink(dir / "nothere", dir / "run/mailweir");
  // A link that leads nowhere stands where the directory would be made.
  const auto made = provide_directory(dir / "link/mailweir", "milter.socket", 0755, {});
  REQUIRE_FALSE(made);
  CHECK(made.error().what.find("cannot be made: File exists") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir / "nothere"));
  // The parent may be reached by a link, as /var/run is.
  std::filesystem::remove(dir / "run/mailweir");
  CHECK(static_cast<bool>(provide_directory(dir / "link/mailweir", "milter.socket", 0755, {})));
  CHECK(std::filesystem::is_directory(dir / "run/mailweir"));
}

TEST_CASE("directories: as root it is the daemon's") {
  if (::geteuid() != 0) return skip_test("needs root");
  const TempDir dir;
  const auto nobody = find_identity("nobody");
  REQUIRE(nobody);
  REQUIRE(static_cast<bool>(provide_directory(dir / "mailweir", "general.state_directory", 0750, *nobody)));
  struct stat status {};
  REQUIRE(::stat((dir / "mailweir").c_str(), &status) == 0);
  CHECK(status.st_uid == nobody->uid);
  CHECK(status.st_gid == nobody->gid);
  CHECK((status.st_mode & 07777) == 0750);
}
