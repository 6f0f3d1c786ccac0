// SPDX-License-Identifier: BSD-2-Clause
// The Redis servers that lists come from, as status and metrics tell them: those in use, each once.
#include <doctest/doctest.h>

#include "adapter/builders/table_sources.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

std::string names(const TableSources& sources) {
  std::string all;
  for (const auto& server : sources.servers()) all += (all.empty() ? "" : " ") + server.name;
  return all;
}

TEST_CASE("table sources: a Redis server is there as long as a table is") {
  const ManualClock clock;
  TableSources sources(clock);
  CHECK(names(sources).empty());
  const RedisPlace first{"redis://127.0.0.1:1/0", "banned"}, second{"redis://127.0.0.1:2/0", "banned"};
  auto old = sources.redis(first, TableKind::list);
  auto also = sources.redis({first.url, "known"}, TableKind::map);
  REQUIRE(old.errors.empty());
  CHECK(names(sources) == "redis://127.0.0.1:1/0");
  auto next = sources.redis(second, TableKind::list);  // a reload: the old policy is still in use
  CHECK(names(sources) == "redis://127.0.0.1:1/0 redis://127.0.0.1:2/0");
  old.object.reset();
  CHECK(names(sources) == "redis://127.0.0.1:1/0 redis://127.0.0.1:2/0");  // another table has it
  also.object.reset();
  CHECK(names(sources) == "redis://127.0.0.1:2/0");
  next.object.reset();
  CHECK(names(sources).empty());
  CHECK_FALSE(sources.redis({"redis://", "x"}, TableKind::list).errors.empty());
  CHECK(names(sources).empty());
}

TEST_CASE("table sources: a server with two deadlines or passwords is told once, all its lookups together") {
  const ManualClock clock;
  TableSources sources(clock);
  // Nothing listens at port 1 of this host.
  const auto slow = sources.redis({"redis://127.0.0.1:1/0", "banned", 900ms}, TableKind::list);
  CHECK(slow.object->find_word("a").is_outage());
  const auto fast = sources.redis({"redis://127.0.0.1:1/0", "banned", 500ms}, TableKind::list);
  auto told = sources.servers();
  REQUIRE(told.size() == 1);
  CHECK(told[0].up);  // the newest was not asked yet
  CHECK(told[0].asked == 1);
  CHECK(told[0].errors == 1);
  CHECK(fast.object->find_word("a").is_outage());
  told = sources.servers();
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].up);
  CHECK(told[0].asked == 2);
  CHECK(told[0].errors == 2);
  const auto login = sources.redis({"redis://:secret@127.0.0.1:1/0", "banned"}, TableKind::list);
  CHECK(sources.servers().size() == 1);
}

}  // namespace
}  // namespace mailweir
