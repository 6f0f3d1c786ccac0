// SPDX-License-Identifier: BSD-2-Clause
// SpfSource: the facts spf, spf_helo, spf_explanation and egress_spf of a session, each asked once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "fact/check_memo.h"
#include "fact/family.h"

namespace mailweir {

extern const FactFamily spf_family;

class SpfSource final : public FactSource {
 public:
  explicit SpfSource(FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override;
  void start(const FactRef& fact) override;
  std::string_view reason(const FactRef& fact) const override;
  void forget(FactScope scope) override;

  // For DMARC, of the fact spf, with lookups of their own time. What a rule asked in vain, when the time was used up
  // perhaps, is asked again.
  bool has_sender() const;  // there is something to ask for
  // `worth`: waits for what says whether it is of use; run where prefetch() runs.
  void start_for_message(Lookups& lookups, std::function<bool(Lookups&)> worth);
  const CheckMemo& of_message(Lookups& lookups);
  // For from_dmarc: what receivers will find of the sender's domain when mail leaves by a route (its place in
  // FactSettings::egress), the worst of its addresses. Null: the addresses are not known, or the sender has no domain.
  const CheckMemo* of_egress(std::size_t route, Lookups& lookups);
  void start_egress(std::size_t route, Lookups& lookups);

 private:
  enum class Place : std::uint8_t;

  bool has_input(const FactRef& fact) const;
  Lookups& lookups(const FactRef& fact);
  const CheckMemo* kept(const FactRef& fact) const;
  const CheckMemo* ask(const FactRef& fact, Lookups& lookups);

  FactReader& reader_;
  std::optional<CheckMemo> mail_, helo_, explanation_;
  std::map<std::size_t, CheckMemo> egress_;  // by FactRef::egress
};

}  // namespace mailweir
