// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/odd_names.h"

#include <algorithm>
#include <memory>

#include <dirent.h>

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// Empty: a domain's directory is called so.
std::string objection_to(std::string_view name, bool is_file) {
  if (is_file && name.ends_with(".pem")) return "is not in the directory of its domain, DOMAIN/SELECTOR.pem";
  if (is_plain_name(name) || is_file) return {};
  const auto domain = to_domain(name);
  return "is not used; the directory of a domain has its name in lower case, as in the DNS" +
         (domain && is_plain_name(*domain) ? ": " + *domain : std::string());
}

}  // namespace

std::vector<std::string> odd_names(const std::string& directory, Deadline deadline, std::size_t most) {
  std::vector<std::string> odd;
  const std::unique_ptr<DIR, CloseFolder> listing(::opendir(directory.c_str()));
  if (!listing) return odd;
  std::size_t seen = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    if (++seen % 1000 == 0 && deadline.over()) break;
    const std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;  // of one who is writing
    const auto why = objection_to(name, entry->d_type == DT_REG);
    if (!why.empty()) odd.push_back(directory + '/' + cleaned(name, false, 300) + ": " + why);
  }
  std::sort(odd.begin(), odd.end());
  if (odd.size() <= most) return odd;
  const auto rest = odd.size() - most;
  odd.resize(most);
  odd.push_back(directory + ": and " + std::to_string(rest) + " more names like these");
  return odd;
}

}  // namespace mailweir
