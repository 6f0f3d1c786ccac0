// SPDX-License-Identifier: BSD-2-Clause
#include "mail/address.h"

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
std::string unquoted(std::string_view local) {
  if (local.size() < 2 || !local.starts_with('"') || !local.ends_with('"')) return std::string(local);
  std::string plain;
  local = local.substr(1, local.size() - 2);
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '\\' && i + 1 < local.size()) ++i;
    plain += local[i];
  }
  return plain;
}

Address Address::parse(std::string_view text) {
  Address address;
  address.absent_ = false;
  text = trimmed(text);
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  if (text.starts_with('@')) {  // "@relay1,@relay2:user@example.com"
    if (const auto colon = text.find(':'); colon != text.npos) text.remove_prefix(colon + 1);
  }
  address.original_ = text;
  const auto at = text.rfind('@');
  address.text_ = folded(unquoted(text.substr(0, at)));
  if (at == text.npos) return address;
  const auto domain = text.substr(at + 1);
  address.at_ = address.text_.size();
  address.text_ += '@';
  if (const auto name = to_domain(domain)) address.text_ += *name;
  else address.text_ += folded(domain);
  return address;
}

bool Address::has_extension() const {
  const auto plus = local().find('+');
  return plus != local().npos && plus > 0;
}

std::string Address::without_extension() const {
  if (!has_extension()) return text_;
  std::string plain(local().substr(0, local().find('+')));
  if (at_ != std::string::npos) plain += std::string_view(text_).substr(at_);
  return plain;
}

}  // namespace mailweir
