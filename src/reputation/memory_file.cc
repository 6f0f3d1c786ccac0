// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/memory_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/new_file.h"

namespace mailweir {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int version = 1;

Error trouble(const std::string& path, const std::string& what) {
  return Error{path + ": " + what + ": " + std::strerror(errno)};
}

std::int64_t in_seconds(WallTime time) { return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count(); }
WallTime time_of(const json& value) { return WallTime(seconds(value.get<std::int64_t>())); }

// Of those that may last.
Standing standing_of(const std::string& word) {
  for (const Standing one : {Standing::listed, Standing::wrong, Standing::blind})
    if (word == to_string(one)) return one;
  throw std::invalid_argument("standing");
}

json as_json(const Fault& fault) {
  const Finding& finding = fault.finding;
  return {{"subject", finding.subject},
          {"check", finding.check},
          {"of", finding.of},
          {"standing", to_string(finding.standing)},
          {"detail", finding.detail},
          {"advice", finding.advice},
          {"page", finding.page},
          {"lasts", fault.lasts},
          {"told", fault.told},
          {"since", in_seconds(fault.since)},
          {"told_at", in_seconds(fault.told_at)}};
}

Fault fault_of(const json& value) {
  Fault fault;
  auto& finding = fault.finding;
  finding.subject = value.at("subject").get<std::string>();
  finding.check = value.at("check").get<std::string>();
  finding.of = value.at("of").get<std::string>();
  finding.standing = standing_of(value.at("standing").get<std::string>());
  finding.detail = value.at("detail").get<std::string>();
  finding.advice = value.at("advice").get<std::string>();
  finding.page = value.at("page").get<std::string>();
  fault.lasts = value.at("lasts").get<bool>();
  fault.told = value.at("told").get<bool>();
  fault.since = time_of(value.at("since"));
  fault.told_at = time_of(value.at("told_at"));
  return fault;
}

Memory memory_of(const json& all) {
  if (all.at("version").get<int>() != version) throw std::invalid_argument("version");
  Memory memory;
  memory.looked = time_of(all.at("looked"));
  for (const auto& list : all.at("lists"))
    memory.lists.push_back(
        {list.at("name").get<std::string>(), list.at("listed").get<std::uint64_t>(), list.at("blind").get<bool>()});
  for (const auto& one : all.at("faults")) {
    Fault fault = fault_of(one);
    memory.faults[{fault.finding, fault.finding.standing == Standing::blind}] = std::move(fault);
  }
  return memory;
}

Result<std::string> content_of(const std::string& path) {
  const auto file = open_regular(path);
  if (!file) return file.error();
  std::string text;
  char part[64 << 10];
  for (ssize_t got = 0; (got = ::read(file->get(), part, sizeof part)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return trouble(path, "cannot read it");
    text.append(part, static_cast<std::size_t>(got));
    if (text.size() > longest_memory) return Error{path + ": it is longer than 32 MiB"};
  }
  return text;
}

}  // namespace

Result<Memory> read_memory(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return Memory();
  const auto text = content_of(path);
  if (!text) return Error{text.error().what, true};
  try {
    return memory_of(json::parse(*text));
  } catch (const std::exception&) {
    return Error{path + ": it is damaged, or of another version"};
  }
}

Result<Fd> lock_memory(const std::string& path) {
  const std::string name = path + ".lock";
  Fd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640));
  if (!file) return trouble(name, "cannot open it");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) return Error{name + ": another look is under way", true};
  return trouble(name, "cannot lock it");
}

std::string move_aside(const std::string& path, const std::string& why) {
  const std::string aside = path + ".damaged";
  if (::rename(path.c_str(), aside.c_str()) != 0) return why + "; it cannot be renamed: " + std::strerror(errno);
  return why + "; it is renamed to " + aside + ", and everything is told as if for the first time";
}

Result<void> write_memory(const std::string& path, const Memory& memory) {
  json all = {
      {"version", version}, {"looked", in_seconds(memory.looked)}, {"lists", json::array()}, {"faults", json::array()}};
  for (const auto& list : memory.lists)
    all["lists"].push_back({{"name", list.name}, {"listed", list.listed}, {"blind", list.blind}});
  for (const auto& [key, fault] : memory.faults) all["faults"].push_back(as_json(fault));
  const std::string text = all.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
  return replace_file(path, text, 0640);
}

}  // namespace mailweir
