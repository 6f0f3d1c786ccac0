// SPDX-License-Identifier: BSD-2-Clause
#include "mail/tag_list.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace mailweir {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 6376 3.2: tag-name = ALPHA *ALNUMPUNC.
bool is_tag_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && !is_blank(c)) || c == 0x7f; }

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) return Error{"it has a control byte"};
  if (!is_utf8(text)) return Error{"it is not UTF-8"};
  TagList list;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(';', at), text.size());
    const auto spec = text.substr(at, end - at);
    if (trimmed(spec).empty()) {
      if (end == text.size() && !list.tags_.empty()) break;  // the last ";" may end the list
      return Error{"a tag is empty"};
    }
    const auto equals = spec.find('=');
    const auto name = trimmed(spec.substr(0, std::min(equals, spec.size())));
    if (equals == spec.npos || !is_tag_name(name)) return Error{"it has no tag=value where one should be"};
    if (list.find(name) != nullptr) return Error{std::string(name.substr(0, 20)) + "= occurs twice"};
    if (list.tags_.size() >= most_tags) return Error{"it has more than " + std::to_string(most_tags) + " tags"};
    list.tags_.push_back({name, trimmed(spec.substr(equals + 1)), at + equals + 1, end});
    at = end + 1;
  }
  if (list.tags_.empty()) return Error{"it is empty"};
  return list;
}

const TagList::Tag* TagList::find(std::string_view name) const {
  const auto found = std::find_if(tags_.begin(), tags_.end(), [&](const Tag& tag) { return tag.name == name; });
  return found == tags_.end() ? nullptr : &*found;
}

std::optional<std::string_view> TagList::value(std::string_view name) const {
  const Tag* tag = find(name);
  if (tag == nullptr) return {};
  return tag->value;
}

std::string without_blanks(std::string_view value) {
  std::string text(value);
  std::erase_if(text, is_blank);
  return text;
}

bool names_word(std::string_view list, std::string_view word) {
  const auto parts = split(list, ':');
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return equal_folded(trimmed(part), word); });
}

std::optional<std::string> base64_of_tag(std::string_view value) {
  std::string text = without_blanks(value);
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.pop_back();
  if (text.find('=') != text.npos) return {};
  text.append((4 - text.size() % 4) % 4, '=');
  return from_base64(text);
}

}  // namespace mailweir
