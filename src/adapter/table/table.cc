// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/table.h"

#include <algorithm>
#include <array>
#include <random>

#include "adapter/table/address_ranges.h"
#include "adapter/table/expiry.h"
#include "adapter/table/flat_index.h"
#include "adapter/table/table_key.h"
#include "base/doubtful_text.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t most_faults_told = 20;

using InPlace = std::optional<std::string_view>;  // the table itself outlives it

// A text in ASCII lower case, without memory of its own; too long for any key: empty.
class FoldedText {
 public:
  explicit FoldedText(std::string_view text) : size_(text.size() <= longest_table_key ? text.size() : 0) {
    for (std::size_t i = 0; i < size_; ++i) {
      ascii_ = ascii_ && static_cast<unsigned char>(text[i]) < 0x80;
      bytes_[i] = fold(text[i]);
    }
  }
  std::string_view view() const { return {bytes_.data(), size_}; }
  bool is_ascii() const { return ascii_; }

 private:
  std::size_t size_;
  bool ascii_ = true;
  std::array<char, longest_table_key> bytes_;
};

class MemoryTable final : public Table {
 public:
  struct Traits {
    bool has_mail = false;   // keys with an @
    bool has_below = false;  // keys that start with a dot
  };
  MemoryTable(FlatIndex index, AddressRanges ranges, ExpiringRanges expiring, Traits traits, std::size_t size,
              const Clock& clock)
      : index_(std::move(index)), ranges_(std::move(ranges)), expiring_(std::move(expiring)), traits_(traits),
        size_(size), clock_(clock) {}

  Found find(const IpAddress& address) const override {
    const auto place = expiring_.empty() ? ranges_.find(address) : expiring_.find(address, clock_.wall());
    if (!place) return {};
    return *place == 0 ? Found(std::string_view()) : Found(index_.text_at(*place));
  }

  Found find_domain(std::string_view domain) const override {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (domain.starts_with('.')) return {};
    const FoldedText text(could_be_key(domain));
    return found(find_folded_domain(text.view()));
  }

  Found find(const Address& address) const override { return found(find_address(address)); }
  Found find_word(std::string_view word) const override { return found(find_key(word)); }

  std::size_t size() const override { return size_; }

  void each(const std::function<void(std::string_view, std::string_view)>& visit) const override {
    index_.each([&](std::string_view key, std::string_view stored) { visit(key, without_expiry(stored)); });
    const auto network = [&](const IpAddress& first, std::uint64_t place) {
      visit(first.to_string(), place == 0 ? std::string_view() : index_.text_at(place));
    };
    ranges_.each(network);
    expiring_.each(network);
  }

 private:
  static Found found(InPlace value) { return value ? Found(*value) : Found(); }

  // Of a stored value what is there now: an expired entry is none.
  InPlace current(InPlace stored) const {
    if (!stored || !looks_expiring(*stored)) return stored;
    if (clock_.wall() >= *expiry_of(*stored)) return {};
    return without_expiry(*stored);
  }
  InPlace look(std::string_view key) const { return current(index_.find(key)); }

  InPlace find_address(const Address& address) const {
    if (address.is_absent()) return {};
    if (address.is_null()) return look("");
    const std::string_view text = address.text();
    const bool has_domain = text.size() > address.local().size();
    if (traits_.has_mail || !has_domain) {
      if (const auto value = look(text)) return value;
      if (!address.is_plain())
        if (const auto value = look(address.plain())) return value;
      if (const auto value = find_any_domain(address.local())) return value;
      if (!address.is_plain())
        if (const auto value = find_any_domain(address.plain_local())) return value;
    }
    return address.domain().starts_with('.') ? InPlace() : find_folded_domain(address.domain());
  }

  InPlace find_key(std::string_view word) const {
    if (word.empty()) return {};
    if (word == "<>") return look("");
    const FoldedText text(word);
    const auto key = text.view();
    if (key.starts_with('@')) return key.size() > 1 ? look(key.substr(1)) : InPlace();
    if (const auto value = key.empty() ? InPlace() : look(key)) return value;
    if (text.is_ascii()) return {};
    // A domain that is not ASCII is kept as A-labels.
    const auto spelling = parse_table_key(key);
    return spelling && !spelling->network && !spelling->text.empty() ? look(spelling->text) : InPlace();
  }

  // "user@": a key for the local part at any domain.
  InPlace find_any_domain(std::string_view local) const {
    if (!traits_.has_mail || local.empty() || local.size() >= longest_table_key) return {};
    std::array<char, longest_table_key> key;
    std::copy(local.begin(), local.end(), key.begin());
    key[local.size()] = '@';
    return look({key.data(), local.size() + 1});
  }

  // Itself, then ".parent" for each parent. All hashes first, so that the memory they lead to is fetched at once.
  InPlace find_folded_domain(std::string_view domain) const {
    if (domain.empty() || index_.size() == 0) return {};
    if (!traits_.has_below) return look(domain);
    struct Step {
      std::string_view key;
      std::uint64_t hash;
    };
    std::array<Step, 8> steps;
    for (std::string_view rest = domain; !rest.empty();) {
      std::size_t count = 0;
      while (!rest.empty() && count < steps.size()) {
        if (rest.size() <= index_.longest_key()) {
          steps[count] = {rest, index_.hash(rest)};
          index_.prefetch(steps[count++].hash);
        }
        const auto dot = rest.find('.', 1);
        rest = dot == rest.npos ? std::string_view() : rest.substr(dot);
      }
      for (std::size_t i = 0; i < count; ++i)
        if (const auto value = current(index_.find(steps[i].key, steps[i].hash))) return value;
    }
    return {};
  }

  FlatIndex index_;
  AddressRanges ranges_;
  ExpiringRanges expiring_;  // instead of ranges_, if any network expires
  Traits traits_;
  std::size_t size_;
  const Clock& clock_;
};

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

struct TableBuilder::Parts {
  TableKind kind;
  std::string place_word;
  const Clock& clock;
  FlatIndex index{random_seed()};
  std::vector<NetworkEntry> networks;
  std::vector<WallTime> untils;  // of the networks; as soon as one expires
  MemoryTable::Traits traits;
  std::size_t added = 0, fault_count = 0;
  std::vector<EntryFault> faults, warnings;

  void judge_same_keys(const std::vector<SameKey>& same);
  void join_expiries(const std::vector<SameKey>& same);
  void warn(std::size_t line, std::size_t column, std::string what) {
    if (warnings.size() < most_faults_told) warnings.push_back({line, column, std::move(what)});
  }
};

// Of a key given twice the latest expiry counts; none is the latest of all. They are as long as another.
void TableBuilder::Parts::join_expiries(const std::vector<SameKey>& same) {
  for (const SameKey& pair : same) {
    const auto first = expiry_of(index.text_at(pair.first_value));
    const auto second = expiry_of(index.text_at(pair.value)).value_or(WallTime::max());
    if (first && second > *first) index.patch(pair.first_value, with_expiry({}, second));
  }
}

// A list may name a key as often as it likes; a map that does so must mean the same.
void TableBuilder::Parts::judge_same_keys(const std::vector<SameKey>& same) {
  if (kind == TableKind::list) return;
  for (const SameKey& pair : same) {
    const auto place = place_word + ' ' + std::to_string(pair.first_line);
    const auto first = without_expiry(index.text_at(pair.first_value)),
               second = without_expiry(index.text_at(pair.value));
    if (first == second) {
      warn(pair.line, 1, "the same key and value as in " + place);
      continue;
    }
    ++fault_count;
    faults.push_back({pair.line, 1,
                      "the key has the value \"" + cleaned(second, false, 60) + "\" here and \"" +
                          cleaned(first, false, 60) + "\" in " + place});
  }
}

TableBuilder::TableBuilder(TableKind kind, std::string_view place_word, const Clock& clock)
    : parts_(new Parts{kind, std::string(place_word), clock, FlatIndex(random_seed()), {}, {}, {}, 0, 0, {}, {}}) {}
TableBuilder::~TableBuilder() = default;

void TableBuilder::fault(std::size_t line, std::size_t column, std::string what) {
  if (++parts_->fault_count <= most_faults_told) parts_->faults.push_back({line, column, std::move(what)});
}

std::size_t TableBuilder::faults() const { return parts_->fault_count; }

void TableBuilder::add(std::string_view key, std::string_view value, std::size_t line, std::size_t column,
                       std::optional<WallTime> until) {
  const auto parsed = parse_table_key(key);
  if (!parsed) return fault(line, column, '"' + cleaned(key, false, 80) + "\": " + parsed.error().what);
  if (parts_->added == FlatIndex::most_entries) return fault(line, column, "too many entries");
  ++parts_->added;
  const auto place = static_cast<std::uint32_t>(line);
  if (const auto doubt = parsed->network ? std::string() : doubt_about(key); !doubt.empty())
    parts_->warn(line, column, '"' + cleaned(key, false, 80) + "\" " + doubt + ": it is unlikely to match anything");
  if (until && *until <= parts_->clock.wall())
    parts_->warn(line, column, "expired on " + to_text(*until) + ": it no longer matches; remove it");
  if (parsed->network) {
    const auto kept = parts_->kind == TableKind::map ? parts_->index.store(value) : 0;
    if (until) parts_->untils.resize(parts_->networks.size(), WallTime::max());
    parts_->networks.push_back({*parsed->network, place, kept});
    if (until || !parts_->untils.empty()) parts_->untils.push_back(until.value_or(WallTime::max()));
    return;
  }
  parts_->traits.has_mail |= parsed->text.find('@') != std::string::npos;
  parts_->traits.has_below |= parsed->text.starts_with('.');
  if (until || looks_expiring(value))
    parts_->index.add(parsed->text, with_expiry(value, until.value_or(WallTime::max())), place);
  else parts_->index.add(parsed->text, value, place);
}

MadeTable TableBuilder::finish() {
  Parts& parts = *parts_;
  std::vector<SameKey> same;
  AddressRanges ranges(parts.networks, same);
  const std::size_t networks = parts.networks.size() - same.size();
  ExpiringRanges expiring;
  if (!parts.untils.empty()) {
    std::vector<ExpiringRanges::Entry> entries;
    for (std::size_t i = 0; i < parts.networks.size(); ++i)
      entries.push_back({parts.networks[i].network, parts.networks[i].value, parts.untils[i]});
    expiring = ExpiringRanges(std::move(entries));
    ranges = AddressRanges();
  }
  std::vector<NetworkEntry>().swap(parts.networks);
  const auto network_pairs = same.size();
  parts.index.build(same);
  parts.judge_same_keys(same);
  parts.join_expiries({same.begin() + static_cast<std::ptrdiff_t>(network_pairs), same.end()});

  MadeTable made;
  made.faults = std::move(parts.faults);
  made.warnings = std::move(parts.warnings);
  std::sort(made.faults.begin(), made.faults.end(),
            [](const EntryFault& a, const EntryFault& b) { return a.line < b.line; });
  if (made.faults.size() > most_faults_told) made.faults.resize(most_faults_told);
  made.more_faults = parts.fault_count - made.faults.size();
  if (parts.fault_count == 0) {
    const auto size = networks + parts.index.size();
    made.table = std::make_shared<MemoryTable>(std::move(parts.index), std::move(ranges), std::move(expiring),
                                               parts.traits, size, parts.clock);
  }
  return made;
}

MadeTable make_table(std::span<const TableEntry> entries, TableKind kind, const Clock& clock) {
  TableBuilder builder(kind, "entry", clock);
  for (std::size_t i = 0; i < entries.size(); ++i)
    builder.add(entries[i].key, entries[i].value, i + 1, 0, entries[i].until);
  return builder.finish();
}

}  // namespace mailweir
