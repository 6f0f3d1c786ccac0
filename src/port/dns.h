// SPDX-License-Identifier: BSD-2-Clause
// Questions to the DNS and their answers, and Resolver: who answers them. RFC 1035; names in to_domain's spelling.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/text.h"

namespace mailweir::dns {

enum class Type : std::uint16_t { A = 1, NS = 2, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28 };
std::string_view to_string(Type type);

struct Question {
  std::string name;
  Type type = Type::A;
  auto operator<=>(const Question&) const = default;
};
struct QuestionHash {
  std::size_t operator()(const Question& question) const {
    return TextHash{}(question.name) * 31 + static_cast<std::size_t>(question.type);  // strangers choose names
  }
};

// Whether the DNS can be asked for this name. What is none cannot exist: resolvers answer nxdomain without asking. A
// blank may stand in a name (SPF macros make such, RFC 7208 7.1); to_domain() takes none, so it comes from nowhere
// else.
bool is_askable(std::string_view name);

// A name from the network is folded and without its last dot; bytes that cannot stand in such a name are written as in
// a master file (RFC 1035 5.1: \DDD, a dot inside a label as \.), so it is printable, and no name with them is askable.
struct Record {
  Type type = Type::A;
  IpAddress address;  // A, AAAA
  std::string text;   // NS, PTR, CNAME: the name; MX: the exchange ("" is the root, a null MX); TXT: strings joined
  std::uint16_t preference = 0;  // MX
};

struct Answer {
  enum class Status { ok, nxdomain, nodata, temperror };
  Status status = Status::temperror;
  std::vector<Record> records;  // of the question's type only, CNAMEs followed; in the server's order
  std::chrono::seconds ttl{0};  // how long it may be kept; negative answers: from the SOA
  std::string detail;           // temperror: "SERVFAIL", "timeout", ...
};
std::string_view to_string(Answer::Status status);
using AnswerPtr = std::shared_ptr<const Answer>;
AnswerPtr temperror(std::string detail);
AnswerPtr nxdomain(std::string detail);

// Thread-safe; never blocks. Equal questions under way are joined by the one that stands in front (the cache).
class Resolver {
 public:
  virtual ~Resolver() = default;
  // An answer that is at hand is returned at once and `done` is never run. Otherwise null is returned and `done` is run
  // exactly once, on the resolver's own thread, at the deadline at the latest (then with temperror "timeout"); it must
  // be short and must not throw.
  virtual AnswerPtr ask(const Question& question, Deadline deadline, std::function<void(AnswerPtr)> done) = 0;
};

}  // namespace mailweir::dns
