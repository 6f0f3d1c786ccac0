// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/key_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/keys/key_file.h"
#include "adapter/keys/key_rights.h"
#include "adapter/keys/openssl_signer.h"
#include "base/blocking.h"
#include "base/file.h"
#include "base/file_stamp.h"
#include "base/handle.h"
#include "base/open_beneath.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::size_t most_files = 1000;  // looked at in one domain's folder
constexpr std::string_view ending = ".pem";

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using FolderPtr = std::unique_ptr<DIR, CloseFolder>;

struct FileKey {
  FileStamp stamp;
  bool settled = false;  // the stamp would change with the content
  DkimKeyPtr key;        // null: cannot be used
};

// What was found in one domain's folder.
struct FoundFiles : FoundKeys {
  FileStamp folder;  // nothing: the folder is not there
  bool settled = false;
  std::map<std::string, FileKey> files;  // by name

  bool is_well() const { return troubles.empty() && !unreachable; }
};

// One look at a domain's folder.
class Look {
 public:
  Look(const KeyFolderConfig& config, const Clock& clock, KeyStoreStats& stats, const std::string& domain,
       const FoundFiles* before)
      : config_(config), clock_(clock), stats_(stats), domain_(domain), before_(before) {}

  FoundKeysPtr take() {
    ++stats_.looks;
    found_.looked = clock_.steady();
    if (const Fd folder = open_folder(); folder.get() >= 0 && !is_as_before(folder)) read_folder(folder);
    return std::make_shared<const FoundFiles>(std::move(found_));
  }

 private:
  std::string objection_to(uid_t owner, const std::string& name) const {
    return config_.owner == owner ? std::string() : objection_to_owner(owner, config_.path + '/' + name, config_.owner);
  }
  void trouble(const std::string& name, const std::string& why) {
    found_.troubles.push_back(config_.path + '/' + name + ": " + why);
  }

  // None if the domain has no folder, or not one to be trusted.
  Fd open_folder() {
    const Fd root(::open(config_.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (root.get() < 0) {
      found_.unreachable = true;
      found_.troubles.push_back(config_.path + ": " + std::strerror(errno));
      return {};
    }
    Fd folder = open_beneath(root, domain_, O_RDONLY | O_DIRECTORY);
    struct stat status {};
    if (folder.get() < 0) {
      const int error = errno;
      if (error == ENOENT) return {};
      found_.unreachable = error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO || error == ESTALE;
      const bool link = error == ELOOP || error == ENOTDIR;
      trouble(domain_, link ? "is not a folder of its own (a symbolic link is not followed)"
                            : std::string(std::strerror(error)) + " for " + process_user());
      return {};
    }
    if (::fstat(folder.get(), &status) != 0) {
      trouble(domain_, std::strerror(errno));
      return {};
    }
    std::string why = objection_to(status.st_uid, domain_);
    if ((status.st_mode & S_IWOTH) != 0)
      why += (why.empty() ? "" : "; also, ") + ("others can put keys there; run: chmod o-w " + config_.path + '/') +
             domain_;
    if (!why.empty()) {
      trouble(domain_, why);
      return {};
    }
    found_.folder = stamp_of(status);
    found_.settled = has_settled(found_.folder, clock_.wall());
    return folder;
  }

  // What was found before stands, if neither the folder nor one of its keys has changed.
  bool is_as_before(const Fd& folder) {
    if (before_ == nullptr || !before_->is_well() || !before_->settled || before_->folder != found_.folder)
      return false;
    for (const auto& [name, file] : before_->files) {
      struct stat status {};
      if (!file.settled || ::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
          stamp_of(status) != file.stamp)
        return false;
    }
    const auto looked = found_.looked;
    found_ = *before_;
    found_.looked = looked;
    return true;
  }

  void read_folder(const Fd& folder) {
    const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const FolderPtr listing(copy < 0 ? nullptr : ::fdopendir(copy));
    if (!listing) {
      const int error = errno;
      if (copy >= 0) ::close(copy);
      found_.unreachable = true;
      return trouble(domain_, std::strerror(error));
    }
    std::vector<std::string> names;
    std::size_t seen = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string_view name = entry->d_name;
      if (name.starts_with('.')) continue;  // of one who is writing
      if (++seen > most_files) {
        trouble(domain_, "has more than " + std::to_string(most_files) + " files; the rest is not looked at");
        break;
      }
      if (name.ends_with(ending)) names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    std::size_t keys = 0;
    for (const auto& name : names) {
      const auto selector = name.substr(0, name.size() - ending.size());
      if (!is_plain_name(selector)) {
        found_.warnings.push_back(config_.path + '/' + domain_ + '/' + cleaned(name, false, 300) +
                                  ": is not a selector in lower case, as in the DNS; the file is not used");
      } else if (keys == KeyStore::most_keys) {
        trouble(domain_, "has more than " + std::to_string(KeyStore::most_keys) + " keys; the rest is not used");
        break;
      } else {
        ++keys;
        const auto& file = found_.files[name] = read_file(folder, name, selector);
        if (file.key) found_.keys.push_back(file.key);
      }
    }
  }

  FileKey read_file(const Fd& folder, const std::string& name, const std::string& selector) {
    FileKey made;
    const std::string path = domain_ + '/' + name;
    // O_NONBLOCK: a pipe does not hold us up.
    const Fd file = open_beneath(folder, name, O_RDONLY | O_NONBLOCK);
    if (file.get() < 0) {
      const int error = errno;
      trouble(path, error == ELOOP ? "is a symbolic link, which is not followed"
                                   : std::string(std::strerror(error)) + " for " + process_user());
      return made;
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
      trouble(path, std::strerror(errno));
      return made;
    }
    made.stamp = stamp_of(status);
    made.settled = has_settled(made.stamp, clock_.wall());
    if (before_ != nullptr)
      if (const auto old = before_->files.find(name);
          old != before_->files.end() && old->second.settled && old->second.key && old->second.stamp == made.stamp)
        return old->second;
    if (!S_ISREG(status.st_mode)) {
      trouble(path, "is not a regular file");
      return made;
    }
    ++stats_.reads;
    auto loaded = read_signing_key(file, config_.path + '/' + path,
                                   {KeyText::pem, daemon_group(config_.owner), objection_to(status.st_uid, path)});
    if (!loaded) {
      found_.troubles.push_back(loaded.error().what);
      return made;
    }
    for (auto& warning : loaded->warnings) found_.warnings.push_back(std::move(warning));
    const WallTime written(
        std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(made.stamp.modified)));
    made.key = std::make_shared<const DkimKey>(DkimKey{domain_, selector, std::move(loaded->signer), false, written});
    return made;
  }

  const KeyFolderConfig& config_;
  const Clock& clock_;
  KeyStoreStats& stats_;
  const std::string& domain_;
  const FoundFiles* const before_;
  FoundFiles found_;
};

class CachedKeyFolder final : public KeyFolder {
 public:
  CachedKeyFolder(const KeyFolderConfig& config, const Clock& clock)
      : config_(config), clock_(clock), name_("dir:" + config.path), kept_(config.most_domains, clock, stats_) {}

  KeysFound find(const std::string& domain, Deadline deadline) override { return find(domain, false, deadline); }
  KeysFound look(const std::string& domain, Deadline deadline) override { return find(domain, true, deadline); }

  Result<std::string> put(const NewKey& key, Deadline deadline) override {
    Result<std::string> written = Error{};
    if (!run_blocking(deadline,
                      [&] { written = write_key_file(file_of(key.domain, key.selector), key.pem, key.written); }))
      return no_thread();
    kept_.doubt(key.domain);
    return written;
  }

  Result<bool> remove(const std::string& domain, const std::string& selector, Deadline deadline) override {
    Result<bool> removed = Error{};
    if (!run_blocking(deadline, [&] { removed = remove_key_file(file_of(domain, selector)); })) return no_thread();
    kept_.doubt(domain);
    return removed;
  }

  Result<std::vector<std::string>> domains(Deadline) override {
    std::vector<std::string> names;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(config_.path, failure), end; !failure && entry != end;
         entry.increment(failure))
      if (auto name = entry->path().filename().string(); is_plain_name(name)) names.push_back(std::move(name));
    if (failure) return Error{config_.path + ": " + failure.message()};
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string where(const std::string& domain, const std::string& selector) const override {
    return config_.path + '/' + domain + '/' + selector + std::string(ending);
  }
  const std::string& name() const override { return name_; }
  const KeyStoreStats& stats() const override { return stats_; }

 private:
  KeysFound find(const std::string& domain, bool anew, Deadline deadline) {
    if (!is_plain_name(domain)) return {};
    return kept_.find(domain, anew, [&](const FoundKeysPtr& before) {
      FoundKeysPtr now;
      const auto* files = static_cast<const FoundFiles*>(before.get());
      const auto take = [&] { now = Look(config_, clock_, stats_, domain, files).take(); };
      return run_blocking(deadline, take) ? now : nullptr;
    });
  }
  KeyFile file_of(const std::string& domain, const std::string& selector) const {
    return {config_.path, domain, selector, config_.gives_to};
  }
  Error no_thread() const { return Error{config_.path + ": no thread was free in time", true}; }

  const KeyFolderConfig config_;
  const Clock& clock_;
  const std::string name_;
  KeyStoreStats stats_;
  KeptKeys kept_;
};

}  // namespace

std::string objection_to_owner(uid_t owner, const std::string& path, std::optional<uid_t> user) {
  if (owner == 0 || owner == geteuid()) return {};
  const std::string daemon = owner_name(user ? *user : geteuid());
  return "its owner (uid " + std::to_string(owner) + ") is neither root nor " + (user ? daemon : process_user()) +
         "; run: chown " + daemon + ' ' + path;
}

std::shared_ptr<KeyFolder> make_key_folder(const KeyFolderConfig& config, const Clock& clock) {
  return std::make_shared<CachedKeyFolder>(config, clock);
}

}  // namespace mailweir
