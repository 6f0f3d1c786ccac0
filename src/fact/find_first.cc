// SPDX-License-Identifier: BSD-2-Clause
#include "fact/find_first.h"

#include <optional>
#include <vector>

#include "base/thousandths.h"
#include "mail/domain.h"
#include "port/table_batch.h"

namespace mailweir {
namespace {

std::optional<TableQuery> query_of(const FactItem& item, FactType type) {
  switch (type) {
    case FactType::ip: return TableQuery{.kind = TableQuery::Kind::ip, .ip = item.ip};
    case FactType::address: return TableQuery{.kind = TableQuery::Kind::address, .address = item.address};
    case FactType::domain: return TableQuery{.kind = TableQuery::Kind::domain, .text = item.text};
    case FactType::login:
    case FactType::number:
    case FactType::decimal: return {};  // of these a fact has one
    default: return TableQuery{.kind = TableQuery::Kind::word, .text = item.text};
  }
}

}  // namespace

Found find_in(const Table& table, const FactItem& item, FactType type) {
  switch (type) {
    case FactType::ip: return table.find(*item.ip);
    case FactType::address: return table.find(*item.address);
    case FactType::domain: return table.find_domain(compared_domain(item.text));
    case FactType::login: {
      if (auto exact = table.find_word(item.text); exact || exact.is_outage()) return exact;
      return item.address != nullptr ? table.find(*item.address) : Found();
    }
    case FactType::number: return table.find_word(std::to_string(item.number));
    case FactType::decimal: return table.find_word(thousandths_text(item.number));
    default: return table.find_word(item.text);
  }
}

Found find_first_in(const Table& table, std::span<const FactItem> items, FactType type) {
  std::vector<TableQuery> queries;
  const auto* const batch = items.size() > 1 ? dynamic_cast<const BatchTable*>(&table) : nullptr;
  if (batch != nullptr)
    for (const FactItem& item : items)
      if (const auto query = query_of(item, type)) queries.push_back(*query);
  if (batch != nullptr && queries.size() == items.size()) return batch->find_first(queries);
  Found outage;
  for (const FactItem& item : items) {
    const Found found = find_in(table, item, type);
    if (found) return found;
    if (found.is_outage()) outage = found;
  }
  return outage;
}

}  // namespace mailweir
