// SPDX-License-Identifier: BSD-2-Clause
// DNS messages put together byte by byte, sound ones and hostile ones (RFC 1035 4.1), for tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "port/dns.h"

namespace mailweir::test {

inline std::string u16(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)}; }
inline std::string u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }
inline std::string label(std::string_view bytes) { return static_cast<char>(bytes.size()) + std::string(bytes); }
// A name of plain labels; "" is the root.
inline std::string name(std::string_view text) {
  std::string wire;
  if (!text.empty())
    for (const auto part : split(text, '.')) wire += label(part);
  return wire + '\0';
}
inline std::string pointer(unsigned offset) { return u16(0xc000 | offset); }
inline const std::string asked = pointer(12);  // the question's name, in any reply

inline std::string record(const std::string& owner, unsigned type, std::uint32_t ttl, const std::string& data) {
  return owner + u16(type) + u16(1) + u32(ttl) + u16(static_cast<unsigned>(data.size())) + data;
}

constexpr unsigned is_reply = 0x8000, authoritative = 0x0400, truncated = 0x0200, recursion = 0x0080;
constexpr unsigned servfail = 2, no_such_name = 3, refused = 5, format_error = 1;

struct Reply {
  unsigned flags = recursion;  // with the rcode in the last four bits; is_reply takes that bit away
  std::string answers, authorities, additionals;
  unsigned answer_count = 0, authority_count = 0, additional_count = 0;

  Reply& answer(const std::string& wire) {
    answers += wire;
    ++answer_count;
    return *this;
  }
  Reply& authority(const std::string& wire) {
    authorities += wire;
    ++authority_count;
    return *this;
  }
  Reply& additional(const std::string& wire) {
    additionals += wire;
    ++additional_count;
    return *this;
  }
  // `question` is the question section as it came: name, type, class.
  std::string bytes(const std::string& id, const std::string& question) const {
    return id + u16(is_reply ^ flags) + u16(1) + u16(answer_count) + u16(authority_count) + u16(additional_count) + question +
           answers + authorities + additionals;
  }
  std::string to(const dns::Question& question) const {
    return bytes(u16(1), name(question.name) + u16(static_cast<unsigned>(question.type)) + u16(1));
  }
  // To a query as it came over the wire.
  std::string to_query(std::string_view query) const {
    std::size_t end = 12;
    while (end < query.size() && query[end] != 0) end += 1 + static_cast<unsigned char>(query[end]);
    return bytes(std::string(query.substr(0, 2)), std::string(query.substr(12, end + 5 - 12)));
  }
};

inline std::string soa(std::uint32_t ttl, std::uint32_t minimum) {
  return record(name("example"), 6, ttl,
                name("ns.example") + name("root.example") + u32(1) + u32(2) + u32(3) + u32(4) + u32(minimum));
}

inline std::span<const unsigned char> as_bytes(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

// "ok 10:mx.example 192.0.2.1", "nxdomain", "temperror SERVFAIL"
inline std::string shown(const dns::Answer& answer) {
  std::string text(to_string(answer.status));
  if (answer.status == dns::Answer::Status::temperror) return text + ' ' + answer.detail;
  for (const auto& each : answer.records) {
    text += ' ';
    if (each.type == dns::Type::MX) text += std::to_string(each.preference) + ':';
    if (each.type == dns::Type::A || each.type == dns::Type::AAAA) text += each.address.to_string();
    else text += each.text.empty() ? "." : each.text;
  }
  return text;
}

}  // namespace mailweir::test
