// SPDX-License-Identifier: BSD-2-Clause
// Form: how the values of a key are written in the policy file: read within their bounds, and printed. Not a public
// header of the floor: it shows toml++.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/socket.h"
#include "config/config.h"
#include "config/document.h"
#include "config/section.h"
#include "port/builders.h"

namespace mailweir {

class Registry;

// What values are made with.
struct Makings {
  const Document& document;
  const Builders& builders;
  Registry& registry;
  const GeneralConfig& general;  // once it is read
  Places* places = nullptr;      // of the parts of the rule that is read

  std::string group() const;  // of the daemon, for advice
};

// Where a value stands: a key in its section.
struct KeyPlace {
  Section& section;
  std::string_view key;
  const Makings& makings;

  const toml::node* node() const { return section.node(key); }
  std::optional<Placed<std::string>> text() const { return section.text(key); }
  std::optional<std::vector<Placed<std::string>>> texts() const { return section.texts(key); }
  // Null: it is missing, or no table: then that is told.
  const toml::table* table(std::string_view example) const;
  bool has(std::string_view other) const { return section.raw().contains(other); }
  void wrong(std::string_view why) const { section.wrong(key, why); }
  void wrong(const Place& element, std::string_view why) const {
    section.problems().error(element, section.full(key), why);
  }
};

// A value as TOML. What has no such function is not printed.
std::string as_toml(std::string_view text);
std::string as_toml(const std::vector<std::string>& texts);
std::string as_toml(const std::optional<SocketName>& socket);
std::string as_toml(std::integral auto number) {
  if constexpr (std::same_as<decltype(number), bool>) return number ? "true" : "false";
  else return std::to_string(number);
}
inline std::string as_toml(std::chrono::milliseconds span) { return as_toml(format_duration(span)); }

template <typename T>
struct Form {
  using Read = std::function<void(const KeyPlace&, T&)>;
  using Print = std::function<std::string(const T&)>;

  Form(Read reads, Print prints = {}, std::string bounds = {})
      : read(std::move(reads)), print(std::move(prints)), range(std::move(bounds)) {
    if constexpr (requires(const T& value) { as_toml(value); })
      if (!print) print = [](const T& value) { return as_toml(value); };
    if (!print) print = [](const T&) { return std::string(); };
  }

  Read read;          // leaves what is there if the key is missing, or wrong: then that is told
  Print print;        // "": it is left out
  std::string range;  // "1 to 20000", as the manual says it; "": not bounded by two values
};

namespace form {

// Makes a value of a string.
template <typename T>
using Parse = Result<T> (*)(const std::string&);

// One string.
template <typename T>
Form<T> parsed(Parse<T> parse) {
  return {[parse](const KeyPlace& place, T& value) {
    const auto text = place.text();
    if (!text) return;
    if (auto made = parse(text->value)) value = std::move(*made);
    else place.wrong(made.error().what);
  }};
}

// A string, or several. Those that are wrong are left out.
template <typename T>
Form<std::vector<T>> list(Parse<T> parse, std::string if_empty = {}) {
  return {[=](const KeyPlace& place, std::vector<T>& value) {
    const auto texts = place.texts();
    if (!texts) return;
    value.clear();
    for (const auto& text : *texts) {
      if (auto made = parse(text.value)) value.push_back(std::move(*made));
      else place.wrong(text.place, made.error().what);
    }
    if (texts->empty() && !if_empty.empty()) place.wrong(if_empty);
  }};
}

Form<std::string> text();
Form<std::vector<std::string>> texts();
Form<std::string> path();  // a relative one starts at the directory of the main file
Form<bool> boolean();
Form<unsigned> mode();
Form<std::optional<SocketName>> socket();
Form<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most);
Form<std::uint64_t> size(std::uint64_t least, std::uint64_t most);

template <typename Number = std::size_t>
Form<Number> number(std::int64_t least, std::int64_t most) {
  Form<Number> form{[=](const KeyPlace& place, Number& value) {
    if (const auto number = place.section.number(place.key, least, most)) value = static_cast<Number>(*number);
  }};
  form.range = as_toml(least) + " to " + as_toml(most);
  return form;
}

template <typename T>
Form<T> choice(std::vector<std::pair<std::string_view, T>> words) {
  return {[words](const KeyPlace& place, T& value) {
            std::vector<std::string_view> names;
            for (const auto& word : words) names.push_back(word.first);
            if (const auto chosen = place.section.choice(place.key, names)) value = words[*chosen].second;
          },
          [words](const T& value) {
            for (const auto& [name, meaning] : words)
              if (meaning == value) return as_toml(name);
            return std::string();
          }};
}

// "auto" is the value 0.
template <typename T>
Form<T> or_auto(Form<T> form) {
  form.read = [read = form.read](const KeyPlace& place, T& value) {
    const auto* node = place.section.node(place.key);
    if (node != nullptr && node->value<std::string>() != "auto") read(place, value);
  };
  form.print = [print = form.print](const T& value) { return value == T{} ? as_toml("auto") : print(value); };
  return form;
}

// Printed only if it is set.
template <typename T>
Form<T> if_set(Form<T> form) {
  form.print = [print = form.print](const T& value) { return value == T{} ? std::string() : print(value); };
  return form;
}

template <typename T>
Form<T> printed(std::string (*print)(const T&), Form<T> form) {
  form.print = print;
  return form;
}

template <typename T>
Form<T> required(const std::string& what, Form<T> form) {
  form.read = [read = form.read, what](const KeyPlace& place, T& value) {
    if (!place.has(place.key)) place.wrong("is missing: " + what);
    read(place, value);
  };
  return form;
}

}  // namespace form
}  // namespace mailweir
