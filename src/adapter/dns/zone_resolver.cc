// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/zone_resolver.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "adapter/dns/zone_text.h"
#include "base/file.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::Type;

constexpr int most_aliases = 16;
constexpr std::chrono::seconds negative_ttl{60};
constexpr std::size_t largest_file = 16 << 20;

class ZoneResolver final : public dns::Resolver {
 public:
  explicit ZoneResolver(Zone zone) : zone_(std::move(zone)) {}
  dns::AnswerPtr ask(const dns::Question& question, Deadline, std::function<void(dns::AnswerPtr)>) override {
    if (!dns::is_askable(question.name)) return dns::nxdomain("not a name that the DNS can have");
    return std::make_shared<const Answer>(answer(question));
  }

 private:
  const ZoneNode* find(std::string_view name) const;
  Answer answer(const dns::Question& question) const;

  const Zone zone_;
};

// The name's own node, or the wildcard's below its closest encloser (RFC 4592 3.3.1).
const ZoneNode* ZoneResolver::find(std::string_view name) const {
  if (const auto found = zone_.nodes.find(name); found != zone_.nodes.end()) return &found->second;
  for (auto parent = parent_of(name);; parent = parent_of(parent)) {
    if (!parent.empty() && !zone_.nodes.contains(parent)) continue;
    const auto wild = zone_.nodes.find(parent.empty() ? std::string("*") : "*." + std::string(parent));
    return wild == zone_.nodes.end() ? nullptr : &wild->second;
  }
}

Answer ZoneResolver::answer(const dns::Question& question) const {
  Answer result;
  result.status = Answer::Status::nxdomain;
  result.ttl = negative_ttl;
  auto ttl = std::chrono::seconds::max();
  std::string_view name = question.name;
  for (int aliases = 0; aliases <= most_aliases; ++aliases) {
    const auto* node = find(name);
    if (!node) return result;
    result.status = Answer::Status::nodata;
    if (const auto trouble = node->troubles.find(question.type); trouble != node->troubles.end()) {
      result.status = Answer::Status::temperror;
      result.ttl = std::chrono::seconds(0);
      result.detail = trouble->second;
      return result;
    }
    const ZoneRecord* alias = nullptr;
    for (const auto& each : node->records) {
      if (each.record.type == Type::CNAME) alias = &each;
      if (each.record.type != question.type) continue;
      result.records.push_back(each.record);
      ttl = std::min(ttl, each.ttl);
    }
    if (!result.records.empty()) {
      result.status = Answer::Status::ok;
      result.ttl = ttl;
      return result;
    }
    if (!alias) return result;
    ttl = std::min(ttl, alias->ttl);
    name = alias->record.text;
    result.status = Answer::Status::nxdomain;
  }
  result.status = Answer::Status::temperror;
  result.ttl = std::chrono::seconds(0);
  result.detail = "CNAME loop, or more than " + std::to_string(most_aliases) + " in a row";
  return result;
}

Result<std::string> read_file(const std::string& path) {
  const auto fd = open_regular(path);
  if (!fd) return fd.error();
  std::string text;
  char part[65536];
  for (;;) {
    const auto count = read(fd->get(), part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{path + ": cannot be read: " + std::strerror(errno)};
    if (count == 0) return text;
    text.append(part, static_cast<std::size_t>(count));
    if (text.size() > largest_file) return Error{path + ": is larger than 16 MiB, too large for a zone"};
  }
}

}  // namespace

Result<std::unique_ptr<dns::Resolver>> make_zone_resolver(std::string_view text, std::string_view name) {
  auto zone = parse_zone(text, name);
  if (!zone) return zone.error();
  return std::unique_ptr<dns::Resolver>(std::make_unique<ZoneResolver>(std::move(*zone)));
}

Result<std::unique_ptr<dns::Resolver>> load_zone_resolver(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  return make_zone_resolver(*text, path);
}

}  // namespace mailweir
