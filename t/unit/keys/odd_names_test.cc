// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/odd_names.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"

using namespace mailweir;

TEST_CASE("odd names: what no mail finds in a directory of keys is named, with the name that it finds") {
  const TempDir dir;
  const Deadline soon = Deadline::in(std::chrono::seconds(5));
  CHECK(odd_names(dir / "none", soon).empty());
  for (const char* name : {"example.com", "xn--bcher-kva.example", "_x.example", ".half-made"})
    std::filesystem::create_directories(dir / name);
  write_file(dir / "README", "of whom it may concern");
  CHECK(odd_names(dir.path(), soon).empty());

  for (const char* name : {"Example.NET",
                           "b\xc3\xbc"
                           "cher.example",
                           "example.org.", "a b", "\"x\".example"})
    std::filesystem::create_directories(dir / name);
  write_file(dir / "s1.pem", "a key");
  const std::string plain = ": is not used; the directory of a domain has its name in lower case, as in the DNS",
                    at = dir.path() + '/';
  const std::vector<std::string> want = {at + "\"x\".example" + plain,
                                         at + "Example.NET" + plain + ": example.net",
                                         at + "a b" + plain,
                                         at +
                                             "b\xc3\xbc"
                                             "cher.example" +
                                             plain + ": xn--bcher-kva.example",
                                         at + "example.org." + plain + ": example.org",
                                         at + "s1.pem: is not in the directory of its domain, DOMAIN/SELECTOR.pem"};
  CHECK(odd_names(dir.path(), soon, 10) == want);
  const auto few = odd_names(dir.path(), soon);
  REQUIRE(few.size() == 6);
  CHECK(few.back() == dir.path() + ": and 1 more names like these");
}
