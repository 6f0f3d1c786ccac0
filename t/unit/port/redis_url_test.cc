// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "adapter/counters/redis_counters.h"
#include "adapter/redis/redis_connection.h"
#include "adapter/redis/redis_eviction.h"
#include "port/redis_url.h"

using namespace mailweir;

TEST_CASE("redis: URLs") {
  struct Row {
    const char* in;
    const char* want;  // without the login
    const char* user;
    const char* password;
    const char* error;  // nullptr: good
  };
  const Row rows[] = {
      {"redis://localhost", "redis://localhost:6379/0", "", "", nullptr},
      {"redis://r.example:6380/3", "redis://r.example:6380/3", "", "", nullptr},
      {"redis://r.example/", "redis://r.example:6379/0", "", "", nullptr},
      {"redis://[::1]:6380/3", "redis://[::1]:6380/3", "", "", nullptr},
      {"redis://[2001:db8::1]", "redis://[2001:db8::1]:6379/0", "", "", nullptr},
      {"redis://mail:p%40ss%2Fw@h", "redis://h:6379/0", "mail", "p@ss/w", nullptr},
      {"redis://:secret@h/1", "redis://h:6379/1", "", "secret", nullptr},
      {"redis+unix:/run/r.sock", "redis+unix:/run/r.sock", "", "", nullptr},
      {"redis+unix:/run/a%20b?db=2", "redis+unix:/run/a b?db=2", "", "", nullptr},
      {"redis+unix:/run/r.sock?db=2&user=u&password=p", "redis+unix:/run/r.sock?db=2", "u", "p", nullptr},
      {"redis+sentinel://a,b:1,[::1]/main", "redis+sentinel://a:26379,b:1,[::1]:26379/main", "", "", nullptr},
      {"redis+sentinel://u:p@a/my%2Fmain/3", "redis+sentinel://a:26379/my/main/3", "u", "p", nullptr},
      {"redis+cluster://a,b:7001", "redis+cluster://a:6379,b:7001", "", "", nullptr},
      {"redis+cluster://:p@a/0", "redis+cluster://a:6379", "", "p", nullptr},
      {"redis+sentinel://a,b", nullptr, "", "", "the name of the master"},
      {"redis+sentinel://a,b/", nullptr, "", "", "the name of the master"},
      {"redis+sentinel://a,,b/main", nullptr, "", "", "the host is missing"},
      {"redis+sentinel://a/main/x", nullptr, "", "", "the database must be a number"},
      {"redis+sentinel:/a/main", nullptr, "", "", "unknown kind of store"},
      {"redis+cluster://a/1", nullptr, "", "", "a cluster has no databases"},
      {"redis+cluster://a:x", nullptr, "", "", "the port must be"},
      {"redis://a,b", nullptr, "", "", "only one server is possible here"},
      {"redis:", nullptr, "", "", "unknown kind of store"},
      {"memcached://h", nullptr, "", "", "unknown kind of store"},
      {"redis://", nullptr, "", "", "the host is missing"},
      {"redis://h:0", nullptr, "", "", "the port must be"},
      {"redis://h:70000", nullptr, "", "", "the port must be"},
      {"redis://2001:db8::1", nullptr, "", "", "IPv6 addresses must be in []"},
      {"redis://[::1", nullptr, "", "", "the ] is missing"},
      {"redis://h/x", nullptr, "", "", "the database must be a number"},
      {"redis://h/99999999", nullptr, "", "", "the database must be a number"},
      {"redis://secret@h", nullptr, "", "", "user:password@"},
      {"redis://u:@h", nullptr, "", "", "the password is missing"},
      {"redis://u:50%@h", nullptr, "", "", "must be written %25"},
      {"redis+unix:run/r.sock", nullptr, "", "", "the path must be absolute"},
      {"redis+unix:/r?db=x", nullptr, "", "", "are allowed after ?"},
      {"redis+unix:/r?port=1", nullptr, "", "", "are allowed after ?"},
      {"redis+unix:/r?user=u", nullptr, "", "", "a user needs a password"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    const auto url = RedisUrl::parse(row.in);
    REQUIRE(static_cast<bool>(url) == (row.error == nullptr));
    if (!url) {
      CHECK(url.error().what.find(row.error) != std::string::npos);
      CHECK(url.error().what.find("secret") == std::string::npos);
      CHECK_FALSE(make_redis_counters({.url = row.in}));
      continue;
    }
    CHECK(url->to_string() == row.want);
    CHECK(url->user == row.user);
    CHECK(url->password == row.password);
  }
}

TEST_CASE("redis: TLS where hiredis has it") {
  const auto url = RedisUrl::parse("rediss://h:6390/2");
  REQUIRE(static_cast<bool>(url) == redis_has_tls());
  if (url) CHECK(url->to_string() == "rediss://h:6390/2");
  else CHECK(url.error().what.find("put a TLS tunnel (stunnel, ghostunnel)") != std::string::npos);
}

TEST_CASE("redis: whether a server evicts, or why it cannot be asked") {
  using enum RedisReply::Kind;
  struct Row {
    RedisReply::Kind kind;
    const char *in, *want, *error;
  };
  const Row rows[] = {
      {text, "# Memory\r\nmaxmemory:100\r\nmaxmemory_policy:allkeys-lru\r\n", "allkeys-lru", ""},
      {text, "maxmemory:100\r\nmaxmemory_policy:noeviction\r\n", "", ""},
      {text, "maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", "", ""},
      {error, "NOPERM this user has no permissions to run the 'info' command", "", ""},
      {error, "NOAUTH Authentication required.", "",
       "redis://r:1/0: it answers \"NOAUTH Authentication required.\": it requires"},
      {error, "LOADING Redis is loading the dataset in memory", "", "it is loading its data: wait"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    const auto policy = eviction_policy({.kind = row.kind, .text = row.in, .elements = {}}, "redis://r:1/0");
    CHECK(static_cast<bool>(policy) == (*row.error == '\0'));
    if (policy) CHECK(*policy == row.want);
    else CHECK(policy.error().what.find(row.error) != std::string::npos);
  }
}

TEST_CASE("redis: what the server refuses says what to do") {
  struct Row {
    const char* in;
    const char* want;
  };
  const Row rows[] = {
      {"NOAUTH Authentication required.", "add it to the URL"},
      {"WRONGPASS invalid username-password pair or user is disabled.", "the user or the password is wrong"},
      {"ERR invalid password", "the password is wrong"},
      {"CLUSTERDOWN Hash slot not served", "see CLUSTER INFO"},
      {"MOVED 3999 127.0.0.1:6381", "name it redis+cluster://"},
      {"NOREPLICAS Not enough good replicas to write.", "min-replicas-to-write"},
      {"ERR AUTH <password> called without any password configured for the default user.", "remove it from the URL"},
      {"NOPERM this user has no permissions to run the 'evalsha' command", "needs the right to"},
      {"READONLY You can't write against a read only replica.", "name the primary"},
      {"LOADING Redis is loading the dataset in memory", "it is loading its data: wait"},
      {"ERR Error running script: @user_script:1: -OOM command not allowed", "raise maxmemory"},
      {"MISCONF Redis is configured to save RDB snapshots, but it's unable to persist.", "see its log"},
      {"BUSY Redis is busy running a script.", "long script"},
      {"ERR DB index is out of range", "change the number in the URL"},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", "choose another prefix"},
      {"ERR unknown command 'EVALSHA'", "Redis 5 or newer"},
      {"ERR something\r\nnew", "it answers \"ERR something??new\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.in);
    const Error error = to_error({.kind = RedisReply::Kind::error, .text = row.in, .elements = {}});
    CHECK(error.temporary == !std::string_view(row.in).starts_with("WRONGTYPE"));
    CHECK(error.what.find(row.want) != std::string::npos);
  }
}
