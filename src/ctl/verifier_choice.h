// SPDX-License-Identifier: BSD-2-Clause
// --verifier of the commands that verify DKIM signatures: who hashes and compares, as `[dkim] verifier` in the policy
// file.
#pragma once

#include <string>

#include "base/result.h"
#include "port/signature_judge.h"

namespace mailweir {

inline constexpr const char* verifier_help = "who verifies DKIM signatures: builtin or libopendkim";

// Null: our own verifier does it all. An error fit for the user: another word than these two, or the library cannot be
// had.
Result<SignatureJudgePtr> choose_verifier(const std::string& word);

}  // namespace mailweir
