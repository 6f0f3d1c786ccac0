// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/openssl_digest.h"

#include <stdexcept>

#include <openssl/evp.h>

#include "base/handle.h"

namespace mailweir {
namespace {

using MdPtr = std::shared_ptr<EVP_MD>;

void must(int status, const char* what) {
  if (status != 1) throw std::runtime_error(std::string("libcrypto: ") + what + " failed");
}

class OpensslSha256 final : public Digest {
 public:
  explicit OpensslSha256(MdPtr md) : md_(std::move(md)), context_(EVP_MD_CTX_new()) {
    if (!context_) throw std::bad_alloc();
    must(EVP_DigestInit_ex2(context_.get(), md_.get(), nullptr), "EVP_DigestInit_ex2(SHA-256)");
  }
  void write(std::string_view bytes) override {
    must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), "EVP_DigestUpdate");
  }
  std::string finish() override {
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    must(EVP_DigestFinal_ex(context_.get(), hash, &length), "EVP_DigestFinal_ex");
    return std::string(reinterpret_cast<const char*>(hash), length);
  }

 private:
  MdPtr md_;
  CPtr<EVP_MD_CTX, EVP_MD_CTX_free> context_;
};

// The algorithm is fetched once: a fetch for each message costs more than the hash of a small one.
class OpensslDigests final : public Digests {
 public:
  OpensslDigests() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free) {
    if (!sha256_) throw std::runtime_error("libcrypto has no SHA-256: see its openssl.cnf and providers");
  }
  DigestPtr sha256() const override { return std::make_unique<OpensslSha256>(sha256_); }

 private:
  MdPtr sha256_;
};

}  // namespace

DigestsPtr openssl_digests() { return std::make_shared<OpensslDigests>(); }

}  // namespace mailweir
