// SPDX-License-Identifier: BSD-2-Clause
// DnsblFacts: what the block lists say of one transaction: of the client's address, and of the names that it, its HELO,
// the envelope and the From header give. Asked zone by zone when a rule wants it, kept so that two rules see the same.
// Not thread-safe.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "fact/dnsbl_subject.h"
#include "fact/dnsbl_watch.h"
#include "fact/value.h"
#include "port/lookups.h"

namespace mailweir {

// What is asked about.
struct DnsblInput {
  std::optional<IpAddress> address;  // of the client
  std::vector<std::string> domains;  // of all others; empty: nothing to ask
  bool empty() const { return !address && domains.empty(); }
};

class DnsblFacts {
 public:
  static constexpr std::size_t most_domains = 10;  // of a From header

  // `zones`: indices into `lists`; empty: all that are of the subject's kind.
  FactValue listings(const std::vector<Dnsbl>& lists, DnsblSubject subject, const std::vector<std::uint16_t>& zones,
                     const DnsblInput& input, Lookups& lookups);
  FactValue score(const std::vector<Dnsbl>& lists, DnsblSubject subject, const DnsblInput& input, Lookups& lookups);
  // The zones' own words for the listings found, else ours. Asks for the TXT records.
  std::string text(const std::vector<Dnsbl>& lists, DnsblSubject subject, Lookups& lookups) const;
  // What was found, for explain and the log.
  std::string_view reason(DnsblSubject subject) const { return reasons_[static_cast<std::size_t>(subject)]; }

  // Starts the lookups without waiting.
  static void start(const std::vector<Dnsbl>& lists, DnsblSubject subject, const std::vector<std::uint16_t>& zones,
                    const DnsblInput& input, Lookups& lookups);

  void forget(DnsblSubject subject);
  void forget_all();

 private:
  struct Found {
    DnsblSubject subject;
    std::size_t zone;
    std::string what, name;  // "192.0.2.7", "7.2.0.192.zen.example"
    DnsblAnswer answer;
  };
  const Found& ask(const std::vector<Dnsbl>& lists, DnsblSubject subject, std::size_t zone, const std::string& what,
                   const std::string& name, bool served, Lookups& lookups);
  void add_reason(DnsblSubject subject, const std::string& text);

  std::deque<Found> found_;  // its elements stay where they are
  std::vector<FactItem> items_;
  std::array<std::string, dnsbl_subjects> reasons_;
};

}  // namespace mailweir
