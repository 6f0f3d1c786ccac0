// SPDX-License-Identifier: BSD-2-Clause
// Lists and maps on a real Redis: the same answers as a table in memory, at once after a change, and what happens when
// the server is away.
#include <array>

#include <doctest/doctest.h>

#include <csignal>

#include "../fixture/redis_server.h"
#include "../fixture/temp_dir.h"
#include "adapter/builders/redis_tables.h"
#include "adapter/redis/redis_connection.h"
#include "adapter/table/table.h"
#include "port/table_batch.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

// What redis-cli would say, on one connection.
class Cli {
 public:
  explicit Cli(const std::string& url)
      : url_(*RedisUrl::parse(url)), hosts_(url_.socket().host),
        connection_(std::move(*RedisConnection::open(url_, hosts_, RedisConnection::Login::yes, Deadline::in(5s)))) {}
  void operator()(const std::vector<std::string>& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    const auto reply = connection_->command(views, Deadline::in(5s));
    REQUIRE(reply);
    REQUIRE(reply->kind != RedisReply::Kind::error);
  }

 private:
  RedisUrl url_;
  HostLookup hosts_;
  std::unique_ptr<RedisConnection> connection_;
};

struct Bed {
  explicit Bed(std::chrono::milliseconds deadline = 1000ms) : cli(server.url()) {
    auto made = make_redis_tables({.url = server.url(), .deadline = deadline}, clock, log);
    REQUIRE(made);
    tables = *made;
  }
  RedisServer server;
  ManualClock clock;
  Lines log;
  Cli cli;
  std::shared_ptr<RedisTables> tables;
};

const std::vector<std::pair<std::string, std::string>> entries = {{"192.0.2.0/24", "net"},
                                                                  {"192.0.2.7", "one"},
                                                                  {"198.51.100.9/32", "bits"},
                                                                  {"2001:db8::/32", "six"},
                                                                  {"2001:db8::1", "six-one"},
                                                                  {"user@example.com", "user"},
                                                                  {"plus+x@example.com", "plus"},
                                                                  {"root@", "root"},
                                                                  {"example.com", "domain"},
                                                                  {".example.net", "below"},
                                                                  {"<>", "null"},
                                                                  {"alice", "login"},
                                                                  {"xn--bcher-kva.example", "idna"}};

TEST_CASE("redis tables: they find what a table in memory finds") {
  if (no_redis()) return;
  Bed bed;
  std::vector<TableEntry> views;
  for (const auto& [key, value] : entries) {
    views.push_back({key, value, {}});
    bed.cli({"HSET", "map", key, value});
    bed.cli({"SADD", "set", key});
    bed.cli({"ZADD", "sorted", "inf", key});
  }
  const auto memory = make_table(views, TableKind::map).table;
  REQUIRE(memory);
  const auto map = bed.tables->table("map", TableKind::map), set = bed.tables->table("set", TableKind::list),
             sorted = bed.tables->table("sorted", TableKind::list);
  const auto same = [&](std::string_view what, auto find) {
    CAPTURE(what);
    const Found want = find(*memory);
    CHECK((find(*map) == want));
    CHECK(find(*set).has_value() == want.has_value());
    CHECK(find(*sorted).has_value() == want.has_value());
  };
  for (const auto* text : {"192.0.2.7", "192.0.2.8", "192.0.3.1", "::ffff:192.0.2.7", "198.51.100.9", "2001:db8::1",
                           "2001:db8::2", "2001:db9::1", "0.0.0.0"})
    same(text, [&](const Table& table) { return table.find(*IpAddress::parse(text)); });
  for (const auto* text : {"user@example.com", "USER+x@Example.com", "other@example.com", "plus+x@example.com",
                           "root@other.example", "root+a@other.example", "a@b.example.net", "a@example.net", "<>",
                           "alice", "\"odd one\"@example.com", "a@nowhere.example"})
    same(text, [&](const Table& table) { return table.find(Address::parse(text)); });
  for (const auto* text :
       {"example.com", "Example.COM.", "a.example.net", "a.b.example.net", "example.net", "com", "", "."})
    same(text, [&](const Table& table) { return table.find_domain(text); });
  for (const auto* text : {"alice", "ALICE", "@example.com", "bücher.example", "bob", "", "192.0.2.7.x"})
    same(text, [&](const Table& table) { return table.find_word(text); });
  same("absent", [&](const Table& table) { return table.find(Address()); });
}

TEST_CASE("redis tables: a change is seen within a second, an answer is not asked for twice in half of one") {
  if (no_redis()) return;
  Bed bed;
  const auto list = bed.tables->table("banned", TableKind::list);
  const auto banned = [&] { return list->find(*IpAddress::parse("192.0.2.7")).has_value(); };
  CHECK_FALSE(banned());  // no such key
  bed.cli({"SADD", "banned", "192.0.2.0/24"});
  CHECK_FALSE(banned());
  bed.clock.advance(501ms);
  CHECK(banned());
  CHECK(banned());
  CHECK(bed.tables->stats().asked == 2);
  CHECK(bed.tables->stats().kept == 2);
  bed.cli({"SREM", "banned", "192.0.2.0/24"});
  bed.cli({"SADD", "banned", "-"});
  bed.clock.advance(501ms);
  CHECK_FALSE(banned());
}

TEST_CASE("redis tables: a key that vanished is trouble, one that is meant to be empty or never was is empty") {
  if (no_redis()) return;
  Bed bed;
  bed.cli({"SADD", "banned", "mallory"});
  bed.cli({"HSET", "map", "mallory", "1/1h"});
  const auto other_process = make_redis_tables({.url = bed.server.url()}, bed.clock, bed.log);
  REQUIRE(other_process);
  const auto find = [&](const std::shared_ptr<RedisTables>& tables, const std::string& key) {
    bed.clock.advance(501ms);
    return tables->table(key, key == "map" ? TableKind::map : TableKind::list)->find_word("mallory");
  };
  for (const char* key : {"banned", "map"}) {
    CAPTURE(key);
    const std::string mark = std::string(key) + ":mailweir";
    CHECK(find(bed.tables, key).has_value());
    bed.cli({"DEL", key});
    CHECK(find(bed.tables, key).is_outage());
    CHECK(find(*other_process, key).is_outage());  // which has not seen it: the mark says so
    bed.cli({"DEL", mark});                        // evicted too
    CHECK(find(bed.tables, key).is_outage());
    CHECK_FALSE(find(*other_process, key).is_outage());
    const auto had = bed.tables->make_empty(key);
    REQUIRE(had);
    CHECK_FALSE(*had);
    for (const auto& tables : {bed.tables, *other_process}) {
      const auto found = find(tables, key);
      CHECK_FALSE(found.is_outage());
      CHECK_FALSE(found.has_value());
    }
  }
  CHECK_FALSE(find(bed.tables, "never").is_outage());
  REQUIRE(bed.log.all.size() >= 1);
  CHECK(bed.log.all.front().find("state=vanished") != std::string::npos);
  CHECK(bed.log.all.front().find("key=banned") != std::string::npos);
  CHECK(bed.log.all.front().find("mailweirctl empty-list") != std::string::npos);
  // With its next entry it is a list again, and may vanish again.
  bed.cli({"SADD", "banned", "mallory"});
  CHECK(find(bed.tables, "banned").has_value());
  CHECK(*bed.tables->make_empty("banned"));
  CHECK_FALSE(find(bed.tables, "banned").is_outage());
  bed.cli({"SADD", "banned", "mallory"});
  CHECK(find(bed.tables, "banned").has_value());
  bed.cli({"DEL", "banned"});
  CHECK(find(bed.tables, "banned").is_outage());
}

TEST_CASE("redis tables: a login that may write no mark looks up all the same") {
  if (no_redis()) return;
  Bed bed;
  bed.cli({"SADD", "banned", "mallory"});
  bed.cli({"ACL", "SETUSER", "reader", "on", ">word", "~banned", "+@all"});
  RedisTablesConfig config;
  config.url = bed.server.url();
  config.user = "reader";
  TempDir dir;
  write_file(dir / "word", "word\n");
  config.password_file = dir / "word";
  const auto tables = make_redis_tables(config, bed.clock, bed.log);
  REQUIRE(tables);
  const auto list = (*tables)->table("banned", TableKind::list);
  CHECK(list->find_word("mallory").has_value());
  CHECK_FALSE(list->find_word("alice").has_value());
  CHECK_FALSE(list->find_word("alice").is_outage());
  bed.cli({"DEL", "banned"});
  bed.clock.advance(501ms);
  CHECK(list->find_word("mallory").is_outage());  // this process has seen it
}

TEST_CASE("redis tables: whether the server evicts") {
  if (no_redis()) return;
  Bed bed;
  struct Row {
    const char* policy;
    const char* memory;
    const char* want;
  };
  for (const Row& row : {Row{"noeviction", "100mb", ""}, Row{"allkeys-lru", "0", ""},
                         Row{"allkeys-lru", "100mb", "allkeys-lru"}, Row{"volatile-ttl", "100mb", "volatile-ttl"}}) {
    CAPTURE(row.policy);
    bed.cli({"CONFIG", "SET", "maxmemory-policy", row.policy});
    bed.cli({"CONFIG", "SET", "maxmemory", row.memory});
    const auto found = bed.tables->evicts(Deadline::in(5s));
    REQUIRE(found);
    CHECK(*found == row.want);
  }
}

TEST_CASE("redis tables: scores of a sorted set are expiry times") {
  if (no_redis()) return;
  Bed bed;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  bed.cli({"ZADD", "z", std::to_string(now + 3600), "later.example", std::to_string(now - 1), "past.example", "+inf",
           "ever.example", std::to_string(now - 1), "both.example", std::to_string(now + 3600), ".example.org"});
  const auto list = bed.tables->table("z", TableKind::list);
  CHECK(list->find_domain("later.example"));
  CHECK_FALSE(list->find_domain("past.example"));
  CHECK(list->find_domain("ever.example"));
  CHECK(list->find_domain("x.example.org"));
}

TEST_CASE("redis tables: what is no list or map is an outage of that key alone") {
  if (no_redis()) return;
  Bed bed;
  bed.cli({"SET", "string", "x"});
  bed.cli({"SADD", "set", "a"});
  bed.cli({"HSET", "hash", "a", "b"});
  const auto wrong = bed.tables->table("string", TableKind::list),
             map_of_set = bed.tables->table("set", TableKind::map),
             list_of_hash = bed.tables->table("hash", TableKind::list),
             good = bed.tables->table("set", TableKind::list);
  for (int i = 0; i < 3; ++i) {
    CHECK(wrong->find_word("a").is_outage());
    CHECK(map_of_set->find_word("a").is_outage());
    CHECK(list_of_hash->find_word("a").is_outage());
  }
  CHECK(good->find_word("a"));
  CHECK(bed.tables->stats().up);
  REQUIRE(bed.log.all.size() == 3);  // one line a minute for each key
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(bed.log.all[i].find("state=wrong-type") != std::string::npos);
    CHECK(bed.log.all[i].find(std::array{"key=string", "key=set", "key=hash"}[i]) != std::string::npos);
  }
}

TEST_CASE("redis tables: while the server is away no lookup waits, and it comes back by itself") {
  if (no_redis()) return;
  Bed bed(300ms);
  bed.cli({"SADD", "l", "a"});
  const auto list = bed.tables->table("l", TableKind::list);
  CHECK(list->find_word("a"));
  bed.clock.advance(1s);
  bed.server.signal(SIGSTOP);
  CHECK(list->find_word("a").is_outage());
  const auto asked = bed.tables->stats().asked.load();
  for (int i = 0; i < 1000; ++i) CHECK(list->find_word("w" + std::to_string(i)).is_outage());
  CHECK(bed.tables->stats().asked == asked);
  bed.server.signal(SIGCONT);
  CHECK(list->find_word("a").is_outage());  // not before the pause is over
  bed.clock.advance(1s);
  CHECK(list->find_word("a"));
  REQUIRE(bed.log.all.size() == 2);
  CHECK(bed.log.all[0].find("state=down") != std::string::npos);
  CHECK(bed.log.all[1].find("state=up") != std::string::npos);
}

}  // namespace

TEST_CASE("redis tables: many things are asked in one call, the first that is there counts") {
  if (no_redis()) return;
  Bed bed;
  bed.cli({"HSET", "m", "d7.example", "seven", ".e.example", "below", "u90@d90.example", "ninety"});
  bed.cli({"SADD", "l", "word 1500"});
  const auto map = bed.tables->table("m", TableKind::map), list = bed.tables->table("l", TableKind::list);
  std::vector<Address> addresses;
  for (int i = 0; i < 100; ++i)
    addresses.push_back(Address::parse("u" + std::to_string(i) + "@d" + std::to_string(i) + ".example"));
  std::vector<TableQuery> queries;
  for (const auto& address : addresses) queries.push_back({.kind = TableQuery::Kind::address, .address = &address});
  const auto& batch = dynamic_cast<const BatchTable&>(*map);
  CHECK(batch.find_first(queries) == "seven");
  CHECK(bed.tables->stats().asked == 1);
  CHECK(batch.find_first(std::span(queries).subspan(8)) == "ninety");
  CHECK(batch.find_first(std::span(queries).first(7)) == std::nullopt);
  CHECK(batch.find_first({}) == std::nullopt);
  std::vector<std::string> words;
  for (int i = 0; i < 9000; ++i) words.push_back("word " + std::to_string(i));
  std::vector<TableQuery> of_words;
  for (const auto& word : words) of_words.push_back({.kind = TableQuery::Kind::word, .text = word});
  const auto& words_in = dynamic_cast<const BatchTable&>(*list);
  CHECK(words_in.find_first(of_words) == "");
  const auto asked = bed.tables->stats().asked.load();
  CHECK(words_in.find_first(std::span(of_words).subspan(2000)) == std::nullopt);
  CHECK(bed.tables->stats().asked == asked + 4);  // 7,000 keys
}

TEST_CASE("redis tables: one message that asks for too much does not count the server as down for others") {
  if (no_redis()) return;
  Bed bed(50ms);
  bed.cli({"SADD", "l", "here"});
  const auto table = bed.tables->table("l", TableKind::list);
  std::vector<std::string> words;
  for (int i = 0; i < 25'000; ++i) words.push_back("word " + std::to_string(i));
  std::vector<TableQuery> queries;
  for (const auto& word : words) queries.push_back({.kind = TableQuery::Kind::word, .text = word});
  const auto& batch = dynamic_cast<const BatchTable&>(*table);
  CHECK(batch.find_first(queries).is_outage());  // over the bound: not asked at all
  CHECK(bed.tables->stats().asked == 0);
  bed.cli({"CLIENT", "PAUSE", "300", "ALL"});
  CHECK(batch.find_first(std::span(queries).first(1000)).is_outage());
  CHECK(bed.tables->stats().up);
  CHECK(bed.tables->stats().outages == 0);
  REQUIRE(bed.log.all.size() == 1);  // one line a minute
  CHECK(bed.log.all[0].find("state=slow") != std::string::npos);
  Found found = Found::outage();
  for (const auto until = Deadline::in(5s); found.is_outage() && !until.over(); bed.clock.advance(1s))
    found = table->find_word("here");
  CHECK(found == "");
}
