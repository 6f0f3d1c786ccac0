// SPDX-License-Identifier: BSD-2-Clause
// Tables that change with their files: TableCache::refresh.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/temp_dir.h"
#include "adapter/table/table_cache.h"

namespace mailweir {
namespace {

using test::LineLog;

struct Bed {
  explicit Bed(std::string_view text, TableKind what = TableKind::list) : kind(what) {
    write_file(path, std::string(text));
    loaded = cache.get(path, kind);
    REQUIRE(loaded.table);
  }
  void replace(std::string_view text) {
    write_file(dir / "new", std::string(text));
    REQUIRE(rename((dir / "new").c_str(), path.c_str()) == 0);
  }
  void refresh() {
    clock.advance(std::chrono::milliseconds(400));
    cache.refresh(log);
  }
  // "path: reason" of each, for status.
  std::string refused() const {
    std::string text;
    for (const auto& file : cache.refused_files()) text += file.path + ": " + file.reason + '\n';
    return text;
  }
  bool has(std::string_view name) const { return loaded.table->find_domain(name).has_value(); }

  const TempDir dir;
  const std::string path = dir / "list";
  ManualClock clock{std::chrono::system_clock::now() + std::chrono::hours(1)};
  LineLog log;
  TableCache cache{clock};
  TableKind kind;
  LoadedTable loaded;
};

TEST_CASE("live lists: a renamed file is seen at the next look") {
  Bed bed("a.example\n");
  bed.refresh();
  CHECK(bed.cache.reads() == 1);
  bed.replace("b.example\n");
  bed.refresh();
  CHECK_FALSE(bed.has("a.example"));
  CHECK(bed.has("b.example"));
  REQUIRE(bed.log.of("list-read").size() == 1);
  CHECK(bed.log.of("list-read")[0].find("entries=1") != std::string::npos);
  for (int i = 0; i < 10; ++i) bed.refresh();
  CHECK(bed.cache.reads() == 2);
  CHECK(bed.log.lines.size() == 1);
  // A reload finds it read already, and it is the same table.
  CHECK(bed.cache.get(bed.path, TableKind::list).table == bed.loaded.table);
}

TEST_CASE("live lists: a file that is being written is left alone until it is still") {
  Bed bed("a.example\n");
  bed.refresh();
  for (const auto* part : {"b.example\n", "b.example\nc.example\n", "b.example\nc.example\nd.example\n"}) {
    write_file(bed.path, part);
    bed.refresh();
    CHECK(bed.has("a.example"));
  }
  bed.refresh();
  CHECK(bed.has("d.example"));
  CHECK_FALSE(bed.has("a.example"));
}

TEST_CASE("live lists: a bad file is refused once, and the old content stays") {
  Bed bed("a.example\n");
  bed.replace("b.example\n192.0.2.1/24\n");
  for (int i = 0; i < 5; ++i) bed.refresh();
  CHECK(bed.has("a.example"));
  CHECK_FALSE(bed.has("b.example"));
  REQUIRE(bed.log.of("list-refused").size() == 1);
  CHECK(bed.log.of("list-refused")[0].find(":2:1:") != std::string::npos);
  CHECK(bed.cache.stats().refused == 1);
  CHECK(bed.cache.reads() == 2);
  CHECK(bed.refused().starts_with(bed.path + ": " + bed.path + ":2:1: "));
  bed.replace("c.example\n");
  bed.refresh();
  CHECK(bed.has("c.example"));
  CHECK(bed.refused().empty());
}

TEST_CASE("live lists: a refused file that no policy uses any more is not told") {
  Bed bed("a.example\n");
  bed.replace("192.0.2.1/24\n");
  for (int i = 0; i < 3; ++i) bed.refresh();
  CHECK_FALSE(bed.refused().empty());
  bed.loaded.table.reset();
  bed.refresh();
  CHECK(bed.refused().empty());
}

TEST_CASE("live lists: a file that is gone is told once; when it is back it is read") {
  Bed bed("a.example\n");
  REQUIRE(unlink(bed.path.c_str()) == 0);
  for (int i = 0; i < 5; ++i) bed.refresh();
  CHECK(bed.has("a.example"));
  CHECK(bed.log.of("list-refused").size() == 1);
  CHECK(bed.refused() == bed.path + ": " + bed.path + ": cannot be read any more\n");
  bed.replace("b.example\n");
  bed.refresh();
  CHECK(bed.has("b.example"));
  CHECK(bed.refused().empty());
}

TEST_CASE("live maps: what a limit needs of the values is asked of new ones too") {
  Bed bed("alice 10/1h\n", TableKind::map);
  bed.loaded.table->require("limit of rule r",
                            [](std::string_view, std::string_view value) -> std::optional<std::string> {
                              if (value.find('/') != value.npos) return {};
                              return "the period is missing";
                            });
  bed.replace("alice 10\n");
  bed.refresh();
  CHECK(bed.loaded.table->find_word("alice") == "10/1h");
  REQUIRE(bed.log.of("list-refused").size() == 1);
  CHECK(bed.log.of("list-refused")[0].find("alice: the period is missing (limit of rule r)") != std::string::npos);
  CHECK(bed.refused().find("the period is missing") != std::string::npos);
  bed.replace("alice 20/1h\n");
  bed.refresh();
  CHECK(bed.loaded.table->find_word("alice") == "20/1h");
}

TEST_CASE("live lists: the list of an old policy changes with its file as well") {
  Bed bed("a.example\n");
  bed.replace("b.example\n");
  const auto after = bed.cache.get(bed.path, TableKind::list);  // a reload that came first
  CHECK(after.table != bed.loaded.table);
  CHECK(bed.has("a.example"));
  bed.refresh();
  bed.refresh();
  CHECK(bed.has("b.example"));
  CHECK(after.table->find_domain("b.example"));
}

}  // namespace
}  // namespace mailweir
