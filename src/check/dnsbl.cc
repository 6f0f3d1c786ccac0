// SPDX-License-Identifier: BSD-2-Clause
#include "check/dnsbl.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::uint32_t first_answer = 0x7f000000, last_answer = 0x7fffffff;  // 127.0.0.0/8
constexpr std::uint32_t first_error = 0x7fffff00, last_error = 0x7fffffff;    // 127.255.255.0/24
constexpr std::size_t most_codes_told = 8;
constexpr std::size_t longest_text = 200;

std::uint32_t number_of(const IpAddress& address) {
  const auto& bytes = address.bytes();
  return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 | bytes[15];
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_v4() || text.find(':') != text.npos) return {};
  return number_of(*address);
}

std::optional<DnsblCode> parse_form(std::string_view text) {
  if (const auto dash = text.find('-'); dash != text.npos) {
    const auto first = parse_v4(text.substr(0, dash)), last = parse_v4(text.substr(dash + 1));
    if (!first || !last || *first > *last) return {};
    return DnsblCode{*first, *last, 0};
  }
  if (const auto sign = text.find('&'); sign != text.npos) {
    const auto base = parse_v4(text.substr(0, sign));
    const auto mask = to_number(text.substr(sign + 1));
    if (!base || (*base & 0xff) != 0 || !mask || *mask == 0 || *mask > 255) return {};
    return DnsblCode{*base, *base | 0xff, static_cast<std::uint8_t>(*mask)};
  }
  const auto network = Network::parse(text);
  if (!network || !network->address().is_v4()) return {};
  return DnsblCode{number_of(network->address()), number_of(network->last()), 0};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

Result<DnsblCode> parse_dnsbl_code(std::string_view text) {
  const auto code = parse_form(text);
  if (!code)
    return Error{"\"" + cleaned(text, true, 60) +
                 "\" is not a code; write \"127.0.0.2\", \"127.0.0.2-127.0.0.11\", \"127.0.0.0/28\" or \"127.0.0.0&8\" "
                 "(bit 8 of the last number)"};
  if (code->first < first_answer || code->last > last_answer)
    return Error{"\"" + cleaned(text, true, 60) + "\": answers of DNSBLs are in 127.0.0.0/8"};
  if (code->first <= last_error && code->last >= first_error)
    return Error{"\"" + cleaned(text, true, 60) +
                 "\": answers in 127.255.255.0/24 are errors of the query, never listings"};
  return *code;
}

std::string dnsbl_name(const IpAddress& address, std::string_view zone) {
  std::string name = address.reverse_name();
  name.resize(name.size() - std::string_view(address.is_v4() ? "in-addr.arpa" : "ip6.arpa").size());
  return name += zone;
}

std::string dnsbl_name(std::string_view domain, std::string_view zone) {
  if (domain.empty() || domain.size() + 1 + zone.size() > 253) return {};
  std::string name = folded(domain);
  if (name.ends_with('.')) name.pop_back();
  return ((name += '.') += zone);
}

DnsblAnswer read_dnsbl_answer(const dns::Answer& answer, const DnsblList& list) {
  using Status = dns::Answer::Status;
  if (answer.status == Status::nxdomain || answer.status == Status::nodata) return {DnsblWord::not_listed, {}, false};
  if (answer.status == Status::temperror) return {DnsblWord::error, cleaned(answer.detail, true, longest_text), false};
  std::vector<std::string> listed;
  std::string wrong;
  bool outside = false;
  for (const auto& record : answer.records) {
    if (record.type != dns::Type::A) continue;
    const auto code = number_of(record.address);
    const bool inside = code >= first_answer && code <= last_answer,
               refused = code >= first_error && code <= last_error;
    const bool meant = list.codes.empty() ||
                       std::any_of(list.codes.begin(), list.codes.end(), [&](const auto& c) { return c.has(code); });
    if (inside && !refused && meant) {
      if (listed.size() < most_codes_told) listed.push_back(record.address.to_string());
    } else if (wrong.empty()) {
      outside = !inside;
      wrong = "the answer " + record.address.to_string() +
              (refused  ? " means that the zone refuses the query"
               : inside ? " is not one of its codes"
                        : " is not one that a DNSBL gives");
    }
  }
  if (!listed.empty()) return {DnsblWord::listed, joined(listed), false};
  if (!wrong.empty()) return {DnsblWord::error, wrong, outside};
  return {DnsblWord::not_listed, {}, false};
}

std::string dnsbl_text(Lookups& lookups, const std::string& name) {
  const auto& answer = lookups.get({name, dns::Type::TXT});
  if (answer.status != dns::Answer::Status::ok || answer.records.empty()) return {};
  return cleaned(trimmed(answer.records.front().text), false, longest_text);
}

std::vector<DnsblTestPoint> dnsbl_test_points(const DnsblList& list) {
  const auto point = [&](std::string subject, std::string name, bool listed) {
    return DnsblTestPoint{std::move(subject), {std::move(name), dns::Type::A}, listed};
  };
  if (list.kind == DnsblKind::domain)
    return {point("TEST", dnsbl_name("test", list.zone), true),
            point("INVALID", dnsbl_name("invalid", list.zone), false)};
  // An IPv4-mapped address, which IpAddress takes for IPv4: its name by nibbles is put together here.
  const auto nibbles = [&](char last) {
    std::string name = std::string(1, last) + ".0.0.0.0.0.f.7.f.f.f.f.";
    for (int i = 0; i < 20; ++i) name += "0.";
    return name + list.zone;
  };
  return {point("127.0.0.2", "2.0.0.127." + list.zone, true), point("127.0.0.1", "1.0.0.127." + list.zone, false),
          point("::FFFF:7F00:2", nibbles('2'), true), point("::FFFF:7F00:1", nibbles('1'), false)};
}

namespace {

// One address family, or the domains: whether its two test points are as they must be.
struct Pair {
  bool good = false;
  std::string lie, trouble;
};

Pair judge(Lookups& lookups, const DnsblList& list, const DnsblTestPoint& listed, const DnsblTestPoint& unlisted) {
  DnsblList any = list;
  any.codes.clear();  // the test points tell of the zone, whatever of its codes counts
  Pair pair;
  bool must = false;
  for (const auto* point : {&unlisted, &listed}) {
    const auto read = read_dnsbl_answer(lookups.get(point->question), any);
    if (read.word == DnsblWord::error) {
      (read.outside ? pair.lie : pair.trouble) = point->subject + ": " + read.detail;
      return pair;
    }
    const bool is_listed = read.word == DnsblWord::listed;
    if (point->must_be_listed) must = is_listed;
    else if (is_listed)
      pair.lie = point->subject + " is listed (" + read.detail + "), which RFC 5782 forbids: it lists everything";
  }
  pair.good = must && pair.lie.empty();
  return pair;
}

}  // namespace

DnsblProof prove_dnsbl(Lookups& lookups, const DnsblList& list) {
  using Word = DnsblProof::Word;
  const auto points = dnsbl_test_points(list);
  for (const auto& point : points) lookups.want(point.question);
  DnsblProof proof;
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i + 1 < points.size(); i += 2)
    pairs.push_back(judge(lookups, list, points[i], points[i + 1]));
  for (const auto& pair : pairs)
    if (!pair.lie.empty()) {
      proof.word = Word::lies;
      proof.reason = pair.lie;
      return proof;
    }
  if (list.kind == DnsblKind::domain) {
    proof.domains = pairs[0].good;
  } else {
    proof.ipv4 = pairs[0].good;
    proof.ipv6 = pairs[1].good;
  }
  for (const auto& pair : pairs)
    if (proof.reason.empty()) proof.reason = pair.trouble;
  // A family that is not proved is not asked; the other may be.
  if (proof.ipv4 || proof.ipv6 || proof.domains) {
    proof.word = Word::good;
    return proof;
  }
  if (!proof.reason.empty()) return proof;
  proof.word = Word::lies;
  proof.reason = points[0].subject + " is not listed, which RFC 5782 demands: it lists nothing";
  return proof;
}

}  // namespace mailweir
