// SPDX-License-Identifier: BSD-2-Clause
// OpendkimTables with files: when changes are seen, what a bad row or key harms, and what the log has.
#include "adapter/keys/opendkim_tables.h"
#include "adapter/keys/key_rights.h"

#include <filesystem>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/temp_dir.h"

namespace mailweir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Two tables and two keys, and a clock that began long after all of its files were written.
struct Place {
  TempDir dir;
  ManualClock clock{std::chrono::system_clock::now() + 1h};
  std::shared_ptr<OpendkimTables> tables;

  explicit Place(const std::string& keys = "", const std::string& signing = "") {
    write("rsa.pem", dkim_keys::rsa_pem);
    write("ed.pem", dkim_keys::ed25519_pem);
    if (keys.empty()) return;
    write("keys", keys);
    write("signing", signing);
    make();
  }
  // "$" in a text is the directory.
  std::string with_dir(std::string text) const {
    for (auto at = text.find('$'); at != text.npos; at = text.find('$')) text.replace(at, 1, dir.path());
    return text;
  }
  std::string write(const std::string& file, const std::string& text, mode_t mode = 0600) const {
    const std::string path = dir / file;
    write_file(path + ".tmp", with_dir(text));
    ::chmod((path + ".tmp").c_str(), mode);
    fs::rename(path + ".tmp", path);
    return path;
  }
  void make(OpendkimTablesConfig config = {}) {
    config.key_table = config.key_table.empty() ? "file:" + dir / "keys" : with_dir(config.key_table);
    if (config.signing_table.empty()) config.signing_table = dir / "signing";
    auto made = make_opendkim_tables(config, clock);
    REQUIRE(made);
    tables = *made;
  }
  SigningKeysFound find(const std::string& local, const std::string& domain) {
    return tables->find(local, domain, Deadline::in(5s));
  }
  std::string shown(std::string text) const {
    for (auto at = text.find(dir.path()); at != text.npos; at = text.find(dir.path()))
      text.replace(at, dir.path().size(), "$");
    return text;
  }
  // d=, s= and i= of what signs ("*": Ed25519), then what is wrong.
  std::string look(const std::string& address) {
    const auto at = address.find('@');
    const SigningKeysFound found = find(address.substr(0, at), address.substr(at + 1));
    std::string text;
    REQUIRE(found.signers.size() == found.keys.size());
    for (std::size_t i = 0; i < found.keys.size(); ++i) {
      const auto& key = *found.keys[i];
      text += key.domain + '/' + key.selector + (key.signer->kind() == KeyKind::rsa ? "" : "*") +
              (found.signers[i].empty() ? "" : " i=" + found.signers[i]) + ' ';
    }
    if (found.unreachable) text += "unreachable ";
    for (const auto& trouble : found.troubles) text += '[' + trouble + "] ";
    return shown(text);
  }
  std::string news(const std::string& address) {
    const auto at = address.find('@');
    std::string text;
    for (const auto& each : find(address.substr(0, at), address.substr(at + 1)).news) text += '[' + each + "] ";
    return shown(text);
  }
};

const std::string base64_of_rsa = [] {
  std::string text, line = dkim_keys::rsa_pem;
  line = line.substr(line.find('\n') + 1);
  for (const char c : line.substr(0, line.find("-----")))
    if (c != '\n') text += c;
  return text;
}();

TEST_CASE("opendkim tables: which keys sign") {
  Place place("one example.com:s1:$/rsa.pem\ntwo %:s2:$/ed.pem\npath %:s3:$/%.pem\n",
              "user@example.com one:boss@%\nexample.com two\n.example.com two:x@y.example\nrsa path\n");
  CHECK(place.look("user@example.com") == "example.com/s1 i=boss@example.com ");
  CHECK(place.look("other@example.com") == "example.com/s2* ");
  CHECK(place.look("user@sub.example.com") == "sub.example.com/s2* ");  // i= is not below d=
  CHECK(place.look("user@rsa") == "rsa/s3 ");
  CHECK(place.look("user@other.example") == "");
  CHECK(place.tables->errors().empty());
  CHECK(place.tables->name() == "opendkim:" + place.dir / "signing");
  place.make({.multiple_signatures = true});
  CHECK(place.look("user@example.com") == "example.com/s1 i=boss@example.com example.com/s2* ");
}

TEST_CASE("opendkim tables: keys that stand in the table") {
  Place place;
  const std::string pem = "-----BEGIN RSA PRIVATE KEY-----" + base64_of_rsa + "-----END RSA PRIVATE KEY-----";
  place.make(
      {.key_table = "csl:base64=a.example:s1:" + base64_of_rsa + ",pem=a.example:s2:" + pem + ",bad=a.example:s3:MIIC",
       .signing_table = "a@a.example=base64,b@a.example=pem,c@a.example=bad,d@a.example=no"});
  CHECK(place.look("a@a.example") == "a.example/s1 ");
  CHECK(place.look("b@a.example") == "a.example/s2 ");
  CHECK(place.look("c@a.example").starts_with("[key_table, entry 3: the key: is "));
  CHECK(place.look("d@a.example") == "[signing_table, entry 4: the key table has no \"no\"] ");
  // As a file that opendkim reads, too.
  place.write("base64", base64_of_rsa.substr(0, 100) + '\n' + base64_of_rsa.substr(100) + '\n');
  place.make({.key_table = "csl:k=a.example:s1:$/base64", .signing_table = "a.example=k,b.example=x"});
  CHECK(place.look("a@a.example") == "a.example/s1 ");
  const auto reads = place.tables->key_stats().reads.load();
  place.clock.advance(1h);
  CHECK(place.look("a@a.example") == "a.example/s1 ");
  CHECK(place.tables->key_stats().reads == reads);
}

TEST_CASE("opendkim tables: a bad row or key harms its own mail, and is said once") {
  struct Row {
    const char *keys, *signing;
    std::string want;
  };
  const Row rows[] = {
      {"k a.example:s:$/none.pem", "bad k", "[$/keys:2: $/none.pem: no such file] "},
      {"k a.example:s:$/open.pem", "bad k",
       "[$/keys:2: $/open.pem: mode 0644: others can read this key; " + readable_by(daemon_group(), "$/open.pem") +
           "] "},
      {"k a.example:s:$/torn.pem", "bad k", "[$/keys:2: $/torn.pem: holds no private key that libcrypto can read] "},
      {"k a.example:s:$", "bad k", "[$/keys:2: $: is a directory, not a file] "},
      {"k a.example:s:/x/../x/y", "bad k", "[$/keys:2: /x/../x/y: the directory /x does not exist] "},
      {"k a.example:s", "bad k", "[$/keys:2: is not DOMAIN:SELECTOR:KEY behind the name] "},
      {"k a.example:s:$/rsa.pem", "bad", "[$/signing:2: the name of a key is missing; write it behind the address] "},
      {"k a.example:s:$/rsa.pem", "bad K", "[$/signing:2: the key table has no \"K\"] "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.want);
    Place place(std::string("good good:s:$/ed.pem\n") + row.keys + '\n',
                std::string("good good\n") + row.signing + '\n');
    place.write("open.pem", dkim_keys::rsa_pem, 0644);
    place.write("torn.pem", std::string(dkim_keys::rsa_pem).substr(0, 300));
    CHECK(place.look("user@good") == "good/s* ");
    place.make();
    CHECK(place.news("user@bad") == row.want);
    place.clock.advance(1s);
    CHECK(place.look("user@bad") == row.want);
    CHECK(place.news("user@bad") == "");
    place.clock.advance(1s);
    CHECK(place.news("other@bad") == "");
    CHECK(place.look("user@good") == "good/s* ");
  }
}

TEST_CASE("opendkim tables: a signer without @ is not signed for, as opendkim does") {
  Place place("k a.example:s:$/rsa.pem\n", "a.example k:nobody\n");
  CHECK(place.news("u@a.example") ==
        "[$/signing:1: the signer \"nobody\" has no \"@\", so this mail is not signed; write USER@DOMAIN or @DOMAIN] ");
  CHECK(place.look("u@a.example") == "");
}

TEST_CASE("opendkim tables: whose keys are not trusted") {
  if (::geteuid() != 0) return;
  Place place("k a.example:s:$/rsa.pem\n", "a.example k\n");
  REQUIRE(::chown((place.dir / "rsa.pem").c_str(), 4321, 0) == 0);
  CHECK(place.look("u@a.example")
            .find("its owner (uid 4321) is neither root nor root (uid 0); run: chown root $/rsa.pem") !=
        std::string::npos);
}

TEST_CASE("opendkim tables: changes are seen after a second") {
  Place place("k a.example:s1:$/rsa.pem\n", "a.example k\n");
  CHECK(place.look("u@a.example") == "a.example/s1 ");
  const auto first = place.find("u", "a.example").keys.at(0);
  CHECK(place.find("u", "a.example").keys.at(0) == first);
  place.write("keys", "k a.example:s2:$/rsa.pem\n");
  CHECK(place.look("u@a.example") == "a.example/s1 ");
  place.clock.advance(1s);
  CHECK(place.look("u@a.example") == "a.example/s2 ");
  place.write("signing", "b.example k\n");
  place.clock.advance(1s);
  CHECK(place.look("u@a.example") == "");
  CHECK(place.look("u@b.example") == "a.example/s2 ");
  CHECK(place.tables->table_reads() == 4);
  CHECK(place.tables->key_stats().reads == 1);
  place.write("rsa.pem", dkim_keys::ed25519_pem);
  place.clock.advance(1s);
  CHECK(place.look("u@b.example") == "a.example/s2* ");
  CHECK(place.tables->key_stats().reads == 2);
  for (int i = 0; i < 5; ++i) {
    place.clock.advance(1s);
    CHECK(place.look("u@b.example") == "a.example/s2* ");
  }
  CHECK(place.tables->table_reads() == 4);
  CHECK(place.tables->key_stats().reads == 2);
}

TEST_CASE("opendkim tables: a table that goes leaves the one that was read") {
  Place place("k a.example:s1:$/rsa.pem\n", "a.example k\n");
  CHECK(place.look("u@a.example") == "a.example/s1 ");
  fs::remove(place.dir / "keys");
  place.clock.advance(1s);
  CHECK(place.news("u@a.example") == "[$/keys: no such file; the table that was read before is still used] ");
  place.clock.advance(1s);
  CHECK(place.news("u@a.example") == "");
  CHECK(place.look("u@a.example") == "a.example/s1 ");
  CHECK(place.tables->errors().size() == 1);
  place.write("keys", "k a.example:s2:$/rsa.pem\nbad\n");
  place.clock.advance(1s);
  CHECK(place.news("u@a.example") == "[$/keys:2: is not DOMAIN:SELECTOR:KEY behind the name] ");
  CHECK(place.look("u@a.example") == "a.example/s2 ");
}

TEST_CASE("opendkim tables: a file that is empty while it is written is not a table without rows") {
  Place place("k a.example:s1:$/rsa.pem\n", "a.example k\n");
  ManualClock now{std::chrono::system_clock::now()};
  const auto tables =
      *make_opendkim_tables({.key_table = place.dir / "keys", .signing_table = place.dir / "signing"}, now);
  const auto count = [&] { return tables->find("u", "a.example", Deadline::in(5s)).keys.size(); };
  CHECK(count() == 1);
  write_file(place.dir / "signing", "");
  now.advance(1s);
  CHECK(count() == 1);
  now.advance(1h);
  CHECK(count() == 0);
}

TEST_CASE("opendkim tables: a table that is missing from the start, and comes") {
  Place place;
  place.make();
  CHECK(place.news("u@a.example") == "[$/keys: no such file] [$/signing: no such file] ");
  CHECK(place.look("u@a.example") == "unreachable ");
  place.write("signing", "a.example k\n");
  place.clock.advance(1s);
  CHECK(place.look("u@a.example") == "unreachable [$/signing:1: the key table has no \"k\"] ");
  place.write("keys", "k a.example:s1:$/rsa.pem\n");
  place.clock.advance(1s);
  CHECK(place.look("u@a.example") == "a.example/s1 ");
  CHECK(place.tables->errors().empty());
  CHECK(make_opendkim_tables({.key_table = "lua:/x", .signing_table = "/y"}, place.clock)
            .error()
            .what.starts_with("key_table: \"lua:\" is not read here"));
}

TEST_CASE("opendkim tables: the first errors are named, the others counted") {
  std::string keys;
  for (int i = 0; i < 50; ++i) keys += "k" + std::to_string(i) + " x\n";
  Place place(keys, "a.example k1\n");
  const auto errors = place.tables->errors();
  REQUIRE(errors.size() == 21);
  CHECK(errors.back() == "the key table: 30 more rows cannot be used");
}

TEST_CASE("opendkim tables: the keys used last are kept") {
  Place place("own %:s:$/%.pem\n", "* own\n");
  place.make({.most_keys = 3});
  for (const char* domain : {"a", "b", "c", "d"}) place.write(std::string(domain) + ".pem", dkim_keys::ed25519_pem);
  for (const char* domain : {"a", "b", "none", "a", "c", "d", "a"}) static_cast<void>(place.find("u", domain));
  CHECK(place.tables->key_stats().keys == 3);
  CHECK(place.tables->key_stats().forgotten == 2);
  CHECK(place.tables->key_stats().looks == 5);
  static_cast<void>(place.find("u", "b"));
  CHECK(place.tables->key_stats().looks == 6);
  // One key under many names is read once.
  Place shared("own %:s:$/rsa.pem\n", "* own\n");
  for (int i = 0; i < 40; ++i) {
    const auto domain = "d" + std::to_string(i) + ".example";
    CHECK(shared.look("u@" + domain) == domain + "/s ");
  }
  CHECK(shared.tables->key_stats().reads == 1);
}

TEST_CASE("opendkim tables: many ask while all changes") {
  Place place("k a.example:s1:$/rsa.pem\nown %:s:$/%.pem\n", "a.example k\n* own\n");
  std::vector<std::thread> threads;
  std::atomic<int> found{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        place.clock.advance(400ms);
        found += static_cast<int>(place.tables->find("u", "a.example", Deadline::in(5s)).keys.size());
        static_cast<void>(place.tables->find("u", "d" + std::to_string(round % 7), Deadline::in(5s)));
      }
    });
  for (int i = 0; i < 40; ++i) {
    place.write("keys", "k a.example:s" + std::to_string(i) + ":$/rsa.pem\nown %:s:$/%.pem\n");
    place.write("rsa.pem", i % 2 == 0 ? dkim_keys::rsa_pem : dkim_keys::ed25519_pem);
  }
  for (auto& thread : threads) thread.join();
  CHECK(found == 4 * 200);
}

}  // namespace
}  // namespace mailweir
