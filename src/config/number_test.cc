// SPDX-License-Identifier: BSD-2-Clause
#include "config/number_test.h"

#include "base/duration.h"
#include "base/text.h"
#include "base/thousandths.h"
#include "mail/tls_version.h"

namespace mailweir {

std::optional<NumberTest> read_number_test(std::string_view text, FactType type) {
  NumberTest test;
  const auto take = [&](std::string_view sign, NumberTest::Op op) {
    if (!text.starts_with(sign)) return false;
    text.remove_prefix(sign.size());
    test.op = op;
    return true;
  };
  take(">=", NumberTest::Op::at_least) || take("<=", NumberTest::Op::at_most) || take(">", NumberTest::Op::above) ||
      take("<", NumberTest::Op::below) || take("=", NumberTest::Op::equal);
  text = trimmed(text);
  if (type == FactType::decimal) {
    const auto value = parse_thousandths(text);
    if (!value) return {};
    test.number = *value;
    return test;
  }
  if (type == FactType::version) {
    const auto version = TlsVersion::parse(text);
    if (!version) return {};
    test.number = version->number();
    return test;
  }
  const auto value = parse_size(text);
  if (!value) return {};
  test.number = static_cast<std::int64_t>(*value);
  return test;
}

}  // namespace mailweir
