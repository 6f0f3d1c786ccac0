// SPDX-License-Identifier: BSD-2-Clause
// The Unix user who ran sendmail(1), from a header field that the mail server's pickup service adds.
#include <string>

#include "base/text.h"
#include "fact/family.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "local_user",
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "of local mail: the Unix user id that submitted it, from the field [general] local_user_header",
     .needs = FactNeeds::header},
};

// A user id is 32 bits.
bool is_user_id(std::string_view text) {
  const auto number = text.size() <= 10 ? to_number(text) : std::nullopt;
  return number && *number <= 0xffffffff;
}

class LocalUserSource final : public FactSource {
 public:
  explicit LocalUserSource(const FactReader& reader) : reader_(reader) {}

  // The mail server puts its field before those of the message, which anyone could have written.
  FactValue get(const FactRef&) override {
    const auto& name = reader_.settings().local_user_header;
    const HeaderList* const headers = reader_.transaction().headers;
    if (name.empty() || headers == nullptr || reader_.client().origin != Origin::local) return {};
    const auto values = headers->values(name);
    if (values.empty()) return {};
    const auto id = trimmed(values.front());
    if (!is_user_id(id)) return {};
    user_ = id;
    return text_value(user_);
  }

 private:
  const FactReader& reader_;
  std::string user_;
};

}  // namespace

extern const FactFamily local_user_family{"local_user", facts, "", make_source<LocalUserSource>};

}  // namespace mailweir
