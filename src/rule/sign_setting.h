// SPDX-License-Identifier: BSD-2-Clause
// SignSetting: sign = { domain = "{from_domain}", selector = "map:selectors" }: a rule that chooses what signs.
#pragma once

#include <optional>

#include "check/sign_plan.h"
#include "port/table.h"
#include "rule/reply_template.h"

namespace mailweir {

struct SignSetting {
  bool of_author = true;  // the domains of From, as the message leaves; else:
  Template domain;
  bool named = false;                // the domain's text has no fact in it: the policy file names it outright
  std::optional<Template> selector;  // one or several, blanks or commas between; none: all keys of the domain
  TablePtr selectors;                // a map of domains to these, instead

  SignChoice filled(auto&& fill) const {
    SignChoice choice;
    choice.of_author = of_author;
    choice.named = named;
    choice.selectors = selectors;
    if (!of_author) choice.domain = fill(domain);
    if (selector) choice.select = selectors_in(fill(*selector));
    return choice;
  }
  // Whether one of its texts is so.
  bool any_text(auto&& is_so) const { return is_so(domain) || (selector && is_so(*selector)); }
};

}  // namespace mailweir
