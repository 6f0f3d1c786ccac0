// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/verifier_choice.h"

#include "adapter/verify/opendkim_judge.h"

namespace mailweir {

Result<SignatureJudgePtr> choose_verifier(const std::string& word) {
  if (word == "builtin") return SignatureJudgePtr();
  if (word == "libopendkim") return make_opendkim_judge();
  return Error{"--verifier must be builtin or libopendkim"};
}

}  // namespace mailweir
