// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/re2_pattern.h"

#include <memory>
#include <string>

#include <re2/re2.h>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_expression = 4096;
constexpr std::int64_t most_memory = 2 << 20;

class Re2Pattern final : public Pattern {
 public:
  explicit Re2Pattern(std::unique_ptr<RE2> expression) : expression_(std::move(expression)) {}

  bool matches(std::string_view text) const override {
    if (is_utf8(text)) return found_in(text);
    return found_in(made_utf8(text));
  }

 private:
  bool found_in(std::string_view text) const {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
  }
  std::unique_ptr<RE2> expression_;
};

// RE2 knows what it stumbled over, not what to do instead.
std::string explained(const RE2& expression) {
  std::string why = expression.error();
  switch (expression.error_code()) {
    case RE2::ErrorBadPerlOp:
    case RE2::ErrorRepeatOp:
      if (expression.error_arg().find("(?") != std::string::npos)
        why += " (look-ahead and look-behind are not supported)";
      break;
    case RE2::ErrorBadEscape:
      if (const auto& escape = expression.error_arg(); escape.size() == 2 && escape[1] >= '1' && escape[1] <= '9')
        why += " (references to groups are not supported)";
      break;
    case RE2::ErrorPatternTooLarge: why += "; make its repetitions smaller"; break;
    default: break;
  }
  return why;
}

}  // namespace

Result<PatternPtr> make_pattern(std::string_view expression) {
  const auto name = "pattern \"/" + cleaned(expression, false, 80) + "/\": ";
  if (expression.empty())
    return Error{"pattern \"//\": an empty expression matches everything; name what it should match"};
  if (expression.size() > longest_expression)
    return Error{name + "longer than " + std::to_string(longest_expression) + " bytes"};
  if (!is_utf8(expression)) return Error{name + "is not UTF-8"};
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(most_memory);
  auto compiled = std::make_unique<RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled->ok()) return Error{name + explained(*compiled)};
  return PatternPtr(std::make_shared<Re2Pattern>(std::move(compiled)));
}

}  // namespace mailweir
