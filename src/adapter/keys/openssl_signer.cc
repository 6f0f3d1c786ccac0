// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/openssl_signer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "adapter/keys/key_rights.h"
#include "adapter/keys/why_no_key.h"
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

// Whether a key can be in it; else `wrong` says why not.
bool may_hold_key(const struct stat& status, std::vector<std::string>& wrong) {
  if (status.st_size == 0) wrong.emplace_back("is empty; a private key in a PEM file is needed");
  else if (status.st_size > static_cast<off_t>(largest_file)) wrong.emplace_back("is too large for a private key");
  else return true;
  return false;
}

Result<std::string> read_text(const Fd& file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto length = ::read(file.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return Error{std::strerror(errno)};
    if (length == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(length));
    if (text.size() > largest_file) return Error{"is too large for a private key"};
  }
  return text;
}

// No passphrase is ever there; notes that one was asked for.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

constexpr std::string_view blanks = " \t\r\n";

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

// Errors are without the path, warnings have it.
Result<LoadedKey> loaded_from(std::string_view text, const std::string& path, KeyText accepted) {
  auto key = parse_key(text, accepted);
  if (!key) return key.error();

  LoadedKey loaded;
  const auto* pkey = key->get();
  const bool rsa = EVP_PKEY_is_a(pkey, "RSA");
  if (!rsa && !EVP_PKEY_is_a(pkey, "ED25519")) {
    const char* name = EVP_PKEY_get0_type_name(pkey);
    return Error{std::string("is a key of the wrong kind (") + (name ? name : "unknown") +
                 "); DKIM signs with RSA or Ed25519"};
  }
  if (rsa) {
    const auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(pkey));
    const auto size = "is an RSA key of " + std::to_string(bits) + " bits; ";
    if (bits < least_rsa_bits)
      return Error{size + "receivers ignore signatures under 1024 (RFC 8301); make one of 2048"};
    if (bits < wanted_rsa_bits) loaded.warnings.push_back(path + ": " + size + "2048 are recommended (RFC 8301)");
    if (bits > most_rsa_bits_in_use)
      loaded.warnings.push_back(path + ": " + size + "receivers need not accept more than 4096 (RFC 8301); use 2048");
  }
  auto signer = OpensslSigner::make(std::move(*key), rsa ? KeyKind::rsa : KeyKind::ed25519);
  if (!signer) return signer.error();
  loaded.signer = std::move(*signer);
  return loaded;
}

Error all_of(const std::string& path, const std::vector<std::string>& wrong) {
  Error error{path + ": " + wrong.front()};
  for (std::size_t i = 1; i < wrong.size(); ++i) error.what += "; also, it " + wrong[i];
  return error;
}

}  // namespace

Result<LoadedKey> load_signing_key(const std::string& path, const std::string& group,
                                   const std::function<std::string(uid_t owner)>& objection) {
  const auto opened = open_regular(path);
  struct stat status {};
  if (opened) {
    const bool known = objection != nullptr && ::fstat(opened->get(), &status) == 0;
    return read_signing_key(*opened, path, {KeyText::pem, group, known ? objection(status.st_uid) : std::string()});
  }
  Error error = opened.error();
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES)
    error.what += "; " + readable_by(group.empty() ? daemon_group() : group, path);
  return error;
}

Result<LoadedKey> read_signing_key(const Fd& file, const std::string& path, const KeyReading& how) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Error{path + ": " + std::strerror(errno)};
  std::vector<std::string> wrong;
  if (!how.objection.empty()) wrong.push_back(how.objection);
  const auto group = how.group.empty() ? daemon_group() : how.group;
  if (auto why = objection_to_mode(status, path, group); !why.empty())
    wrong.push_back(wrong.empty() ? std::move(why) : "has " + why);
  if (!may_hold_key(status, wrong)) return all_of(path, wrong);
  auto text = read_text(file);
  if (!text) return Error{path + ": " + text.error().what};
  auto loaded = loaded_from(*text, path, how.accepted);
  OPENSSL_cleanse(text->data(), text->size());
  if (!loaded) wrong.push_back(loaded.error().what);
  if (!wrong.empty()) return all_of(path, wrong);
  loaded->stamp = stamp_of(status);
  return loaded;
}

Result<PortableKey> portable_key(std::string_view text, const std::string& name, KeyText accepted) {
  auto loaded = loaded_from(text, name, accepted);
  if (!loaded) return Error{name + ": " + loaded.error().what};
  const auto key = parse_key(text, accepted);
  const CPtr<BIO, BIO_free_all> out(BIO_new(BIO_s_secmem()));
  if (!key || !out || PEM_write_bio_PrivateKey(out.get(), key->get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error("PEM_write_bio_PrivateKey");
  char* at = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &at);
  return PortableKey{std::move(*loaded), std::string(at, static_cast<std::size_t>(size))};
}

Result<PortableKey> portable_key_from(const std::string& path) {
  const auto opened = open_regular(path);
  if (!opened) return opened.error();
  auto loaded = read_signing_key(*opened, path, {KeyText::pem_or_base64, {}, {}});
  if (!loaded) return loaded.error();
  if (::lseek(opened->get(), 0, SEEK_SET) != 0) return Error{path + ": " + std::strerror(errno)};
  auto text = read_text(*opened);
  if (!text) return Error{path + ": " + text.error().what};
  auto key = portable_key(*text, path, KeyText::pem_or_base64);
  OPENSSL_cleanse(text->data(), text->size());
  if (key) key->loaded = std::move(*loaded);
  return key;
}

Result<LoadedKey> parse_signing_key(std::string_view text, const std::string& name) {
  auto loaded = loaded_from(text, name, KeyText::pem_or_base64);
  if (!loaded) return Error{name + ": " + loaded.error().what};
  return loaded;
}

}  // namespace mailweir
