// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/table_key_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/stat.h>

#include "adapter/keys/key_folder.h"
#include "adapter/keys/openssl_signer.h"
#include "base/blocking.h"
#include "base/file.h"
#include "base/file_stamp.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds look_again{1};
constexpr std::size_t most_names = 16;

}  // namespace

// What was found of one key. Never changed once made.
struct TableKeyCache::Found {
  SteadyTime looked{};
  bool stays = false;  // it stands in the table
  FileStamp stamp;
  bool settled = false;    // the stamp would change with the content
  bool temporary = false;  // it could not be looked at: it may be good
  SignerPtr signer;        // null: cannot be used
  std::string trouble;
  std::vector<std::string> warnings;
};

std::vector<bool> TableKeyCache::find(const std::vector<Wanted>& wanted, Deadline deadline, KeysFound& all) {
  std::vector<FoundPtr> before(wanted.size()), now(wanted.size());
  bool is_stale = false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    before[i] = kept(wanted[i].place.key);
    if (before[i] && (before[i]->stays || clock_.steady() - before[i]->looked < look_again)) now[i] = before[i];
    else is_stale = true;
  }
  if (is_stale && !run_blocking(deadline, [&] {
        for (std::size_t i = 0; i < wanted.size(); ++i)
          if (!now[i]) now[i] = look(wanted[i], before[i].get());
      }))
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (!now[i]) now[i] = before[i];

  std::vector<bool> has_key(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Found* found = now[i].get();
    if (found == nullptr) {
      all.unreachable = true;
      continue;
    }
    if (now[i] != before[i]) keep(wanted[i].place.key, now[i]);
    const auto tell = [&](const std::string& text) { all.news.push_back(wanted[i].where + ": " + text); };
    if (!found->trouble.empty()) {
      all.troubles.push_back(wanted[i].where + ": " + found->trouble);
      all.unreachable = all.unreachable || found->temporary;
      if (!before[i] || before[i]->trouble != found->trouble) {
        ++stats_.bad;
        tell(found->trouble);
      }
      continue;
    }
    if (now[i] != before[i])
      for (const auto& warning : found->warnings)
        if (!before[i] ||
            std::find(before[i]->warnings.begin(), before[i]->warnings.end(), warning) == before[i]->warnings.end())
          tell(warning);
    all.keys.push_back(named(wanted[i], found->signer));
    has_key[i] = true;
  }
  return has_key;
}

TableKeyCache::FoundPtr TableKeyCache::look(const Wanted& wanted, const Found* before) {
  Found found;
  found.looked = clock_.steady();
  const auto use = [&](Result<LoadedKey> loaded) {
    ++stats_.reads;
    if (!loaded) {
      found.trouble = loaded.error().what;
      return;
    }
    found.signer = std::move(loaded->signer);
    found.warnings = std::move(loaded->warnings);
  };
  const auto made = [&] { return std::make_shared<const Found>(std::move(found)); };
  if (!wanted.place.is_path) {
    found.stays = true;
    use(parse_signing_key(wanted.place.key, "the key"));
    return made();
  }
  ++stats_.looks;
  const auto& path = wanted.place.key;
  const auto file = open_regular(path);
  struct stat status {};
  if (!file) {
    found.trouble = file.error().what;
    found.temporary = file.error().temporary;
    return made();
  }
  if (::fstat(file->get(), &status) != 0) {
    found.trouble = path + ": " + std::strerror(errno);
    found.temporary = true;
    return made();
  }
  found.stamp = stamp_of(status);
  found.settled = has_settled(found.stamp, clock_.wall());
  if (before != nullptr && before->settled && before->signer && before->stamp == found.stamp) {
    found.signer = before->signer;
    found.warnings = before->warnings;
  } else {
    use(read_signing_key(*file, path, {KeyText::pem_or_base64, {}, objection_to_owner(status.st_uid, path)}));
  }
  return made();
}

TableKeyCache::FoundPtr TableKeyCache::kept(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const Place* place = places_.find(key);
  return place == nullptr ? nullptr : place->found;
}

void TableKeyCache::keep(const std::string& key, FoundPtr found) {
  const std::lock_guard lock(mutex_);
  if (Place* place = places_.find(key)) {
    if (place->found->signer != found->signer) place->named.clear();
    place->found = std::move(found);
    return;
  }
  if (places_.add(key, {std::move(found), {}})) ++stats_.forgotten;
  stats_.keys = places_.size();
}

// The same object each time, as long as the key is the same.
DkimKeyPtr TableKeyCache::named(const Wanted& wanted, const SignerPtr& signer) {
  const std::lock_guard lock(mutex_);
  Place* place = places_.find(wanted.place.key);
  const bool is_kept = place != nullptr && place->found->signer == signer;
  if (is_kept)
    for (const auto& key : place->named)
      if (key->domain == wanted.place.domain && key->selector == wanted.place.selector) return key;
  auto key = std::make_shared<const DkimKey>(DkimKey{wanted.place.domain, wanted.place.selector, signer, false});
  if (!is_kept) return key;
  auto& names = place->named;
  if (names.size() == most_names) names.erase(names.begin());
  names.push_back(key);
  return key;
}

}  // namespace mailweir
