// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/openssl_signer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/handle.h"

namespace mailweir {
namespace {

constexpr std::size_t largest_file = 64 * 1024;
constexpr unsigned least_rsa_bits = 1024, wanted_rsa_bits = 2048, most_rsa_bits_in_use = 4096;

using KeyPtr = CPtr<EVP_PKEY, EVP_PKEY_free>;
using ContextPtr = CPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

Error openssl_error(const char* what) {
  char text[256] = "unknown error";
  if (const auto code = ERR_peek_last_error()) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return Error{std::string(what) + ": " + text, true};
}

// --- signing ---------------------------------------------------------------------------------------------------------

class OpensslSigner final : public Signer {
 public:
  static Result<SignerPtr> make(KeyPtr key, KeyKind kind) {
    auto signer = std::make_shared<OpensslSigner>(std::move(key), kind);
    const char* hash = kind == KeyKind::rsa ? "SHA256" : nullptr;
    signer->sha256_.reset(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    signer->prepared_.reset(EVP_MD_CTX_new());
    if (!signer->sha256_ || !signer->prepared_ ||
        EVP_DigestSignInit_ex(signer->prepared_.get(), nullptr, hash, nullptr, nullptr, signer->key_.get(), nullptr) !=
            1)
      return openssl_error("EVP_DigestSignInit_ex");
    return SignerPtr(std::move(signer));
  }
  OpensslSigner(KeyPtr key, KeyKind kind) : key_(std::move(key)), kind_(kind) {}

  KeyKind kind() const override { return kind_; }
  unsigned bits() const override { return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get())); }

  Result<std::string> sign(std::string_view data) const override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    if (kind_ == KeyKind::ed25519) {  // RFC 8463 3: Ed25519 signs the hash as its message
      unsigned length = 0;
      if (EVP_Digest(data.data(), data.size(), hash.data(), &length, sha256_.get(), nullptr) != 1)
        return openssl_error("EVP_Digest");
      data = std::string_view(reinterpret_cast<const char*>(hash.data()), length);
    }
    // A copy of the prepared context costs a tenth of initialising one, and leaves the original to other threads.
    const ContextPtr context(EVP_MD_CTX_new());
    if (!context || EVP_MD_CTX_copy_ex(context.get(), prepared_.get()) != 1) return openssl_error("EVP_MD_CTX_copy_ex");
    std::size_t length = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
    std::string signature(length, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       reinterpret_cast<const unsigned char*>(data.data()), data.size()) != 1)
      return openssl_error("EVP_DigestSign");
    signature.resize(length);
    return signature;
  }

  std::string public_key() const override {
    if (kind_ == KeyKind::ed25519) {
      std::array<unsigned char, 32> raw;
      std::size_t length = raw.size();
      if (EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &length) != 1) return {};
      return to_base64({reinterpret_cast<const char*>(raw.data()), length});
    }
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key_.get(), &der);
    if (length <= 0) return {};
    std::string text = to_base64({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)});
    OPENSSL_free(der);
    return text;
  }

 private:
  KeyPtr key_;
  KeyKind kind_;
  CPtr<EVP_MD, EVP_MD_free> sha256_;
  ContextPtr prepared_;  // never signs itself
};

// --- reading ---------------------------------------------------------------------------------------------------------

// Why this is no file to read a key from; empty if it is one.
std::string objection(const struct stat& status) {
  const std::string mode = "mode " + octal(status.st_mode & 0777) + ": ";
  if (status.st_mode & S_IROTH) return mode + "others can read this key; chmod 640";
  if (status.st_mode & S_IWOTH) return mode + "others can replace this key; chmod 640";
  if (status.st_mode & S_IWGRP) return mode + "its group can replace this key; chmod 640";
  if (status.st_size == 0) return "is empty; a private key in a PEM file is needed";
  if (status.st_size > static_cast<off_t>(largest_file)) return "is too large for a private key";
  return {};
}

Result<std::string> read_text(const Fd& file, const std::string& path, FileStamp& stamp) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Error{path + ": " + std::strerror(errno)};
  if (const auto why = objection(status); !why.empty()) return Error{path + ": " + why};
  stamp = stamp_of(status);
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto length = ::read(file.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return Error{path + ": " + std::strerror(errno)};
    if (length == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(length));
    if (text.size() > largest_file) return Error{path + ": is too large for a private key"};
  }
  return text;
}

// No passphrase is ever there; notes that one was asked for.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

constexpr std::string_view blanks = " \t\r\n";

// What a key in base64 without its PEM lines is, and how to make a PEM file of it; empty if it is none. (RFC 8410 7:
// the 16 bytes that make 32 raw ones an Ed25519 key.)
std::string why_base64(std::string_view text) {
  std::string letters;
  for (const char c : text)
    if (blanks.find(c) == blanks.npos) letters += c;
  auto bytes = from_base64(letters);
  OPENSSL_cleanse(letters.data(), letters.size());
  if (!bytes) return {};
  const auto size = bytes->size();
  const bool der = size > 64 && bytes->front() == 0x30;
  OPENSSL_cleanse(bytes->data(), bytes->size());
  if (der || size == 48)
    return "is a key in base64 without the lines of a PEM file; write it out with: base64 -d FILE | openssl pkey "
           "-inform DER -out NEW";
  if (size != 32 && size != 64) return {};
  return "is an Ed25519 key in raw base64, not a PEM file; write it out with: "
         "{ echo MC4CAQAwBQYDK2VwBCIEIA== | base64 -d; base64 -d FILE | head -c 32; } | openssl pkey -inform DER -out "
         "NEW";
}

// What an unreadable PEM text is instead.
std::string why_no_key(std::string_view text, bool passphrase_asked) {
  const auto has = [&](std::string_view part) { return text.find(part) != text.npos; };
  if (passphrase_asked || has("BEGIN ENCRYPTED PRIVATE KEY"))
    return "is encrypted with a passphrase, which a daemon cannot be asked for; write it out with: openssl pkey -in "
           "FILE -out NEW";
  if (has("BEGIN PUBLIC KEY") || has("BEGIN RSA PUBLIC KEY"))
    return "is a public key; the private key of the pair is needed to sign";
  if (has("BEGIN CERTIFICATE")) return "is a certificate; a private key is needed";
  if (has("BEGIN OPENSSH PRIVATE KEY"))
    return "is an OpenSSH key, which is not PEM; create one with: openssl genpkey -algorithm ed25519 -out NEW";
  if (has("-----BEGIN ") && has("\\n"))
    return "has the letters \\n for its line ends; write it out with: printf '%b\\n' \"$(cat FILE)\" > NEW";
  if (has(" -----BEGIN ") || has("\t-----BEGIN ") || (has("-----BEGIN ") && (has("\n ") || has("\n\t"))))
    return "is indented, and therefore not a PEM file; write it out with: sed 's/^[[:space:]]*//' FILE > NEW";
  if (text.starts_with("\x30\x82") || text.starts_with("\x30\x2e"))
    return "is in DER, not a PEM file; write it out with: openssl pkey -inform DER -in FILE -out NEW";
  if (const auto why = why_base64(text); !why.empty()) return why;
  if (!has("-----BEGIN ")) return "is not a PEM file (no line -----BEGIN PRIVATE KEY-----)";
  return "holds no private key that libcrypto can read";
}

// The DER in base64, PEM's first and last line around it or not; null if it is none.
KeyPtr key_of_base64(std::string_view text) {
  constexpr std::string_view dashes = "-----";
  if (text.starts_with("-----BEGIN ")) {
    text.remove_prefix(std::min(text.find(dashes, dashes.size()), text.size()));
    text.remove_prefix(std::min(dashes.size(), text.size()));
    text = text.substr(0, text.find(dashes));
  }
  std::string letters;
  letters.reserve(text.size());
  for (const char c : text)
    if (blanks.find(c) == blanks.npos) letters += c;
  auto bytes = from_base64(letters);
  OPENSSL_cleanse(letters.data(), letters.size());
  if (!bytes) return nullptr;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes->data());
  KeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(bytes->size())));
  OPENSSL_cleanse(bytes->data(), bytes->size());
  ERR_clear_error();
  return key;
}

Result<KeyPtr> parse_key(std::string_view text, KeyText accepted) {
  const CPtr<BIO, BIO_free_all> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return openssl_error("BIO_new_mem_buf");
  bool passphrase_asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, no_passphrase, &passphrase_asked, nullptr, nullptr));
  ERR_clear_error();
  if (!key && accepted == KeyText::pem_or_base64) key = key_of_base64(text);
  if (!key) return Error{why_no_key(text, passphrase_asked)};
  return key;
}

Result<LoadedKey> loaded_from(std::string_view text, const std::string& path, KeyText accepted) {
  auto key = parse_key(text, accepted);
  if (!key) return Error{path + ": " + key.error().what};

  LoadedKey loaded;
  const auto* pkey = key->get();
  const bool rsa = EVP_PKEY_is_a(pkey, "RSA");
  if (!rsa && !EVP_PKEY_is_a(pkey, "ED25519")) {
    const char* name = EVP_PKEY_get0_type_name(pkey);
    return Error{path + ": is a key of the wrong kind (" + (name ? name : "unknown") +
                 "); DKIM signs with RSA or Ed25519"};
  }
  if (rsa) {
    const auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(pkey));
    const auto size = "is an RSA key of " + std::to_string(bits) + " bits; ";
    if (bits < least_rsa_bits)
      return Error{path + ": " + size + "receivers ignore signatures under 1024 (RFC 8301); make one of 2048"};
    if (bits < wanted_rsa_bits) loaded.warnings.push_back(path + ": " + size + "2048 are recommended (RFC 8301)");
    if (bits > most_rsa_bits_in_use)
      loaded.warnings.push_back(path + ": " + size + "receivers need not accept more than 4096 (RFC 8301); use 2048");
  }
  auto signer = OpensslSigner::make(std::move(*key), rsa ? KeyKind::rsa : KeyKind::ed25519);
  if (!signer) return Error{path + ": " + signer.error().what};
  loaded.signer = std::move(*signer);
  return loaded;
}
}  // namespace

Result<LoadedKey> load_signing_key(const std::string& path) {
  const auto opened = open_regular(path);
  if (!opened) return opened.error();
  return read_signing_key(*opened, path);
}

Result<LoadedKey> read_signing_key(const Fd& file, const std::string& path, KeyText accepted) {
  FileStamp stamp;
  auto text = read_text(file, path, stamp);
  if (!text) return text.error();
  auto loaded = loaded_from(*text, path, accepted);
  OPENSSL_cleanse(text->data(), text->size());
  if (loaded) loaded->stamp = stamp;
  return loaded;
}

Result<LoadedKey> parse_signing_key(std::string_view text, const std::string& name) {
  return loaded_from(text, name, KeyText::pem_or_base64);
}

}  // namespace mailweir
