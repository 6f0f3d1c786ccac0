// SPDX-License-Identifier: BSD-2-Clause
// EgressChoice: by which of our addresses the mail of a sender leaves. Immutable; thread-safe. A lookup needs memory
// only.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

namespace mailweir {

class EgressChoice {
 public:
  virtual ~EgressChoice() = default;

  // The name of the route that mail of this sender takes, "" if it takes none; good as long as this object. Nothing:
  // it is handed to another server, whose addresses are not known here.
  virtual std::optional<std::string_view> route_of(std::string_view sender) const = 0;
};
using EgressChoicePtr = std::shared_ptr<const EgressChoice>;

}  // namespace mailweir
