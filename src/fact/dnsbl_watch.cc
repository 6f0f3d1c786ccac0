// SPDX-License-Identifier: BSD-2-Clause
#include "fact/dnsbl_watch.h"

#include <algorithm>

#include "base/duration.h"
#include "port/lookups.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds between_lines{60};  // about errors of one zone
constexpr std::chrono::seconds between_suspicions{30};

DnsblPhase phase_of(DnsblProof::Word word) {
  switch (word) {
    case DnsblProof::Word::good: return DnsblPhase::on;
    case DnsblProof::Word::lies: return DnsblPhase::lies;
    case DnsblProof::Word::trouble: break;
  }
  return DnsblPhase::trouble;
}

bool is_due(const Dnsbl& list, SteadyTime now) {
  const bool suspect = list.state->listed_in_a_row >= DnsblWatch::suspicious;
  return list.state->told.with([&](const DnsblState::Told& told) {
    return now >= told.next || (suspect && now >= told.proved + between_suspicions);
  });
}

}  // namespace

void DnsblState::note_error(const std::string& why) {
  ++errors;
  told.with([&](Told& all) { all.last_error = why; });
}

void DnsblWatch::step(const std::vector<Dnsbl>& lists, SteadyTime now, WallTime wall) {
  std::vector<const Dnsbl*> due;
  for (const Dnsbl& list : lists) {
    if (is_due(list, now)) due.push_back(&list);
    tell_errors(list, now);
  }
  if (due.empty()) return;
  // Apart: an answer too many for one shall not be missing to another.
  std::vector<std::shared_ptr<Lookups>> lookups;
  const Deadline deadline = Deadline::in(proof_deadline);
  for (const Dnsbl* list : due) {
    lookups.push_back(Lookups::make(resolver_, deadline));
    for (const auto& point : dnsbl_test_points(*list)) lookups.back()->want(point.question);
  }
  for (std::size_t i = 0; i < due.size(); ++i) settle(*due[i], prove_dnsbl(*lookups[i], *due[i]), now, wall);
}

void DnsblWatch::settle(const Dnsbl& list, const DnsblProof& proof, SteadyTime now, WallTime wall) {
  DnsblState& state = *list.state;
  const DnsblPhase phase = phase_of(proof.word);
  bool changed = false, recovered = false;
  std::chrono::milliseconds was_off{0};
  state.told.with([&](DnsblState::Told& told) {
    changed = told.phase != phase;
    recovered = phase == DnsblPhase::on && (told.phase == DnsblPhase::lies || told.phase == DnsblPhase::trouble);
    if (changed) {
      was_off = std::chrono::duration_cast<std::chrono::milliseconds>(wall - told.since);
      told.since = wall;
    }
    told.phase = phase;
    told.reason = proof.reason;
    told.proved = now;
    told.failures = phase == DnsblPhase::on ? 0 : told.failures + 1;
    const auto retry = first_retry * (std::int64_t{1} << std::min<std::uint32_t>(told.failures, 7)) / 2;
    const bool whole = phase == DnsblPhase::on && proof.reason.empty();
    told.next = now + (whole                     ? std::chrono::seconds(good_for)
                       : phase == DnsblPhase::on ? last_retry
                                                 : std::min(retry, last_retry));
  });
  // What a cache still has from when it was off goes before it is asked again.
  if (recovered && recovered_) recovered_(list.zone);
  state.listed_in_a_row = 0;
  state.ipv4 = phase == DnsblPhase::on && proof.ipv4;
  state.ipv6 = phase == DnsblPhase::on && proof.ipv6;
  state.domains = phase == DnsblPhase::on && proof.domains;
  if (!changed) return;
  if (phase == DnsblPhase::on) {
    Event line("dnsbl-on");
    line.with("dnsbl", list.name).with("zone", list.zone);
    line.with("serves", proof.domains              ? "domains"
                        : proof.ipv4 && proof.ipv6 ? "IPv4 and IPv6"
                        : proof.ipv4               ? "IPv4"
                                                   : "IPv6");
    if (recovered) line.with("off_for", rough_duration(was_off));
    line.to(log_, Severity::notice);
    return;
  }
  Event("dnsbl-off")
      .with("dnsbl", list.name)
      .with("zone", list.zone)
      .with("state", phase == DnsblPhase::lies ? "lies" : "trouble")
      .with("reason", proof.reason)
      .to(log_, Severity::warning);
}

// One line a minute at the most, however many answers were wrong.
void DnsblWatch::tell_errors(const Dnsbl& list, SteadyTime now) {
  const std::uint64_t errors = list.state->errors;
  std::uint64_t fresh = 0;
  std::string why;
  list.state->told.with([&](DnsblState::Told& told) {
    if (errors == told.errors_told || (told.errors_told > 0 && now < told.told + between_lines)) return;
    fresh = errors - told.errors_told;
    why = told.last_error;
    told.errors_told = errors;
    told.told = now;
  });
  if (fresh == 0) return;
  Event("dnsbl-errors")
      .with("dnsbl", list.name)
      .with("zone", list.zone)
      .with("count", static_cast<std::int64_t>(fresh))
      .with("last", why)
      .to(log_, Severity::warning);
}

void keep_dnsbl_states(const std::vector<Dnsbl>& before, std::vector<Dnsbl>& after) {
  for (Dnsbl& list : after)
    for (const Dnsbl& old : before)
      if (old.name == list.name && old.zone == list.zone && old.kind == list.kind) {
        list.state = old.state;
        list.state->told.with([](DnsblState::Told& told) { told.next = SteadyTime{}; });
      }
}

}  // namespace mailweir
