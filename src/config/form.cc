// SPDX-License-Identifier: BSD-2-Clause
#include "config/form.h"

#include "base/file.h"

namespace mailweir {
namespace {

Result<std::string> as_it_is(const std::string& text) { return text; }

Result<unsigned> parse_mode(const std::string& text) {
  unsigned mode = 0;
  for (const char c : text) mode = mode * 8 + static_cast<unsigned>(c - '0');
  if (!text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == text.npos) return mode;
  return Error{"must be an octal mode in quotes, like \"0660\""};
}

Result<std::optional<SocketName>> parse_socket(const std::string& text) {
  auto name = SocketName::parse(text);
  if (!name) return name.error();
  return std::optional(*std::move(name));
}

}  // namespace

std::string Makings::group() const { return general.group.empty() ? group_of(general.user) : general.group; }

const toml::table* KeyPlace::table(std::string_view example) const {
  const auto* value = node();
  if (value != nullptr && !value->is_table()) wrong("must be a table: " + std::string(example));
  return value != nullptr ? value->as_table() : nullptr;
}

std::string as_toml(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string as_toml(const std::vector<std::string>& texts) {
  std::string result = "[";
  for (const auto& text : texts) result += (result.size() > 1 ? ", " : "") + as_toml(text);
  return result + ']';
}

std::string as_toml(const std::optional<SocketName>& socket) { return socket ? as_toml(socket->to_string()) : ""; }

namespace form {

Form<std::string> text() { return parsed(as_it_is); }

Form<std::vector<std::string>> texts() { return list(as_it_is); }

Form<std::string> path() {
  return {[](const KeyPlace& place, std::string& value) {
    if (const auto text = place.text()) value = place.makings.document.resolve(text->value);
  }};
}

Form<bool> boolean() {
  return {[](const KeyPlace& place, bool& value) { value = place.section.boolean(place.key).value_or(value); }};
}

Form<unsigned> mode() {
  return printed<unsigned>([](const unsigned& mode) { return as_toml(octal(mode)); }, parsed(parse_mode));
}

Form<std::optional<SocketName>> socket() { return parsed(parse_socket); }

Form<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  Form<std::chrono::milliseconds> form{[=](const KeyPlace& place, std::chrono::milliseconds& value) {
    value = place.section.duration(place.key, least, most).value_or(value);
  }};
  form.range = format_duration(least) + " to " + format_duration(most);
  return form;
}

Form<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  Form<std::uint64_t> form{[=](const KeyPlace& place, std::uint64_t& value) {
    value = place.section.size(place.key, least, most).value_or(value);
  }};
  form.range = format_size(least) + " to " + format_size(most);
  return form;
}

}  // namespace form
}  // namespace mailweir
