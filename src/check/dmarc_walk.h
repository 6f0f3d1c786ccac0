// SPDX-License-Identifier: BSD-2-Clause
// The DNS tree walk of DMARC (RFC 9989 4.10): the records at a domain and at the names above it, the domain's
// organizational domain, and the record that applies to it.
//
// A name that could not be looked up may have any record, or none. A DmarcGuess says of one such name what it has; what
// is the same under each guess is certain. One guess at a time is enough: the step that decides is a single one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check/dmarc_record.h"
#include "port/lookups.h"

namespace mailweir {

inline constexpr std::size_t most_dmarc_steps = 8;  // RFC 9989 4.10

struct DmarcStep {
  enum class Kind : std::uint8_t { none, several, record, trouble };
  std::string domain;
  Kind kind = Kind::none;
  std::string text;                 // record: as it came; trouble: why
  DmarcPsd psd = DmarcPsd::unsaid;  // record
};

struct DmarcGuess {
  std::string_view domain;  // this name has a record; the others in trouble have none. Empty: none of them has
  DmarcPsd psd = DmarcPsd::unsaid;
};

class DmarcWalk {
 public:
  // Waits for the answers. All names are asked at once; those above a psd= that ends the walk count for nothing.
  DmarcWalk(Lookups& lookups, std::string domain);
  static void want(Lookups& lookups, std::string_view domain);

  const std::string& domain() const { return steps_.front().domain; }
  // At most most_dmarc_steps, from the domain up; never empty.
  const std::vector<DmarcStep>& steps() const { return steps_; }
  // No name has a record, or may have one.
  bool is_bare() const;

  // 4.10.2; the domain itself if the walk does not determine another.
  std::string_view organization(const DmarcGuess& guess) const;
  // 4.10.1: of the domain, its organizational domain, or its public suffix. Null: the domain has none. A step in
  // trouble is the guess's record, which is unknown.
  const DmarcStep* applied(const DmarcGuess& guess) const;

  // Adds to `guesses` those that its steps in trouble call for.
  void add_guesses(std::vector<DmarcGuess>& guesses) const;

 private:
  std::size_t deciding(const DmarcGuess& guess) const;

  std::vector<DmarcStep> steps_;
};

}  // namespace mailweir
