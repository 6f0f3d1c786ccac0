// SPDX-License-Identifier: BSD-2-Clause
// Reads a policy file with what it includes into a Config and a Policy. Strict: every error is found and told together,
// as "file:line:column: key: why", and then there is no policy.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "port/builders.h"
#include "rule/policy.h"

namespace mailweir {

struct Loaded {
  std::optional<Config> config;    // nothing when there are errors
  std::shared_ptr<Policy> policy;  // null when there are errors
  std::vector<std::string> errors, warnings;
  std::vector<std::string> unusable_keys;  // those of the warnings that name a key; its domain leaves unsigned
  std::vector<std::string> files;          // that were read, the main one first
  std::string effective;                   // the whole configuration with its defaults, as TOML, rules in their order
};

Loaded load(const std::string& path, const Builders& builders);

}  // namespace mailweir
