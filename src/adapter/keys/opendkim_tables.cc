// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/opendkim_tables.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_set>
#include <utility>

#include "adapter/keys/data_set.h"
#include "adapter/keys/key_table.h"
#include "adapter/keys/live_data_set.h"
#include "adapter/keys/signing_table.h"
#include "base/blocking.h"
#include "base/guarded.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds look_again{1};
constexpr std::size_t most_told = 1000;

// The two tables as they were read. Never changed once made.
struct Tables {
  std::shared_ptr<const KeyTable> keys;
  std::shared_ptr<const SigningTable> signing;
  std::vector<std::string> errors;
  bool complete = false;  // both could be read once
};

// opendkim leaves i= out if its domain is neither that of d= nor below it.
bool agrees(std::string_view signer, const std::string& domain) {
  const auto at = signer.find('@');
  return at != signer.npos && is_at_or_below(folded(signer.substr(at + 1)), domain);
}

class LiveTables final : public OpendkimTables {
 public:
  LiveTables(const OpendkimTablesConfig& config, DataSetPlace keys, DataSetPlace signing, const Clock& clock)
      : multiple_(config.multiple_signatures), clock_(clock), name_("opendkim:" + config.signing_table),
        key_rows_(std::move(keys), clock), signing_rows_(std::move(signing), clock),
        cache_(std::max<std::size_t>(config.most_keys, 2), clock) {
    looked_ = clock_.steady();
    look();
  }

  SigningKeysFound find(std::string_view local, std::string_view domain, Deadline deadline) override {
    SigningKeysFound all;
    refresh(deadline);
    const auto tables = tables_.get();
    take_news(all.news);
    all.unreachable = !tables->complete;

    std::vector<TableKeyCache::Wanted> wanted;
    for (const auto* row : tables->signing->find(local, domain, multiple_)) {
      auto choice = SigningTable::choice_of(*row, domain);
      if (!choice) {
        trouble(tables->signing->where(*row) + ": " + choice.error().what, all);
        continue;
      }
      const auto* key_row = tables->keys->find(choice->key_name);
      if (key_row == nullptr) {
        trouble(
            tables->signing->where(*row) + ": the key table has no \"" + cleaned(choice->key_name, false, 100) + '"',
            all);
        continue;
      }
      auto place = KeyTable::place_of(*key_row, domain);
      if (!place) {
        trouble(tables->keys->where(*key_row) + ": " + place.error().what, all);
        continue;
      }
      if (const auto why = SigningTable::objection_to_signer(choice->signer); !why.empty()) {
        tell(tables->signing->where(*row) + ": " + why, all);
        continue;
      }
      if (!agrees(choice->signer, place->domain)) choice->signer.clear();
      const bool is_there = std::any_of(wanted.begin(), wanted.end(), [&](const auto& other) {
        return other.place == *place && other.signer == choice->signer;
      });
      if (!is_there) wanted.push_back({*std::move(place), tables->keys->where(*key_row), std::move(choice->signer)});
    }
    const auto has_key = cache_.find(wanted, deadline, all);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (has_key[i]) all.signers.push_back(std::move(wanted[i].signer));
    return all;
  }

  KeysFound find_for(std::string_view local, std::string_view domain, Deadline deadline) override {
    SigningKeysFound found = find(local, domain, deadline);
    for (std::size_t i = 0; i < found.keys.size(); ++i) {
      if (found.signers[i].empty()) continue;
      DkimKey key = *found.keys[i];
      key.identity = std::move(found.signers[i]);
      found.keys[i] = std::make_shared<const DkimKey>(std::move(key));
    }
    KeysFound all = std::move(found);  // the rest of it
    return all;
  }

  std::vector<std::string> errors() const override { return tables_.get()->errors; }
  const std::string& name() const override { return name_; }
  const TableKeyStats& key_stats() const override { return cache_.stats(); }
  std::uint64_t table_reads() const override { return key_rows_.reads() + signing_rows_.reads(); }

 private:
  // One thread looks whether the files have changed; others go on with what there is. (No mutex: while this waits, its
  // thread may do other work, which may come here.)
  void refresh(Deadline deadline) {
    const auto now = clock_.steady();
    if (now - looked_.load() < look_again || is_looking_.exchange(true)) return;
    if (run_blocking(deadline, [&] { look(); })) looked_ = now;
    is_looking_ = false;
  }

  // Run by one thread at a time.
  void look() {
    const auto before = tables_.get();
    const bool is_first = !before;
    const bool new_keys = key_rows_.look(), new_signing = signing_rows_.look();
    if (!is_first && !new_keys && !new_signing) return;
    auto now = std::make_shared<Tables>();
    if (!is_first) *now = *before;
    now->errors.clear();
    if (auto set = key_rows_.take(); set || is_first)
      now->keys = std::make_shared<const KeyTable>(set ? *std::move(set) : DataSet());
    if (auto set = signing_rows_.take(); set || is_first)
      now->signing = std::make_shared<const SigningTable>(set ? *std::move(set) : DataSet());
    now->complete = key_rows_.was_read() && signing_rows_.was_read();
    for (const auto* trouble : {&key_rows_.trouble(), &signing_rows_.trouble()})
      if (!trouble->empty()) now->errors.push_back(*trouble);
    for (const auto& error : now->keys->errors()) now->errors.push_back(error);
    // Without the key table no row of the other is right.
    const bool any_name = now->keys->has_patterns() || !key_rows_.was_read();
    for (auto& error :
         now->signing->errors([&](std::string_view name) { return any_name || now->keys->find(name) != nullptr; }))
      now->errors.push_back(std::move(error));

    news_.with([&](News& news) {
      news.told.clear();
      for (const auto& error : now->errors) {
        if (is_first || std::find(before->errors.begin(), before->errors.end(), error) == before->errors.end())
          news.waiting.push_back(error);
        news.told.insert(error);
      }
      if (news.waiting.size() > most_told) news.waiting.resize(most_told);
    });
    tables_.swap(std::move(now));
  }

  void take_news(std::vector<std::string>& texts) {
    news_.with([&](News& news) { texts.swap(news.waiting); });
  }

  // To the log, once, until the tables change.
  void tell(const std::string& text, KeysFound& all) {
    const bool is_new =
        news_.with([&](News& news) { return news.told.size() < most_told && news.told.insert(text).second; });
    if (is_new) all.news.push_back(text);
  }

  // Of a row that has no key.
  void trouble(const std::string& text, KeysFound& all) {
    tell(text, all);
    all.troubles.push_back(text);
  }

  struct News {
    std::vector<std::string> waiting;
    std::unordered_set<std::string> told;
  };

  const bool multiple_;
  const Clock& clock_;
  const std::string name_;

  std::atomic<bool> is_looking_{false};
  std::atomic<SteadyTime> looked_;
  LiveDataSet key_rows_, signing_rows_;  // the looking thread's
  Snapshot<Tables> tables_;

  Guarded<News> news_;
  TableKeyCache cache_;
};

}  // namespace

Result<std::shared_ptr<OpendkimTables>> make_opendkim_tables(const OpendkimTablesConfig& config, const Clock& clock) {
  auto keys = data_set_place("key_table", config.key_table);
  if (!keys) return keys.error();
  auto signing = data_set_place("signing_table", config.signing_table);
  if (!signing) return signing.error();
  return std::shared_ptr<OpendkimTables>(
      std::make_shared<LiveTables>(config, *std::move(keys), *std::move(signing), clock));
}

}  // namespace mailweir
