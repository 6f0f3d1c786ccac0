// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/dns_decode.h"

#include <algorithm>
#include <optional>

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include "base/text.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::Question;
using dns::Record;
using dns::Type;

struct Wire {  // one record of the answer section, its owner spelled out, its data still in the message
  std::string owner;
  int type = 0;
  std::uint32_t ttl = 0;
  const unsigned char* data = nullptr;
  std::size_t length = 0;
};

Answer trouble(std::string detail) {
  Answer answer;
  answer.detail = std::move(detail);
  return answer;
}

std::string_view rcode_name(int rcode) {
  switch (rcode) {
    case ns_r_formerr: return "FORMERR";
    case ns_r_servfail: return "SERVFAIL";
    case ns_r_notimpl: return "NOTIMP";
    case ns_r_refused: return "REFUSED";
    default: return {};
  }
}

// From the form that ns_name_ntop(3) writes. It escapes '(' '@' '$' and such too, which to_domain's spelling does not:
// only what would be read as something else stays escaped (a dot inside a label, a backslash, \DDD).
std::string plain_name(std::string_view presented) {
  if (presented == ".") return {};
  std::string name;
  name.reserve(presented.size());
  for (std::size_t i = 0; i < presented.size(); ++i) {
    const bool escaped = presented[i] == '\\' && i + 1 < presented.size();
    const char next = escaped ? presented[i + 1] : '\0';
    if (escaped && (next == '.' || next == '\\')) {
      name += presented[i++];
      name += next;
    } else if (!escaped || (next >= '0' && next <= '9')) {
      name += fold(presented[i]);
    }
  }
  return name;
}

// A name that was asked for, in the spelling of plain_name: the only difference is a blank.
std::string as_received(std::string name) {
  for (auto at = name.find(' '); at != name.npos; at = name.find(' ', at)) name.replace(at, 1, "\\032");
  return name;
}

std::uint32_t sane_ttl(std::uint32_t ttl) { return ttl > 0x7fffffff ? 0 : ttl; }  // RFC 2181 8

class Message {
 public:
  explicit Message(std::span<const unsigned char> bytes) {
    good_ = bytes.size() >= NS_HFIXEDSZ && bytes.size() <= NS_MAXMSG &&
            ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &handle_) == 0;
  }
  bool good() const { return good_; }
  bool flag(ns_flag which) { return ns_msg_getflag(handle_, which) != 0; }
  // With EDNS the upper bits stand in the OPT record (RFC 6891 6.1.3): BADVERS would read as NOERROR without them.
  int rcode();
  // Nothing: malformed.
  std::optional<std::vector<Wire>> answers();
  // min(TTL, MINIMUM) of the authority section's SOA (RFC 2308 5).
  std::optional<std::uint32_t> negative_ttl();
  // A name inside a record, folded; nothing when it is malformed or does not end where the data does.
  std::optional<std::string> name_at(const unsigned char* at, const unsigned char* end);

 private:
  ns_msg handle_{};
  bool good_ = false;
};

int Message::rcode() {
  const int low = ns_msg_getflag(handle_, ns_f_rcode);
  ns_rr record;
  for (int i = 0; i < ns_msg_count(handle_, ns_s_ar); ++i) {
    if (ns_parserr(&handle_, ns_s_ar, i, &record) != 0) return low;
    if (ns_rr_type(record) == ns_t_opt) return low | static_cast<int>((ns_rr_ttl(record) >> 24) << 4);
  }
  return low;
}

std::optional<std::vector<Wire>> Message::answers() {
  std::vector<Wire> result;
  ns_rr record;
  for (int i = 0; i < ns_msg_count(handle_, ns_s_an); ++i) {
    if (ns_parserr(&handle_, ns_s_an, i, &record) != 0) return {};
    if (ns_rr_class(record) != ns_c_in) continue;
    result.push_back({plain_name(ns_rr_name(record)), ns_rr_type(record), sane_ttl(ns_rr_ttl(record)),
                      ns_rr_rdata(record), static_cast<std::size_t>(ns_rr_rdlen(record))});
  }
  return result;
}

std::optional<std::uint32_t> Message::negative_ttl() {
  ns_rr record;
  for (int i = 0; i < ns_msg_count(handle_, ns_s_ns); ++i) {
    if (ns_parserr(&handle_, ns_s_ns, i, &record) != 0) return {};
    if (ns_rr_type(record) != ns_t_soa || ns_rr_rdlen(record) < 20) continue;
    const auto minimum = ns_get32(ns_rr_rdata(record) + ns_rr_rdlen(record) - 4);
    return std::min(sane_ttl(ns_rr_ttl(record)), sane_ttl(static_cast<std::uint32_t>(minimum)));
  }
  return {};
}

std::optional<std::string> Message::name_at(const unsigned char* at, const unsigned char* end) {
  char name[NS_MAXDNAME];
  const int used = dn_expand(ns_msg_base(handle_), ns_msg_end(handle_), at, name, sizeof name);
  if (used < 0 || at + used != end) return {};
  return plain_name(name);
}

// RFC 1035 3.3.14: strings of a length byte each, joined as SPF and DKIM want them (RFC 7208 3.3). There should be one
// at least; a record without any is an empty text, which spoils nothing of those beside it.
std::optional<std::string> joined_strings(const Wire& wire) {
  std::string text;
  text.reserve(wire.length);
  for (std::size_t i = 0; i < wire.length;) {
    const std::size_t size = wire.data[i];
    if (i + 1 + size > wire.length) return {};
    text.append(reinterpret_cast<const char*>(wire.data) + i + 1, size);
    i += 1 + size;
  }
  return text;
}

std::optional<Record> record_of(Message& message, const Wire& wire, Type type) {
  Record record;
  record.type = type;
  const auto* end = wire.data + wire.length;
  std::optional<std::string> text;
  switch (type) {
    case Type::A:
      if (wire.length != 4) return {};
      record.address = IpAddress::v4(static_cast<std::uint32_t>(ns_get32(wire.data)));
      return record;
    case Type::AAAA: {
      std::array<std::uint8_t, 16> bytes{};
      if (wire.length != bytes.size()) return {};
      std::copy(wire.data, end, bytes.begin());
      record.address = IpAddress::v6(bytes);
      return record;
    }
    case Type::MX:
      if (wire.length < 3) return {};
      record.preference = static_cast<std::uint16_t>(ns_get16(wire.data));
      text = message.name_at(wire.data + 2, end);
      break;
    case Type::NS:
    case Type::CNAME:
    case Type::PTR: text = message.name_at(wire.data, end); break;
    case Type::TXT: text = joined_strings(wire); break;
  }
  if (!text) return {};
  record.text = std::move(*text);
  return record;
}

Answer negative(Message& message, Answer::Status status, std::uint32_t ttl) {
  Answer answer;
  answer.status = status;
  answer.ttl = std::chrono::seconds(std::min(ttl, message.negative_ttl().value_or(0)));
  return answer;
}

// No record of the type at the end of the chain. A server that neither recurses nor is in charge sent us elsewhere (a
// referral, or an alias into a zone it does not have): that says nothing about the name.
Answer no_data(Message& message, bool aliased, std::uint32_t ttl) {
  const bool settled = message.flag(ns_f_ra) || message.negative_ttl() || (message.flag(ns_f_aa) && !aliased);
  if (!settled) return trouble("the server sent a referral: it does not resolve for us");
  return negative(message, Answer::Status::nodata, ttl);
}

Answer positive(Message& message, const Question& question, const std::vector<Wire>& wires, std::string_view owner,
                std::uint32_t ttl) {
  Answer answer;
  answer.status = Answer::Status::ok;
  for (const auto& wire : wires) {
    if (wire.type != static_cast<int>(question.type) || wire.owner != owner) continue;
    auto record = record_of(message, wire, question.type);
    if (!record) return trouble("malformed answer");
    if (answer.records.size() == most_records) {
      answer.detail = "more than " + std::to_string(most_records) + " records, the rest left out";
      break;
    }
    answer.records.push_back(std::move(*record));
    ttl = std::min(ttl, wire.ttl);
  }
  answer.ttl = std::chrono::seconds(ttl);
  return answer;
}

}  // namespace

bool is_truncated(std::span<const unsigned char> message) {
  return message.size() >= NS_HFIXEDSZ && (message[2] & 2) != 0;
}

DecodedAnswer decode_message(const Question& question, std::span<const unsigned char> bytes) {
  const auto only = [](Answer answer) { return DecodedAnswer{std::move(answer), {}}; };
  Message message(bytes);
  // c-ares takes a query that is sent back to us for an answer: it looks at the id and the question only.
  if (!message.good() || !message.flag(ns_f_qr)) return only(trouble("malformed answer"));
  const int rcode = message.rcode();
  if (rcode != ns_r_noerror && rcode != ns_r_nxdomain) {
    const auto name = rcode_name(rcode);
    return only(trouble(name.empty() ? "RCODE " + std::to_string(rcode) : std::string(name)));
  }
  const auto wires = message.answers();
  if (!wires) return only(trouble("malformed answer"));

  std::string owner = as_received(question.name);
  std::uint32_t ttl = 0x7fffffff;
  for (int aliases = 0; aliases <= most_aliases; ++aliases) {
    const auto at = [&](int type) {
      return std::find_if(wires->begin(), wires->end(),
                          [&](const Wire& w) { return w.type == type && w.owner == owner; });
    };
    // NXDOMAIN speaks of the last name of the chain (RFC 6604 3), and wins over whatever else the answer says.
    if (rcode == ns_r_noerror && at(static_cast<int>(question.type)) != wires->end())
      return only(positive(message, question, *wires, owner, ttl));
    const auto alias = at(ns_t_cname);
    if (alias == wires->end()) {
      if (rcode == ns_r_nxdomain) return only(negative(message, Answer::Status::nxdomain, ttl));
      if (aliases == 0 || message.negative_ttl()) return only(no_data(message, aliases > 0, ttl));
      DecodedAnswer further{trouble("the server sent a referral: it does not resolve for us"), std::move(owner)};
      further.answer.ttl = std::chrono::seconds(ttl);
      return further;
    }
    auto target = message.name_at(alias->data, alias->data + alias->length);
    if (!target) return only(trouble("malformed answer"));
    owner = std::move(*target);
    ttl = std::min(ttl, alias->ttl);
  }
  return only(trouble("CNAME loop, or more than " + std::to_string(most_aliases) + " in a row"));
}

}  // namespace mailweir
