// SPDX-License-Identifier: BSD-2-Clause
// Template: text with {fact}, {limit}, {count}, {retry_after}, {rule} and {id} in it, taken apart when the policy is
// read. "{{" is a brace.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "fact/facts.h"

namespace mailweir {

// What a limit tells a template.
struct LimitWords {
  std::string limit, count, retry_after;
};

class Template {
 public:
  enum class Special { limit, count, retry_after, rule, id };
  struct Segment {
    std::variant<std::string, FactRef, Special> what;
  };

  Template() = default;
  explicit Template(std::vector<Segment> segments) : segments_(std::move(segments)) {}

  // Facts are put in cleaned: no control bytes, each at most as long as its definition says.
  std::string fill(Facts& facts, std::string_view rule, const LimitWords* limit) const;
  bool empty() const { return segments_.empty(); }
  bool tells(Special what) const;
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  std::vector<Segment> segments_;
};

// Takes the text apart. `resolve` turns a name in braces into a FactRef, or says why it is none.
template <typename Resolve>
Result<Template> parse_template(std::string_view text, Resolve&& resolve) {
  std::vector<Template::Segment> segments;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) segments.emplace_back().what = std::move(literal);
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '}') {
      literal += text[i];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == text[i]) {
      literal += text[i++];
      continue;
    }
    const auto end = text.find('}', i);
    if (text[i] == '}' || end == text.npos) return Error{"an unmatched brace; write {{ or }} for a brace itself"};
    const auto name = text.substr(i + 1, end - i - 1);
    i = end;
    flush();
    if (name == "limit") segments.emplace_back().what = Template::Special::limit;
    else if (name == "count") segments.emplace_back().what = Template::Special::count;
    else if (name == "retry_after") segments.emplace_back().what = Template::Special::retry_after;
    else if (name == "rule") segments.emplace_back().what = Template::Special::rule;
    else if (name == "id") segments.emplace_back().what = Template::Special::id;
    else {
      Result<FactRef> fact = resolve(name);
      if (!fact) return fact.error();
      segments.emplace_back().what = std::move(*fact);
    }
  }
  flush();
  return Template(std::move(segments));
}

}  // namespace mailweir
