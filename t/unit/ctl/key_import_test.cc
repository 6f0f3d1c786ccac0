// SPDX-License-Identifier: BSD-2-Clause
// Which keys other software signs with.
#include "ctl/key_import.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"

using namespace mailweir;

namespace {

// "domain selector key[ ?]" for each, then what is left out and remarked, without the directory.
std::string told(const Result<KeysToImport>& found, const std::string& directory) {
  if (!found) return "error " + found.error().what;
  std::string text;
  for (const auto& key : found->keys)
    text += key.domain + ' ' + key.selector + ' ' + key.key + (key.signs ? "" : " ?") + '\n';
  for (const auto& one : found->left_out) text += "- " + one + '\n';
  for (const auto& one : found->remarks) text += "* " + one + '\n';
  for (auto at = text.find(directory + '/'); at != text.npos; at = text.find(directory + '/'))
    text.erase(at, directory.size() + 1);
  return text;
}

}  // namespace

TEST_CASE("key import: opendkim's tables") {
  const TempDir dir;
  struct Row {
    const char* label;
    std::string keys, authors;
    std::string_view want;
  };
  const Row rows[] = {
      {"a domain each", "a example.com:s1:/k/a\nb example.net:s2:/k/b\n", "*@example.com a\nexample.net b\n",
       "example.com s1 /k/a\nexample.net s2 /k/b\n"},
      {"a key for every domain", "all %:mail:/k/%/mail.private\n", "*@example.com all\n*@Example.NET all\n",
       "example.com mail /k/example.com/mail.private\nexample.net mail /k/example.net/mail.private\n"},
      {"for every sender", "all %:mail:/k/%\n", "* all\n",
       "- signing:1: mail of \"\" has no domain to sign for; name the domains\n"},
      {"not used", "a example.com:s1:/k/a\nold example.com:s0:/k/old\n", "*@example.com a\n",
       "example.com s1 /k/a\n- keys:2: the key signs nothing: no row of the signing table names \"old\"\n"},
      {"not there", "a example.com:s1:/k/a\n", "*@example.com a\n*@example.net b\n",
       "example.com s1 /k/a\n- signing:2: the key table has no \"b\"\n"},
      {"for another domain", "a example.com:s1:/k/a\n", "*@customer.example a\n",
       "example.com s1 /k/a\n* signing:1: mail of \"*@customer.example\" is signed for example.com, which a key in the "
       "directory does not do; a [[dkim.key]] or a rule's sign can\n"},
      {"one address, another signer", "a example.com:s1:/k/a\n", "a@example.com a:@example.com\n",
       "example.com s1 /k/a\n* signing:1: the key will sign all mail of example.com, not only that of "
       "\"a@example.com\"\n* signing:1: the signer \"@example.com\" (i=) is not taken\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    write_file(dir / "keys", row.keys);
    write_file(dir / "signing", row.authors);
    write_file(dir / "conf",
               "# of opendkim\nKeyTable " + (dir / "keys") + "\nsigningtable refile:" + (dir / "signing"));
    CHECK(told(find_opendkim_keys({dir / "conf", {}, {}}), dir.path()) == row.want);
    CHECK(told(find_opendkim_keys({{}, dir / "keys", "refile:" + (dir / "signing")}), dir.path()) == row.want);
  }
  write_file(dir / "conf", "Domain a.example, b.example\nSelector s1\nKeyFile /k/one\n");
  CHECK(told(find_opendkim_keys({dir / "conf", {}, {}}), dir.path()) == "a.example s1 /k/one\nb.example s1 /k/one\n");
  write_file(dir / "conf", "Domain a.example\n");
  CHECK(told(find_opendkim_keys({dir / "conf", {}, {}}), "") ==
        "error " + (dir / "conf") + ": has neither a KeyTable nor Domain, Selector and KeyFile");
}

TEST_CASE("key import: rspamd's directory and maps") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "keys");
  for (const auto* name : {"example.com.dkim.key", "example.net.2024.key", "example.net.2020.key", "odd.key", "a.txt"})
    write_file(dir / (std::string("keys/") + name), "x");
  CHECK(told(find_rspamd_keys({dir / "keys", {}, {}}), dir.path()) ==
        "example.com dkim keys/example.com.dkim.key\nexample.net 2020 keys/example.net.2020.key\n"
        "example.net 2024 keys/example.net.2024.key\n- keys/odd.key: the name is not DOMAIN.SELECTOR.key\n");
  write_file(dir / "selectors", "# domain selector\nexample.net 2024\nExample.org s.x\n");
  CHECK(told(find_rspamd_keys({dir / "keys", {}, dir / "selectors"}), dir.path()) ==
        "example.com dkim keys/example.com.dkim.key\nexample.net 2024 keys/example.net.2024.key\n"
        "- keys/example.net.2020.key: the key signs nothing: the selector of its domain is 2024\n"
        "- keys/odd.key: the name is not DOMAIN.SELECTOR.key\n");
  write_file(dir / "paths", "example.net /k/$domain/$selector\n");
  CHECK(told(find_rspamd_keys({{}, dir / "paths", dir / "selectors"}), dir.path()) ==
        "example.net 2024 /k/example.net/2024\n- example.org: the map of paths does not have it\n");
  CHECK(told(find_rspamd_keys({"/k/$domain.$selector", {}, dir / "selectors"}), dir.path()) ==
        "example.net 2024 /k/example.net.2024\nexample.org s.x /k/example.org.s.x\n");
  CHECK(told(find_rspamd_keys({}), "") == "error name a directory of keys, or maps with their domains");
}

TEST_CASE("key import: files of opendkim-genkey") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "example.com");
  std::filesystem::create_directory(dir / "example.net");
  for (const auto* name : {"example.com/s1.private", "example.net/a.private", "example.net/b.private", "flat.private",
                           "lost.private", "readme"})
    write_file(dir / name, "x");
  write_file(
      dir / "flat.txt",
      "flat._domainkey\tIN\tTXT\t( \"v=DKIM1; k=rsa; \"\n\t  \"p=x\" )  ; ----- DKIM key flat for example.org\n");
  CHECK(told(find_genkey_keys(dir.path()), dir.path()) ==
        "example.com s1 example.com/s1.private\nexample.net a example.net/a.private ?\n"
        "example.net b example.net/b.private ?\nexample.org flat flat.private\n"
        "- lost.private: its domain is not known; lost.txt does not name it\n");
}
