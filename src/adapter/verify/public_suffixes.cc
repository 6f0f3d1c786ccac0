// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/verify/public_suffixes.h"

#include <libpsl.h>

#include "base/handle.h"

namespace mailweir {
namespace {

using SuffixesPtr = CPtr<psl_ctx_t, psl_free>;

class LibpslSuffixes final : public PublicSuffixes {
 public:
  explicit LibpslSuffixes(SuffixesPtr suffixes) : suffixes_(std::move(suffixes)) {}

  std::string registered_domain(std::string_view domain) const override {
    const std::string name(domain);
    const char* found = psl_registrable_domain(suffixes_.get(), name.c_str());
    return found == nullptr ? name : std::string(found);
  }

 private:
  SuffixesPtr suffixes_;
};

}  // namespace

Result<PublicSuffixesPtr> make_public_suffixes() {
  SuffixesPtr suffixes(psl_latest(nullptr));
  if (!suffixes || psl_suffix_count(suffixes.get()) == 0)
    return Error{"the public suffix list is missing; install the package publicsuffix"};
  return PublicSuffixesPtr(std::make_shared<LibpslSuffixes>(std::move(suffixes)));
}

}  // namespace mailweir
