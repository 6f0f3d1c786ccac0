// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table.h"

#include <algorithm>
#include <array>
#include <random>

#include "adapter/address_ranges.h"
#include "adapter/flat_index.h"
#include "adapter/table_key.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t most_faults_told = 20;

using Found = std::optional<std::string_view>;

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
  MemoryTable(FlatIndex index, AddressRanges ranges, Traits traits, std::size_t size)
      : index_(std::move(index)), ranges_(std::move(ranges)), traits_(traits), size_(size) {}

  Found find(const IpAddress& address) const override {
    const auto place = ranges_.find(address);
    if (!place) return {};
    return *place == 0 ? std::string_view() : index_.text_at(*place);
  }

  Found find_domain(std::string_view domain) const override {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    const FoldedText text(domain);
    return find_folded_domain(text.view());
  }

  Found find(const Address& address) const override {
    if (address.is_absent()) return {};
    if (address.is_null()) return index_.find("");
    const std::string_view text = address.text();
    const bool has_domain = text.size() > address.local().size();
    if (traits_.has_mail || !has_domain) {
      if (const auto value = index_.find(text)) return value;
      const bool extended = address.has_extension();
      const std::string plain = extended ? address.without_extension() : std::string();
      if (extended)
        if (const auto value = index_.find(plain)) return value;
      if (const auto value = find_any_domain(address.local())) return value;
      if (extended)
        if (const auto value = find_any_domain(std::string_view(plain).substr(0, address.local().find('+')))) return value;
    }
    return find_folded_domain(address.domain());
  }

  Found find_word(std::string_view word) const override {
    if (word.empty()) return {};
    if (word == "<>") return index_.find("");
    const FoldedText text(word);
    const auto key = text.view();
    if (key.starts_with('@')) return key.size() > 1 ? index_.find(key.substr(1)) : Found();
    if (const auto value = key.empty() ? Found() : index_.find(key)) return value;
    if (text.is_ascii()) return {};
    // A domain that is not ASCII is kept as A-labels.
    const auto spelling = parse_table_key(key);
    return spelling && !spelling->network && !spelling->text.empty() ? index_.find(spelling->text) : Found();
  }

  std::size_t size() const override { return size_; }

  void each(const std::function<void(std::string_view, std::string_view)>& visit) const override {
    index_.each(visit);
    ranges_.each([&](const IpAddress& first, std::uint64_t place) {
      visit(first.to_string(), place == 0 ? std::string_view() : index_.text_at(place));
    });
  }

 private:
  // "user@": a key for the local part at any domain.
  Found find_any_domain(std::string_view local) const {
    if (!traits_.has_mail || local.empty() || local.size() >= longest_table_key) return {};
    std::array<char, longest_table_key> key;
    std::copy(local.begin(), local.end(), key.begin());
    key[local.size()] = '@';
    return index_.find({key.data(), local.size() + 1});
  }

  // Itself, then ".parent" for each parent. All hashes first, so that the memory they lead to is fetched at once.
  Found find_folded_domain(std::string_view domain) const {
    if (domain.empty() || domain.starts_with('.') || index_.size() == 0) return {};
    if (!traits_.has_below) return index_.find(domain);
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
        if (const auto value = index_.find(steps[i].key, steps[i].hash)) return value;
    }
    return {};
  }

  FlatIndex index_;
  AddressRanges ranges_;
  Traits traits_;
  std::size_t size_;
};

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

struct TableBuilder::Parts {
  TableKind kind;
  std::string place_word;
  FlatIndex index{random_seed()};
  std::vector<NetworkEntry> networks;
  MemoryTable::Traits traits;
  std::size_t added = 0, fault_count = 0;
  std::vector<EntryFault> faults, warnings;

  void judge_same_keys(const std::vector<SameKey>& same);
};

// A list may name a key as often as it likes; a map that does so must mean the same.
void TableBuilder::Parts::judge_same_keys(const std::vector<SameKey>& same) {
  if (kind == TableKind::list) return;
  for (const SameKey& pair : same) {
    const auto place = place_word + ' ' + std::to_string(pair.first_line);
    const auto first = index.text_at(pair.first_value), second = index.text_at(pair.value);
    if (first == second) {
      if (warnings.size() < most_faults_told) warnings.push_back({pair.line, 1, "the same key and value as in " + place});
      continue;
    }
    ++fault_count;
    faults.push_back({pair.line, 1, "the key has the value \"" + cleaned(second, false, 60) + "\" here and \"" +
                                        cleaned(first, false, 60) + "\" in " + place});
  }
}

TableBuilder::TableBuilder(TableKind kind, std::string_view place_word)
    : parts_(new Parts{kind, std::string(place_word), FlatIndex(random_seed()), {}, {}, 0, 0, {}, {}}) {}
TableBuilder::~TableBuilder() = default;

void TableBuilder::fault(std::size_t line, std::size_t column, std::string what) {
  if (++parts_->fault_count <= most_faults_told) parts_->faults.push_back({line, column, std::move(what)});
}

std::size_t TableBuilder::faults() const { return parts_->fault_count; }

void TableBuilder::add(std::string_view key, std::string_view value, std::size_t line, std::size_t column) {
  const auto parsed = parse_table_key(key);
  if (!parsed) return fault(line, column, '"' + cleaned(key, false, 80) + "\": " + parsed.error().what);
  if (parts_->added == FlatIndex::most_entries) return fault(line, column, "too many entries");
  ++parts_->added;
  const auto place = static_cast<std::uint32_t>(line);
  if (parsed->network) {
    const auto kept = parts_->kind == TableKind::map ? parts_->index.store(value) : 0;
    parts_->networks.push_back({*parsed->network, place, kept});
    return;
  }
  parts_->traits.has_mail |= parsed->text.find('@') != std::string::npos;
  parts_->traits.has_below |= parsed->text.starts_with('.');
  parts_->index.add(parsed->text, value, place);
}

MadeTable TableBuilder::finish() {
  Parts& parts = *parts_;
  std::vector<SameKey> same;
  AddressRanges ranges(parts.networks, same);
  const std::size_t networks = parts.networks.size() - same.size();
  std::vector<NetworkEntry>().swap(parts.networks);
  parts.index.build(same);
  parts.judge_same_keys(same);

  MadeTable made;
  made.faults = std::move(parts.faults);
  made.warnings = std::move(parts.warnings);
  std::sort(made.faults.begin(), made.faults.end(), [](const EntryFault& a, const EntryFault& b) { return a.line < b.line; });
  if (made.faults.size() > most_faults_told) made.faults.resize(most_faults_told);
  made.more_faults = parts.fault_count - made.faults.size();
  if (parts.fault_count == 0) {
    const auto size = networks + parts.index.size();
    made.table = std::make_shared<MemoryTable>(std::move(parts.index), std::move(ranges), parts.traits, size);
  }
  return made;
}

MadeTable make_table(std::span<const TableEntry> entries, TableKind kind) {
  TableBuilder builder(kind, "entry");
  for (std::size_t i = 0; i < entries.size(); ++i) builder.add(entries[i].key, entries[i].value, i + 1, 0);
  return builder.finish();
}

}  // namespace mailweir
