// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include "../fixture/temp_dir.h"
#include "adapter/table/table_cache.h"
#include "base/text.h"

using namespace mailweir;

TEST_CASE("table files: what a line can be") {
  const TempDir dir;
  const auto path = dir / "map";
  write_file(path,
             "\xef\xbb\xbf# a comment\r\n"
             "\n"
             "   \t\n"
             "alice@example.com\talice , a.smith  # both\r\n"
             "example.com  one two#three\n"
             "\"two words\" x\n"
             "\"odd one\"@example.com y\n"
             "192.0.2.0/24 net\n"
             "last.example 200/1h 1000/1d");
  const auto map = read_table(path, TableKind::map);
  CHECK(map.errors.empty());
  CHECK(map.warnings.empty());
  REQUIRE(map.table);
  CHECK(map.table->size() == 6);
  CHECK(map.table->find_word("alice@example.com") == "alice , a.smith");
  CHECK(map.table->find_word("example.com") == "one two#three");
  CHECK(map.table->find_word("Two Words") == "x");
  CHECK(map.table->find(Address::parse("\"odd one\"@example.com")) == "y");
  CHECK(map.table->find(*IpAddress::parse("192.0.2.3")) == "net");
  CHECK(map.table->find_word("last.example") == "200/1h 1000/1d");

  write_file(path, "a.example\n  b.example # indented\n#c.example\n");
  const auto list = read_table(path, TableKind::list);
  CHECK(list.errors.empty());
  REQUIRE(list.table);
  CHECK(list.table->size() == 2);
  CHECK(list.table->find_domain("b.example") == "");
}

TEST_CASE("table files: each bad line is named") {
  struct Row {
    std::string label, text;
    TableKind kind;
    const char* want;  // behind the path
  };
  const std::string zero("a\0b\n", 4);
  const Row rows[] = {
      {"two keys", "a.example\nb.example OK\n", TableKind::list,
       ":2:11: a list has one key per line, but this key is followed by \"OK\""},
      {"no value", "a.example\n", TableKind::map, ":1:10: the key has no value"},
      {"only a comment", "a.example # later\n", TableKind::map, ":1:10: the key has no value"},
      {"continued", "a 1\n  more\n", TableKind::map, ":2:1: starts with a blank"},
      {"open quotes", "\"a b\n", TableKind::list, ":1:1: the quotes of the key are not closed"},
      {"NUL", zero, TableKind::list, ":1:2: a NUL byte"},
      {"UTF-16",
       std::string("\xff\xfe"
                   "a",
                   3),
       TableKind::list, ":1:1: this is UTF-16"},
      {"host bits", "\n192.0.2.1/24\n", TableKind::list,
       ":2:1: \"192.0.2.1/24\": host bits are set; write 192.0.2.0/24"},
      {"indented", "  192.0.2\n", TableKind::list, ":1:3: \"192.0.2\": looks like an IP address"},
      {"escapes", "a\x1b[1m\n", TableKind::list, ":1:1: \"a?[1m\": a control character"},
      {"long line", "a\n" + std::string(4097, 'b') + "\nc\n", TableKind::list,
       ":2:4097: a line of more than 4096 bytes"},
      {"very long line", "a\n" + std::string(3'000'000, 'b') + "\nc\n", TableKind::list,
       ":2:4097: a line of more than"},
      {"very long last line", std::string(700'000, 'b'), TableKind::list, ":1:4097: a line of more than"},
      {"two values", "a 1\nb 2\nA 3\n", TableKind::map, ":3:1: the key has the value \"3\" here and \"1\" in line 1"},
  };
  const TempDir dir;
  const auto path = dir / "table";
  for (const auto& row : rows) {
    CAPTURE(row.label);
    write_file(path, row.text);
    const auto got = read_table(path, row.kind);
    CHECK_FALSE(got.table);
    REQUIRE_FALSE(got.errors.empty());
    CAPTURE(got.errors[0]);
    CHECK(got.errors[0].starts_with(path + row.want));
    if (row.text[0] != '\xff') CHECK(got.errors.size() == 1);
  }
}

TEST_CASE("table files: twenty errors, then a count") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += i % 2 ? "192.0.2\n" : "good" + std::to_string(i) + ".example\n";
  write_file(dir / "list", text);
  const auto got = read_table(dir / "list", TableKind::list);
  REQUIRE(got.errors.size() == 21);
  CHECK(got.errors[0].find(":2:1: ") != std::string::npos);
  CHECK(got.errors[20] == dir / "list" + ": and 480 more errors");
}

TEST_CASE("table files: lines at the edges of what is read at once") {
  const TempDir dir;
  for (const std::size_t shift : {0, 1, 2, 3, 5, 7}) {
    CAPTURE(shift);
    std::string text(shift, '\n');
    const std::size_t count = 40'000;
    for (std::size_t i = 0; i < count; ++i)
      text += "name" + std::to_string(i) + ".example v" + std::to_string(i) + '\n';
    write_file(dir / "map", text);
    const auto got = read_table(dir / "map", TableKind::map);
    REQUIRE(got.table);
    CHECK(got.table->size() == count);
    std::size_t right = 0;
    for (std::size_t i = 0; i < count; ++i)
      right += got.table->find_domain("name" + std::to_string(i) + ".example") == 'v' + std::to_string(i);
    CHECK(right == count);
  }
}

TEST_CASE("table files: a million entries") {
  const TempDir dir;
  const std::size_t count = 1'000'000;
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = std::to_string(i);
    if (i % 4 == 0) text += IpAddress::v4(static_cast<std::uint32_t>(i) << 8).to_string() + "/24\n";
    else if (i % 4 == 1) text += "user" + number + "@example.com\n";
    else text += (i % 4 == 2 ? "." : "") + number + ".example\n";
  }
  write_file(dir / "list", text);
  const auto got = read_table(dir / "list", TableKind::list);
  CHECK(got.errors.empty());
  REQUIRE(got.table);
  CHECK(got.table->size() == count);
  CHECK(got.table->find(IpAddress::v4((999'996U << 8) + 7)));
  CHECK_FALSE(got.table->find(IpAddress::v4((999'997U << 8) + 7)));
  CHECK(got.table->find(Address::parse("user999997@example.com")));
  CHECK_FALSE(got.table->find(Address::parse("user999996@example.com")));
  CHECK(got.table->find_domain("mx.999998.example"));
  CHECK_FALSE(got.table->find_domain("999998.example"));
  CHECK(got.table->find_domain("999999.example"));
}

TEST_CASE("table files: what is no readable file") {
  const TempDir dir;
  const auto error_of = [](const std::string& path) {
    const auto got = read_table(path, TableKind::list);
    CHECK_FALSE(got.table);
    REQUIRE(got.errors.size() == 1);
    return got.errors[0];
  };
  CHECK(error_of(dir.path()) == dir.path() + ": is a directory, not a file");
  CHECK(error_of(dir / "none") == dir / "none" + ": no such file");
  CHECK(error_of(dir / "sub/none") == dir / "sub/none" + ": the directory " + (dir / "sub") + " does not exist");
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(error_of(dir / "pipe") == dir / "pipe" + ": is not a regular file");

  write_file(dir / "secret", "a\n");
  chmod((dir / "secret").c_str(), 0);
  const uid_t before = geteuid();
  chmod(dir.path().c_str(), 0755);
  if (before == 0) REQUIRE(seteuid(65534) == 0);
  const auto unreadable = error_of(dir / "secret");
  if (before == 0) REQUIRE(seteuid(0) == 0);
  chmod(dir.path().c_str(), 0600);
  if (before == 0) REQUIRE(seteuid(65534) == 0);
  const auto closed = error_of(dir / "secret");
  if (before == 0) REQUIRE(seteuid(0) == 0);
  chmod(dir.path().c_str(), 0700);
  CAPTURE(unreadable);
  CHECK(unreadable.find(": user ") != std::string::npos);
  CHECK(unreadable.find(std::to_string(before == 0 ? 65534 : before)) != std::string::npos);
  CHECK(unreadable.find("may not read it") != std::string::npos);
  CHECK(unreadable.find("mode 0000") != std::string::npos);
  CHECK(closed.find("may not enter the directory " + dir.path()) != std::string::npos);
}

TEST_CASE("table files: warnings") {
  const TempDir dir;
  const auto path = dir / "map";
  write_file(path, "a 1\nA 1\n");
  chmod(path.c_str(), 0666);
  const auto got = read_table(path, TableKind::map);
  REQUIRE(got.table);
  REQUIRE(got.warnings.size() == 2);
  CHECK(got.warnings[0] == path + ":2:1: the same key and value as in line 1");
  CHECK(got.warnings[1] == path + ": is writable by all users; chmod o-w");
  write_file(path, "# nothing yet\n");
  CHECK(read_table(path, TableKind::map).warnings.at(0) == path + ": has no entries");
}

TEST_CASE("table cache: shares what did not change") {
  const TempDir dir;
  const auto path = dir / "list";
  write_file(path, "a.example\n");
  ManualClock clock(std::chrono::system_clock::now() + std::chrono::hours(1));
  TableCache cache(clock);
  auto first = cache.get(path, TableKind::list);
  REQUIRE(first.table);
  CHECK(cache.get(path, TableKind::list).table == first.table);
  CHECK(cache.reads() == 1);
  write_file(path, "b.example\nc.example\n");
  const auto second = cache.get(path, TableKind::list);
  REQUIRE(second.table);
  CHECK(second.table != first.table);
  CHECK(second.table->find_domain("b.example"));
  CHECK(cache.reads() == 2);
  // The same file as a map is another table, here a bad one; it does not disturb the list.
  CHECK_FALSE(cache.get(path, TableKind::map).table);
  CHECK(cache.get(path, TableKind::list).table == second.table);
  // A replaced file of the same size.
  write_file(dir / "new", "d.example\ne.example\n");
  REQUIRE(rename((dir / "new").c_str(), path.c_str()) == 0);
  CHECK(cache.get(path, TableKind::list).table->find_domain("d.example"));
  // Nothing is kept that is not used.
  first.table.reset();
  const auto reads = cache.reads();
  CHECK(cache.get(path, TableKind::list).table);
  CHECK(cache.reads() == reads + 1);
  // One that vanished is an error, not the old table.
  const auto held = cache.get(path, TableKind::list);
  REQUIRE(unlink(path.c_str()) == 0);
  CHECK_FALSE(cache.get(path, TableKind::list).table);
}

TEST_CASE("table cache: a file written just now is read again") {
  const TempDir dir;
  write_file(dir / "list", "a.example\n");
  const SystemClock clock;
  TableCache cache(clock);
  const auto held = cache.get(dir / "list", TableKind::list);
  CHECK(cache.get(dir / "list", TableKind::list).table != held.table);
  CHECK(cache.reads() == 2);
}
