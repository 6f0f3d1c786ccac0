// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include <pwd.h>
#include <sys/wait.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "../fixture/dkim_keys.h"
#include "adapter/keys/key_cache.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_signer.h"
#include "base/base64.h"
#include "base/handle.h"

using namespace mailweir;
using dkim_keys::TemporaryFile;

namespace {

using KeyPtr = CPtr<EVP_PKEY, EVP_PKEY_free>;

std::string pem_of(EVP_PKEY* made, bool encrypted = false) {
  const KeyPtr key(made);
  REQUIRE(key);
  const CPtr<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  unsigned char passphrase[] = "secret";
  REQUIRE(PEM_write_bio_PrivateKey(bio.get(), key.get(), encrypted ? EVP_aes_128_cbc() : nullptr,
                                   encrypted ? passphrase : nullptr, encrypted ? 6 : 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

// Whether OpenSSL's own verification, from the key record's text alone, takes the signature.
bool verifies(const Signer& signer, const std::string& data, const std::string& signature) {
  const auto bytes = *from_base64(signer.public_key());
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const bool rsa = signer.kind() == KeyKind::rsa;
  const KeyPtr key(rsa ? d2i_PUBKEY(nullptr, &at, static_cast<long>(bytes.size()))
                       : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, at, bytes.size()));
  REQUIRE(key);
  std::string message = data;
  if (!rsa) {
    auto digest = openssl_digests()->sha256();
    digest->write(data);
    message = digest->finish();
  }
  const CPtr<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, rsa ? EVP_sha256() : nullptr, nullptr, key.get()) == 1);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

}  // namespace

TEST_CASE("base64") {
  struct Row {
    const char *plain, *text;
  };
  const Row rows[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},  // RFC 4648 10
                      {"foob", "Zm9vYg=="},
                      {"fooba", "Zm9vYmE="},
                      {"foobar", "Zm9vYmFy"},
                      {"\xff\xfe\xfd", "//79"}};
  for (const auto& row : rows) {
    CAPTURE(row.plain);
    CHECK(to_base64(row.plain) == row.text);
    CHECK(from_base64(row.text) == row.plain);
  }
  for (const char* bad : {"Z", "Zg=", "Zg", "Zh==", "Zm9=", "Z===", "Zm9v\n", "Zm 9v", "Z=g=", "===="}) {
    CAPTURE(bad);
    CHECK_FALSE(from_base64(bad).has_value());
  }
}

TEST_CASE("digest: SHA-256 in pieces (FIPS 180-4 examples)") {
  const auto digests = openssl_digests();
  auto one = digests->sha256();
  one->write("ab");
  one->write("");
  one->write("c");
  CHECK(to_base64(one->finish()) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  CHECK(to_base64(digests->sha256()->finish()) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST_CASE("signer: keys that work") {
  const TemporaryFile rsa(dkim_keys::rsa_pem), ed25519(dkim_keys::ed25519_pem, 0640);
  const auto one = load_signing_key(rsa.path());
  REQUIRE(one);
  CHECK(one->signer->kind() == KeyKind::rsa);
  CHECK(one->signer->bits() == 1024);
  CHECK(one->signer->public_key() == dkim_keys::rsa_public);
  REQUIRE(one->warnings.size() == 1);
  CHECK(one->warnings[0].find(rsa.path()) == 0);
  CHECK(one->warnings[0].find("1024 bits; 2048 are recommended") != std::string::npos);

  const auto two = load_signing_key(ed25519.path());
  REQUIRE(two);
  CHECK(two->signer->kind() == KeyKind::ed25519);
  CHECK(two->signer->public_key() == dkim_keys::ed25519_public);
  CHECK(two->warnings.empty());
}

TEST_CASE("signer: keys that do not, and what the admin is told") {
  const std::string rsa = dkim_keys::rsa_pem;
  struct Row {
    const char* what;
    std::string text;
    mode_t mode;
    const char* want;
  };
  const Row rows[] = {
      {"others read", rsa, 0644, "mode 0644: others can read this key; run: chgrp "},
      {"others write", rsa, 0602, "mode 0602: others can replace this key"},
      {"group writes", rsa, 0660, "mode 0660: its group can replace this key"},
      {"empty", "", 0600, "is empty"},
      {"too large", std::string(70'000, 'x'), 0600, "too large"},
      {"not PEM", "MIICXQIBAAKBgQDkHlOQ\n", 0600, "is not a PEM file"},
      {"cut off", rsa.substr(0, 400), 0600, "holds no private key"},
      {"garbled", std::string(rsa).replace(200, 10, "AAAAAAAAAA").replace(60, 4, "!!!!"), 0600, "holds no private key"},
      {"NUL bytes", std::string(100, '\0'), 0600, "is not a PEM file"},
      {"public",
       "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
       "KEY-----\n",
       0600, "is a public key; a private key cannot be made from it"},
      {"public, in DER", from_base64("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").value(), 0600,
       "is a public key in DER; a private key cannot"},
      {"public, in base64", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n", 0600,
       "is a public key in base64, as in p= of a key record; a private key cannot"},
      {"a key record", std::string("v=DKIM1; k=rsa; p=") + dkim_keys::rsa_public, 0600, "is a key record of the DNS"},
      {"open to all and public",
       "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
       "KEY-----\n",
       0666, "mode 0666: others can read and replace this key, its group can replace it; run: chgrp "},
      {"the same",
       "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
       "KEY-----\n",
       0666, "; also, it is a public key; a private key cannot be made"},
      {"certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", 0600, "is a certificate"},
      {"EC", pem_of(EVP_EC_gen("P-256")), 0600, "is a key of the wrong kind (EC); DKIM signs with RSA or Ed25519"},
      {"Ed448", pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")), 0600, "is a key of the wrong kind (ED448)"},
      {"X25519", pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")), 0600, "is a key of the wrong kind (X25519)"},
      {"short", pem_of(EVP_RSA_gen(768)), 0600, "is an RSA key of 768 bits; receivers ignore signatures under 1024"},
      {"passphrase", pem_of(EVP_EC_gen("P-256"), true), 0600, "is encrypted with a passphrase"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const TemporaryFile file(row.text, row.mode);
    const auto got = load_signing_key(file.path());
    REQUIRE_FALSE(got);
    CAPTURE(got.error().what);
    CHECK(got.error().what.starts_with(file.path() + ": "));
    CHECK(got.error().what.find(row.want) != std::string::npos);
  }
  const TemporaryFile file(rsa);
  CHECK(load_signing_key(file.directory()).error().what.find(file.directory() + ": is a directory") !=
        std::string::npos);
  CHECK(load_signing_key(file.directory() + "/none.pem").error().what == file.directory() + "/none.pem: no such file");
  const std::string fifo = file.directory() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(load_signing_key(fifo).error().what.find("is not a regular file") != std::string::npos);
  ::unlink(fifo.c_str());
}

TEST_CASE("signer: one key signs in many threads at once") {
  const TemporaryFile rsa(dkim_keys::rsa_pem), ed25519(dkim_keys::ed25519_pem);
  for (const auto* file : {&rsa, &ed25519}) {
    const auto loaded = load_signing_key(file->path());
    REQUIRE(loaded);
    const Signer& signer = *loaded->signer;
    std::vector<std::vector<std::string>> signatures(8);
    std::vector<std::thread> threads;
    for (std::size_t n = 0; n < signatures.size(); ++n)
      threads.emplace_back([&, n] {
        for (int i = 0; i < 50; ++i) {
          auto signature = signer.sign("message " + std::to_string(n) + std::to_string(i));
          signatures[n].push_back(signature ? *signature : signature.error().what);
        }
      });
    for (auto& thread : threads) thread.join();
    for (std::size_t n = 0; n < signatures.size(); ++n)
      for (int i = 0; i < 50; ++i)
        CHECK(verifies(signer, "message " + std::to_string(n) + std::to_string(i),
                       signatures[n][static_cast<std::size_t>(i)]));
    CHECK_FALSE(verifies(signer, "message 00", signatures[0][1]));
  }
}

TEST_CASE("signer: an unreadable file names the user that tried") {
  if (::geteuid() != 0) {
    const TemporaryFile file(dkim_keys::rsa_pem, 0);
    CHECK(load_signing_key(file.path()).error().what.find("may not read it; it belongs to ") != std::string::npos);
    CHECK(load_signing_key(file.path(), "mailweir")
              .error()
              .what.ends_with("; run: chgrp mailweir " + file.path() + " && chmod 640 " + file.path()));
    return;
  }
  // Root may read anything: ask as another user, in a child.
  const TemporaryFile file(dkim_keys::rsa_pem);
  ::chmod(file.directory().c_str(), 0755);
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::seteuid(65534) != 0) ::_exit(2);
    const auto got = load_signing_key(file.path());
    const std::string text = got ? "read" : got.error().what;
    ::_exit(::write(pipe_ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  char text[600];
  const auto length = ::read(pipe_ends[0], text, sizeof(text));
  ::close(pipe_ends[0]);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  REQUIRE(length > 0);
  const std::string got(text, static_cast<std::size_t>(length));
  CHECK(got.find(file.path() +
                 ": user nobody (uid 65534) may not read it; it belongs to root (uid 0) and has mode 0600") == 0);
}

TEST_CASE("key cache: shares what did not change, and reads what did") {
  const TempDir dir;
  const auto path = dir / "key.pem";
  const auto put = [&](const std::string& text, mode_t mode = 0600) {
    write_file(path, text);
    REQUIRE(chmod(path.c_str(), mode) == 0);
  };
  put(dkim_keys::rsa_pem);
  ManualClock clock(std::chrono::system_clock::now() + std::chrono::hours(1));
  KeyCache cache(clock);
  auto first = cache.get(path, "nobody");
  REQUIRE(first);
  CHECK(first->warnings.size() == 1);  // 1024 bits
  const auto again = cache.get(path, "nobody");
  REQUIRE(again);
  CHECK(again->signer == first->signer);
  CHECK(again->warnings.empty());
  CHECK(cache.reads() == 1);

  put(dkim_keys::ed25519_pem);
  const auto other = cache.get(path, "nobody");
  REQUIRE(other);
  CHECK(other->signer != first->signer);
  CHECK(other->signer->kind() == KeyKind::ed25519);

  // The same file with rights that it must not have.
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  CHECK_FALSE(cache.get(path, "nobody"));
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  CHECK(cache.get(path, "nobody"));
  put("no key at all");
  CHECK_FALSE(cache.get(path, "nobody"));
  REQUIRE(unlink(path.c_str()) == 0);
  CHECK_FALSE(cache.get(path, "nobody"));

  // Who owns it can put another one there.
  put(dkim_keys::rsa_pem);
  if (geteuid() == 0) {
    const auto* nobody = getpwnam("nobody");
    REQUIRE(nobody != nullptr);
    REQUIRE(chown(path.c_str(), nobody->pw_uid, 0) == 0);
    CHECK(cache.get(path, "nobody"));
    CHECK_FALSE(cache.get(path, "no such user"));
    REQUIRE(chown(path.c_str(), 54321, 0) == 0);
    CHECK(cache.get(path, "nobody").error().what ==
          path + ": its owner (uid 54321) is neither root nor nobody; run: chown nobody " + path);
    REQUIRE(unlink(path.c_str()) == 0);
  }

  // Nothing is kept that is not used.
  put(dkim_keys::rsa_pem);
  const auto reads = cache.reads();
  CHECK(cache.get(path, "nobody"));
  CHECK(cache.get(path, "nobody"));
  CHECK(cache.reads() == reads + 2);
}
