// SPDX-License-Identifier: BSD-2-Clause
#include "engine/removed_headers.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {

std::vector<std::string> removed_headers(const HeaderList& headers, const RemoveHeaders& edit) {
  constexpr std::size_t most = 20;
  std::vector<std::string> names;
  headers.each_leaving([&](const HeaderView& field) {
    if (names.size() == most || !header_name_matches(edit.name, field.name)) return;
    const auto known = [&](const std::string& name) { return equal_folded(name, field.name); };
    if (std::any_of(names.begin(), names.end(), known)) return;
    if (!edit.value || edit.value->matches(unfolded(field.value))) names.emplace_back(field.name);
  });
  return names;
}

}  // namespace mailweir
