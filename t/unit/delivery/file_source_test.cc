// SPDX-License-Identifier: BSD-2-Clause
// A log file that is followed: partial lines, rotation both ways, restarts, lines that are too long.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "../fixture/temp_dir.h"
#include "adapter/follow/file_source.h"

namespace mailweir {
namespace {

struct Bed {
  TempDir directory;
  const std::string log = directory / "mail.log", position = directory / "position";
  std::unique_ptr<LogSource> source;

  void write(const std::string& text) const { std::ofstream(log, std::ios::app) << text; }
  void start() { source = make_file_source(log, position); }
  // The lines that have come, a comma between; "!" where it cannot be read.
  std::string read() {
    std::string all;
    const auto take = [&](std::string_view program, std::string_view line) {
      CHECK(program.empty());
      all += (all.empty() ? "" : ",") + std::string(line.substr(0, 20));
    };
    for (int turn = 0; turn < 4; ++turn) {  // a new file is begun when the old one has ended twice
      if (const auto more = source->read(take); !more) return all + '!';
      REQUIRE(source->save());
    }
    return all;
  }
};

TEST_CASE("a followed log: from its end at first, whole lines only") {
  Bed bed;
  bed.write("old\n");
  bed.start();
  CHECK(bed.read().empty());
  bed.write("one\ntw");
  CHECK(bed.read() == "one");
  bed.write("o\nthree\n");
  CHECK(bed.read() == "two,three");
  CHECK(bed.source->missed().empty());
}

TEST_CASE("a followed log: a restart goes on where it stopped, in the middle of a line too") {
  Bed bed;
  bed.write("old\n");
  bed.start();
  bed.read();
  bed.write("one\ntw");
  CHECK(bed.read() == "one");
  bed.start();
  bed.write("o\n");
  CHECK(bed.read() == "two");
}

TEST_CASE("a followed log that is renamed is read to its end first") {
  Bed bed;
  bed.write("old\n");
  bed.start();
  bed.read();
  bed.write("one\n");
  std::filesystem::rename(bed.log, bed.log + ".1");
  std::ofstream(bed.log + ".1", std::ios::app) << "two\n";
  bed.write("three\n");
  CHECK(bed.read() == "one,two,three");
  CHECK(bed.source->missed().empty());
}

TEST_CASE("a followed log that is renamed while no daemon runs is found") {
  Bed bed;
  bed.write("old\n");
  bed.start();
  bed.read();
  bed.source.reset();
  bed.write("one\n");
  std::filesystem::rename(bed.log, bed.log + ".1");
  bed.write("two\n");
  bed.start();
  CHECK(bed.read() == "one,two");
  CHECK(bed.source->missed().empty());

  bed.source.reset();
  bed.write("three\n");
  std::filesystem::rename(bed.log, bed.directory / "elsewhere");
  bed.write("four\n");
  bed.start();
  CHECK(bed.read() == "four");
  CHECK_FALSE(bed.source->missed().empty());
  CHECK(bed.source->stats().lost == 1);
}

TEST_CASE("a followed log that is copied and truncated, and longer than it was, is read from its start") {
  for (const bool restart : {false, true}) {
    Bed bed;
    bed.write("old\n");
    bed.start();
    bed.read();
    bed.write("one\n");
    CHECK(bed.read() == "one");
    if (restart) bed.source.reset();
    std::filesystem::copy_file(bed.log, bed.log + ".1");
    std::filesystem::resize_file(bed.log, 0);
    bed.write("a new line that is longer\n");
    if (restart) bed.start();
    CHECK(bed.read() == "a new line that is l");
  }
}

TEST_CASE("a followed log that is missing is waited for") {
  Bed bed;
  bed.start();
  CHECK(bed.read() == "!");
  bed.write("one\n");
  CHECK(bed.read() == "one");
}

TEST_CASE("a followed log: a line that is too long is left out, and holds no memory") {
  Bed bed;
  bed.write("old\n");
  bed.start();
  bed.read();
  bed.write(std::string(9000, 'x') + "\none\n" + std::string(200'000, 'y'));
  CHECK(bed.read() == "one");
  bed.write(std::string(200'000, 'y') + "\ntwo\n");
  CHECK(bed.read() == "two");
  CHECK(bed.source->stats().too_long == 2);
}

}  // namespace
}  // namespace mailweir
