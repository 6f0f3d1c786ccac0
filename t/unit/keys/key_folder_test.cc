// SPDX-License-Identifier: BSD-2-Clause
// Keys by place: what is found in a domain's folder, when it is seen, and what must not be used.
#include "adapter/keys/key_folder.h"
#include "adapter/keys/key_rights.h"

#include <filesystem>
#include <functional>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/temp_dir.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// A folder of keys, and a clock that began long after all of its files were written.
struct Place {
  TempDir dir;
  ManualClock clock{std::chrono::system_clock::now() + 1h};
  std::shared_ptr<KeyFolder> keys = make_key_folder({.path = dir.path(), .most_domains = 4}, clock);

  std::string write(const std::string& domain, const std::string& file, const std::string& text,
                    mode_t mode = 0600) const {
    fs::create_directories(dir / domain);
    const std::string path = dir / (domain + '/' + file);
    write_file(path + ".tmp", text);
    ::chmod((path + ".tmp").c_str(), mode);
    fs::rename(path + ".tmp", path);
    return path;
  }
  KeysFound find(const std::string& domain) { return keys->find(domain, Deadline::in(5s)); }
  // The selectors that sign, then what is wrong.
  std::string look(const std::string& domain) {
    const KeysFound found = find(domain);
    std::string text;
    for (const auto& key : found.keys) {
      CHECK(key->domain == domain);
      text += key->selector + (key->signer->kind() == KeyKind::rsa ? " " : "* ");
    }
    if (found.unreachable) text += "unreachable ";
    for (std::string trouble : found.troubles) {
      trouble.erase(0, dir.path().size() + 1);
      for (std::size_t at; (at = trouble.find(dir.path())) != trouble.npos;)
        trouble.replace(at, dir.path().size(), "$");
      text += '[' + trouble + "] ";
    }
    return text;
  }
};

const std::string rsa = dkim_keys::rsa_pem, ed25519 = dkim_keys::ed25519_pem;

TEST_CASE("key folder: keys come, change and go, seen after a second, without a reload") {
  Place place;
  CHECK(place.look("example.com") == "");
  place.write("example.com", "s1.pem", rsa);
  CHECK(place.look("example.com") == "");  // looked at again once a second at most
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "s1 ");
  place.write("example.com", "s2.pem", ed25519);
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "s1 s2* ");
  place.write("example.com", "s1.pem", ed25519);
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "s1* s2* ");
  write_file(place.dir / "example.com/s1.pem", rsa);  // in place: the folder's times do not change
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "s1 s2* ");
  fs::remove(place.dir / "example.com/s1.pem");
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "s2* ");
  fs::remove_all(place.dir / "example.com");
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "");
}

TEST_CASE("key folder: what did not change is not read again") {
  Place place;
  place.write("example.com", "s1.pem", rsa);
  place.write("example.com", "s2.pem", ed25519);
  CHECK(place.look("example.com") == "s1 s2* ");
  CHECK(place.keys->stats().reads == 2);
  for (int i = 0; i < 5; ++i) {
    place.clock.advance(1s);
    CHECK(place.look("example.com") == "s1 s2* ");
    CHECK(place.look("example.com") == "s1 s2* ");
  }
  CHECK(place.keys->stats().reads == 2);
  CHECK(place.keys->stats().looks == 6);
  // A key that was written this very moment could change once more within the step of the file system's clock.
  TempDir dir;
  ManualClock now{std::chrono::system_clock::now()};
  const auto keys = make_key_folder({.path = dir.path()}, now);
  fs::create_directory(dir / "example.com");
  write_file(dir / "example.com/s1.pem", rsa);
  ::chmod((dir / "example.com/s1.pem").c_str(), 0600);
  CHECK(keys->find("example.com", Deadline::in(5s)).keys.size() == 1);
  now.advance(1s);
  CHECK(keys->find("example.com", Deadline::in(5s)).keys.size() == 1);
  CHECK(keys->stats().reads == 2);
}

TEST_CASE("key folder: a bad key harms no other, and is said once") {
  struct Row {
    const char* label;
    std::function<void(const Place&)> make;
    std::string want;
  };
  const auto folder = [](const Place& place) { return place.dir / "example.com/"; };
  const Row rows[] = {
      {"torn", [](const Place& place) { place.write("example.com", "bad.pem", rsa.substr(0, 300)); },
       "[example.com/bad.pem: holds no private key that libcrypto can read] "},
      {"empty", [](const Place& place) { place.write("example.com", "bad.pem", ""); },
       "[example.com/bad.pem: is empty; a private key in a PEM file is needed] "},
      {"others may read", [](const Place& place) { place.write("example.com", "bad.pem", rsa, 0644); },
       "[example.com/bad.pem: mode 0644: others can read this key; " +
           readable_by(daemon_group(), "$/example.com/bad.pem") + "] "},
      {"several things", [](const Place& place) { place.write("example.com", "bad.pem", rsa.substr(0, 300), 0666); },
       "[example.com/bad.pem: mode 0666: others can read and replace this key, its group can replace it; " +
           readable_by(daemon_group(), "$/example.com/bad.pem") +
           "; also, it holds no private key that libcrypto can read] "},
      {"a link", [&](const Place& place) { fs::create_symlink("good.pem", folder(place) + "bad.pem"); },
       "[example.com/bad.pem: is a symbolic link, which is not followed] "},
      {"a pipe", [&](const Place& place) { REQUIRE(::mkfifo((folder(place) + "bad.pem").c_str(), 0600) == 0); },
       "[example.com/bad.pem: is not a regular file] "},
      {"a folder", [&](const Place& place) { fs::create_directory(folder(place) + "bad.pem"); },
       "[example.com/bad.pem: is not a regular file] "},
      {"too long", [](const Place& place) { place.write("example.com", "bad.pem", std::string(70'000, 'x')); },
       "[example.com/bad.pem: is too large for a private key] "},
      {"upper case", [](const Place& place) { place.write("example.com", "BAD.pem", rsa); }, ""},
      {"not yet there", [](const Place& place) { place.write("example.com", ".new.pem", rsa); }, ""},
      {"something else", [](const Place& place) { place.write("example.com", "bad.key", rsa); }, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    Place place;
    place.write("example.com", "good.pem", ed25519);
    row.make(place);
    const KeysFound first = place.find("example.com");
    CHECK(first.news.size() == (!row.want.empty() || row.label == std::string("upper case") ? 1 : 0));
    if (!first.troubles.empty()) CHECK(first.news == first.troubles);
    place.clock.advance(1s);
    CHECK(place.look("example.com") == "good* " + row.want);
    CHECK(place.find("example.com").news.empty());
    place.clock.advance(1s);
    CHECK(place.find("example.com").news.empty());
  }
}

TEST_CASE("key folder: whose files and folders are not trusted") {
  Place place;
  place.write("example.com", "s1.pem", rsa);
  ::chmod((place.dir / "example.com").c_str(), 0757);
  CHECK(place.look("example.com") == "[example.com: others can put keys there; run: chmod o-w $/example.com] ");
  ::chmod((place.dir / "example.com").c_str(), 0755);
  place.clock.advance(1s);
  CHECK(place.look("example.com") == "s1 ");
  fs::create_directory_symlink("example.com", place.dir / "link.example");
  CHECK(place.look("link.example") == "[link.example: is not a folder of its own (a symbolic link is not followed)] ");
  if (::geteuid() == 0) {
    REQUIRE(::chown((place.dir / "example.com/s1.pem").c_str(), 4321, 0) == 0);
    place.clock.advance(1s);
    CHECK(place.look("example.com")
              .find("its owner (uid 4321) is neither root nor root (uid 0); run: chown root "
                    "$/example.com/s1.pem") != std::string::npos);
    // As root the tool looks at keys of the daemon's user.
    const auto tool = make_key_folder({.path = place.dir.path(), .most_domains = 1, .owner = 4321}, place.clock);
    CHECK(tool->find("example.com", Deadline::in(5s)).keys.size() == 1);
  }
}

TEST_CASE("key folder: a name becomes a path only if it is one") {
  Place place;
  for (const char* domain : {"", ".", "..", "a/b", "../x", "a..b", ".example.com", "example.com.", "EXAMPLE.com",
                             "b\xc3\xbc.example", "a b", "x\n"}) {
    CAPTURE(domain);
    CHECK_FALSE(is_plain_name(domain));
    CHECK(place.look(domain) == "");
  }
  CHECK_FALSE(is_plain_name(std::string(64, 'a')));
  CHECK_FALSE(is_plain_name(std::string(62, 'a') + '.' + std::string(62, 'a') + '.' + std::string(62, 'a') + '.' +
                            std::string(66, 'a')));
  for (const char* domain : {"example.com", "xn--bcher-kva.example", "_x.example", "a-b", "s1.2026"})
    CHECK(is_plain_name(domain));
  CHECK(place.keys->stats().looks == 0);
}

TEST_CASE("key folder: the place is missing, and comes") {
  TempDir dir;
  ManualClock clock;
  const auto keys = make_key_folder({.path = dir / "keys"}, clock);
  const KeysFound found = keys->find("example.com", Deadline::in(5s));
  CHECK(found.unreachable);
  REQUIRE(found.news.size() == 1);
  CHECK(found.news[0] == dir / "keys: No such file or directory");
  fs::create_directory(dir / "keys");
  clock.advance(1s);
  CHECK_FALSE(keys->find("example.com", Deadline::in(5s)).unreachable);
}

TEST_CASE("key folder: the domains used last are kept") {
  Place place;
  for (const char* domain : {"a.example", "b.example", "c.example", "d.example"}) place.write(domain, "s.pem", ed25519);
  for (const char* domain : {"a.example", "b.example", "none.example", "c.example", "a.example", "d.example"})
    static_cast<void>(place.find(domain));
  CHECK(place.keys->stats().domains == 4);
  CHECK(place.keys->stats().forgotten == 1);
  CHECK(place.keys->stats().looks == 5);
  CHECK(place.look("a.example") == "s* ");
  CHECK(place.keys->stats().looks == 5);
  CHECK(place.look("b.example") == "s* ");  // the one that was forgotten
  CHECK(place.keys->stats().looks == 6);
}

TEST_CASE("key folder: at most 16 keys of a domain") {
  Place place;
  for (int i = 10; i < 30; ++i) place.write("example.com", "s" + std::to_string(i) + ".pem", ed25519);
  const KeysFound found = place.find("example.com");
  CHECK(found.keys.size() == 16);
  REQUIRE(found.troubles.size() == 1);
  CHECK(found.troubles[0].ends_with("example.com: has more than 16 keys; the rest is not used"));
}

TEST_CASE("key folder: many ask while keys change") {
  Place place;
  place.write("example.com", "s1.pem", rsa);
  std::vector<std::thread> threads;
  std::atomic<int> found{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        place.clock.advance(400ms);
        found += place.find("example.com").keys.empty() ? 0 : 1;
        static_cast<void>(place.find("d" + std::to_string(round % 7) + ".example"));
      }
    });
  for (int i = 0; i < 50; ++i) place.write("example.com", "s1.pem", i % 2 == 0 ? rsa : ed25519);
  for (auto& thread : threads) thread.join();
  CHECK(found == 4 * 300);
}

}  // namespace
}  // namespace mailweir
