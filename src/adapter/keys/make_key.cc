// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/make_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/handle.h"

namespace mailweir {

Result<std::string> make_private_key(KeyKind kind, unsigned bits) {
  if (kind == KeyKind::rsa && (bits < 2048 || bits > 4096)) return Error{"an RSA key has 2048 to 4096 bits"};
  const CPtr<EVP_PKEY, EVP_PKEY_free> key(kind == KeyKind::rsa ? EVP_RSA_gen(bits)
                                                               : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const CPtr<BIO, BIO_free_all> text(BIO_new(BIO_s_secmem()));
  if (!key || !text || PEM_write_bio_PrivateKey(text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    const auto code = ERR_get_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return Error{std::string("libcrypto cannot make a key: ") + (reason != nullptr ? reason : "no reason given")};
  }
  char* at = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &at);
  return std::string(at, static_cast<std::size_t>(size));
}

}  // namespace mailweir
