// SPDX-License-Identifier: BSD-2-Clause
// How the recipient of bulk mail can unsubscribe: by a click (RFC 8058), in another way (RFC 2369), or not at all.
#include <string>
#include <vector>

#include "base/text.h"
#include "fact/family.h"
#include "mail/headers.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "list_unsubscribe",
     .type = FactType::word,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "what List-Unsubscribe offers: one-click as in RFC 8058, or plain: another URI",
     .needs = FactNeeds::header,
     .words = "one-click plain none"},
};

// The URIs of the list `<URI>, <URI> (comment)` that are not empty (RFC 2369 2); views into `value`.
std::vector<std::string_view> uris_in(std::string_view value) {
  constexpr std::size_t most = 20;
  std::vector<std::string_view> all;
  std::size_t comments = 0;
  for (std::size_t i = 0; i < value.size() && all.size() < most; ++i) {
    if (value[i] == '(') ++comments;
    if (value[i] == ')' && comments > 0) --comments;
    if (value[i] != '<' || comments > 0) continue;
    const auto end = value.find('>', i);
    if (end == value.npos) break;
    if (const auto uri = trimmed(value.substr(i + 1, end - i - 1)); !uri.empty()) all.push_back(uri);
    i = end;
  }
  return all;
}

bool has_scheme(std::string_view uri, std::string_view scheme) {
  return uri.size() > scheme.size() && equal_folded(uri.substr(0, scheme.size()), scheme);
}

// RFC 8058 3.1: one field of each name; one https URI and no http URI beside it; the pair and nothing else. A URI is
// folded between its characters at most, so blanks in it make it none.
std::string_view way_to_unsubscribe(const HeaderList& headers) {
  const auto fields = headers.values("List-Unsubscribe");
  std::size_t any = 0, https = 0, http = 0;
  for (const auto& field : fields)
    for (const auto uri : uris_in(field)) {
      ++any;
      if (has_scheme(uri, "https://") && uri.find_first_of(" \t") == uri.npos) ++https;
      if (has_scheme(uri, "http://")) ++http;
    }
  if (any == 0) return "none";
  const auto posts = headers.values("List-Unsubscribe-Post");
  const bool one_click = fields.size() == 1 && https == 1 && http == 0 && posts.size() == 1 &&
                         equal_folded(trimmed(posts.front()), "List-Unsubscribe=One-Click");
  return one_click ? "one-click" : "plain";
}

class ListUnsubscribeSource final : public FactSource {
 public:
  explicit ListUnsubscribeSource(const FactReader& reader) : transaction_(reader.transaction()) {}

  FactValue get(const FactRef&) override {
    if (transaction_.headers == nullptr) return {};
    if (word_.empty()) word_ = way_to_unsubscribe(*transaction_.headers);
    return word_value(word_);
  }

  void forget(FactScope scope) override {
    if (scope == FactScope::transaction) word_ = {};
  }

 private:
  const Transaction& transaction_;
  std::string_view word_;  // empty: not asked yet
};

}  // namespace

extern const FactFamily list_unsubscribe_family{"list_unsubscribe", facts, "", make_source<ListUnsubscribeSource>};

}  // namespace mailweir
