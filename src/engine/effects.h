// SPDX-License-Identifier: BSD-2-Clause
// Effects: what the rules that fired do to a message that goes on: edits, a hold, routes, signatures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "port/pattern.h"

namespace mailweir {

struct HeaderEdit {
  enum class Kind { remove, add, replace };
  Kind kind = Kind::remove;
  std::string name;
  PatternPtr value;  // remove
  std::string text;  // add, replace
};

struct Effects {
  std::optional<std::string> hold, redirect, route;
  std::vector<std::string> bcc;
  std::vector<HeaderEdit> edits;
  bool sign_author = false;               // with the keys of the From header's domains
  std::vector<std::string> sign_domains;  // and with those of these

  bool signs() const { return sign_author || !sign_domains.empty(); }
  bool empty() const { return !hold && !redirect && !route && bcc.empty() && edits.empty() && !signs(); }
  void join(Effects&& later);  // of several routes, redirects and holds the last named wins; the rest is collected
};

}  // namespace mailweir
