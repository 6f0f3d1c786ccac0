// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/data_set.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t largest_file = 256 << 20;
constexpr std::size_t most_warnings = 20;

// As isspace(3) in the C locale, which opendkim splits and trims by.
constexpr std::string_view blanks = " \t\r\n\v\f";

std::string_view without_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

Result<DataSetPlace> data_set_place(std::string_view setting, std::string_view value) {
  const auto wrong = [&](std::string_view why) { return Error{std::string(setting) + ": " + std::string(why)}; };
  value = without_blanks(value);
  if (value.empty()) return wrong("is empty; name a table, as in \"file:/etc/opendkim/KeyTable\"");
  auto colon = value.find(':');
  if (value.find(',') < colon) colon = value.npos;  // it belongs to a later entry of a list
  DataSetPlace place;
  place.setting = setting;
  if (colon == value.npos) {
    if (value.ends_with(".db"))
      return wrong("is a Berkeley DB file, which is not read here; write the table to a text file, one row a line");
    place.kind = value.front() == '/' ? DataSetKind::file : DataSetKind::list;
    place.text = value;
    return place;
  }
  const auto kind = folded(value.substr(0, colon));
  if (kind == "file") {
    place.kind = DataSetKind::file;
  } else if (kind == "refile") {
    place.kind = DataSetKind::patterns;
  } else if (kind == "csl") {
    place.kind = DataSetKind::list;
  } else {
    for (const char* other : {"db", "dsn", "ldap", "ldapi", "ldaps", "lua", "memcache", "mdb", "erlang"})
      if (kind == other)
        return wrong("\"" + kind +
                     ":\" is not read here, only \"file:\", \"refile:\" and \"csl:\"; write the table to a text file, "
                     "one row a line");
    return wrong("\"" + cleaned(kind, false, 40) +
                 ":\" is not a kind of table; it is \"file:PATH\", \"refile:PATH\" or \"csl:KEY=VALUE,...\" (a list "
                 "whose first value has a colon needs \"csl:\" in front)");
  }
  place.text = value.substr(colon + 1);
  if (place.is_file() && place.text.empty()) return wrong("names no file behind \"" + kind + ":\"");
  return place;
}

DataSet::DataSet(const DataSetPlace& place, std::string text)
    : place_(place), text_(std::make_shared<const std::string>(std::move(text))) {
  if (place_.is_file()) read_lines();
  else read_list();
  rows_.shrink_to_fit();
}

std::string DataSet::where(std::uint32_t number) const {
  if (place_.is_file()) return place_.text + ':' + std::to_string(number);
  return place_.setting + ", entry " + std::to_string(number);
}

void DataSet::warn(std::uint32_t number, const char* why) {
  if (warnings_.size() < most_warnings) warnings_.push_back(where(number) + ": " + why);
}

void DataSet::read_list() {
  std::uint32_t number = 0;
  for (const auto entry : split(*text_, ',')) {
    if (entry.empty()) continue;
    const auto sign = entry.find('=');
    DataSetRow row;
    row.key = without_blanks(entry.substr(0, sign));
    row.number = ++number;
    if (sign != entry.npos) {
      row.has_value = true;
      row.value = without_blanks(entry.substr(sign + 1));
    }
    rows_.push_back(row);
  }
}

void DataSet::read_lines() {
  rows_.reserve(static_cast<std::size_t>(std::count(text_->begin(), text_->end(), '\n')) + 1);
  std::string_view rest = *text_;
  for (std::uint32_t number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    add_line(rest.substr(0, end), number);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void DataSet::add_line(std::string_view line, std::uint32_t number) {
  line = line.substr(0, line.find('#'));
  if (line.find('\0') != line.npos) return warn(number, "has a NUL byte, and is not used; remove it");
  const auto trimmed_line = without_blanks(line);
  if (trimmed_line.empty()) return;
  if (place_.kind == DataSetKind::patterns && trimmed_line.data() != line.data())
    return warn(number, "begins with a blank, and opendkim ignores such lines in a refile; move it to the left");
  DataSetRow row;
  row.number = number;
  const auto gap = std::min(trimmed_line.find_first_of(blanks), trimmed_line.size());
  row.key = trimmed_line.substr(0, gap);
  row.value = without_blanks(trimmed_line.substr(gap));
  row.has_value = !row.value.empty();
  rows_.push_back(row);
}

Result<LoadedDataSet> read_data_set(const DataSetPlace& place) {
  LoadedDataSet loaded;
  if (!place.is_file()) {
    loaded.set = DataSet(place, place.text);
    return loaded;
  }
  const auto file = open_regular(place.text);
  if (!file) return file.error();
  const auto failed = [&] { return Error{place.text + ": " + std::strerror(errno), true}; };
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) return failed();
  loaded.stamp = stamp_of(status);
  const Error too_large{place.text + ": is larger than 256 MiB; split it, or give each domain a folder of keys"};
  if (status.st_size > static_cast<off_t>(largest_file)) return too_large;
  std::string text;
  for (std::size_t size = 0;;) {
    // One byte more than the file has: a read that finds its end.
    text.resize(std::max(size + 4096, static_cast<std::size_t>(status.st_size) + 1));
    if (text.size() > largest_file + 8192) return too_large;
    const auto got = ::read(file->get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed();
    size += static_cast<std::size_t>(got);
    if (got == 0) {
      text.resize(size);
      break;
    }
  }
  if (::fstat(file->get(), &status) != 0) return failed();
  loaded.steady = stamp_of(status) == loaded.stamp;
  text.shrink_to_fit();
  loaded.set = DataSet(place, std::move(text));
  return loaded;
}

}  // namespace mailweir
