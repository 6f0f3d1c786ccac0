// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/maxminddb_countries.h"

#include "config.h"

#ifdef HAVE_MAXMINDDB

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "base/file.h"
#include "base/file_stamp.h"
#include "base/guarded.h"

namespace mailweir {
namespace {

constexpr std::size_t most_bytes = 512 << 20;

Result<Fd> copy_in_memory(const std::string& path) {
  auto file = open_regular(path);
  if (!file) return file.error();
  Fd copy(memfd_create("mailweir-geoip", MFD_CLOEXEC));
  if (!copy) return Error{path + ": no memory for a copy: " + std::strerror(errno)};
  for (std::size_t size = 0;;) {
    const ssize_t got = sendfile(copy.get(), file->get(), nullptr, 1 << 20);
    if (got < 0) return Error{path + ": cannot be read: " + std::strerror(errno)};
    if (got == 0) return copy;
    if ((size += static_cast<std::size_t>(got)) > most_bytes) return Error{path + ": is larger than 512 MiB"};
  }
}

// An open database; closed with the last lookup that uses it.
class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    if (open_) MMDB_close(&handle_);
  }
  // The library maps what it opens, so it is given a copy: a file cut short beneath a mapping ends the program.
  Result<void> open(const std::string& path) {
    const auto copy = copy_in_memory(path);
    if (!copy) return copy.error();
    const int status = MMDB_open(("/proc/self/fd/" + std::to_string(copy->get())).c_str(), MMDB_MODE_MMAP, &handle_);
    open_ = status == MMDB_SUCCESS;
    if (!open_) return Error{path + ": cannot be used as a country database: " + MMDB_strerror(status)};
    return {};
  }
  std::uint16_t ip_version() const { return handle_.metadata.ip_version; }
  std::string country(const IpAddress& address) const;

 private:
  MMDB_s handle_{};
  bool open_ = false;
};

// The path is country.iso_code ("GeoLite2 databases", dev.maxmind.com).
std::string text_at(MMDB_entry_s& entry, const char* outer) {
  MMDB_entry_data_s data;
  if (MMDB_get_value(&entry, &data, outer, "iso_code", nullptr) != MMDB_SUCCESS) return {};
  if (!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2) return {};
  std::string code(data.utf8_string, data.data_size);
  for (char& letter : code) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    if (letter < 'A' || letter > 'Z') return {};
  }
  return code;
}

std::string Database::country(const IpAddress& address) const {
  if (!address.is_v4() && ip_version() == 4) return {};
  sockaddr_storage storage{};
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes.data() + 12, sizeof v4.sin_addr);
    std::memcpy(&storage, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&storage, &v6, sizeof v6);
  }
  int error = MMDB_SUCCESS;
  auto found = MMDB_lookup_sockaddr(&handle_, reinterpret_cast<const sockaddr*>(&storage), &error);
  if (error != MMDB_SUCCESS || !found.found_entry) return {};
  return text_at(found.entry, "country");
}

Result<std::shared_ptr<const Database>> open_database(const std::string& path) {
  auto database = std::make_shared<Database>();
  if (auto opened = database->open(path); !opened) return opened.error();
  return std::shared_ptr<const Database>(std::move(database));
}

class MaxmindFile final : public CountryFile {
 public:
  MaxmindFile(std::string path, std::optional<FileStamp> stamp, std::shared_ptr<const Database> database)
      : path_(std::move(path)), stamp_(stamp), database_(std::move(database)) {}

  std::string country(const IpAddress& address) const override { return database_.get()->country(address); }

  void refresh(Log& log) override {
    const std::lock_guard one_at_a_time(refreshing_);
    const auto stamp = file_stamp(path_);
    if (stamp == stamp_) return;
    stamp_ = stamp;  // what cannot be used is told once
    auto database = open_database(path_);
    if (!database) {
      Event("geoip-refused")
          .with("file", path_)
          .with("reason", database.error().what)
          .with("what", "the old content stays")
          .to(log, Severity::error);
      return;
    }
    database_.swap(*std::move(database));
    Event("geoip-read").with("file", path_).to(log, Severity::notice);
  }

 private:
  const std::string path_;
  std::mutex refreshing_;  // guards stamp_
  std::optional<FileStamp> stamp_;
  Snapshot<Database> database_;
};

}  // namespace

Result<std::shared_ptr<CountryFile>> open_country_file(const std::string& path) {
  const auto stamp = file_stamp(path);
  auto database = open_database(path);
  if (!database) return database.error();
  return std::shared_ptr<CountryFile>(std::make_shared<MaxmindFile>(path, stamp, *std::move(database)));
}

}  // namespace mailweir

#else

namespace mailweir {

Result<std::shared_ptr<CountryFile>> open_country_file(const std::string&) {
  return Error{"this build has no country databases: it was configured without libmaxminddb"};
}

}  // namespace mailweir

#endif
