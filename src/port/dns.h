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

namespace mailweir::dns {

enum class Type : std::uint16_t { A = 1, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28 };
std::string_view to_string(Type type);

struct Question {
  std::string name;
  Type type = Type::A;
  auto operator<=>(const Question&) const = default;
};

struct Record {
  Type type = Type::A;
  IpAddress address;             // A, AAAA
  std::string text;              // PTR, CNAME: the name; MX: the exchange ("" is the root, a null MX); TXT: strings joined
  std::uint16_t preference = 0;  // MX
};

struct Answer {
  enum class Status { ok, nxdomain, nodata, temperror };
  Status status = Status::temperror;
  std::vector<Record> records;      // of the question's type only, CNAMEs followed; in the server's order
  std::chrono::seconds ttl{0};      // how long it may be kept; negative answers: from the SOA
  std::string detail;               // temperror: "SERVFAIL", "timeout", ...
};
std::string_view to_string(Answer::Status status);
using AnswerPtr = std::shared_ptr<const Answer>;

// Thread-safe; never blocks; joins equal questions that are under way.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // An answer that is at hand is returned at once and `done` is never run. Otherwise null is returned and `done` is run
  // exactly once, on the resolver's own thread, at the deadline at the latest (then with temperror "timeout"); it must be
  // short and must not throw.
  virtual AnswerPtr ask(const Question& question, Deadline deadline, std::function<void(AnswerPtr)> done) = 0;
};

}  // namespace mailweir::dns
