// SPDX-License-Identifier: BSD-2-Clause
// A DMARC record, the check that reads it, and the walk that finds it: a record or an error, the same with a semicolon
// at its end, and a verdict that says what RFC 9989 lets it.
#include "base/text.h"
#include "check/dmarc.h"
#include "check/dmarc_walk.h"
#include "mail/domain.h"
#include "one_text.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

bool same(const Result<DmarcRecord>& a, const Result<DmarcRecord>& b) {
  if (!a || !b) return static_cast<bool>(a) == static_cast<bool>(b);
  return a->policy == b->policy && a->subdomains == b->subdomains && a->strict_dkim == b->strict_dkim &&
         a->strict_spf == b->strict_spf && a->nonexistent == b->nonexistent && a->psd == b->psd &&
         a->testing == b->testing;
}

void look_at_record(const std::string& text) {
  const auto record = read_dmarc_record(text);
  const std::string why = record ? "-" : record.error().what;
  must(!why.empty() && why.size() < 200 && fuzz::is_printable(why));
  // RFC 9989 4.8: the last semicolon may be left out.
  if (text.size() < 3900 && !trimmed(text).ends_with(';')) must(same(read_dmarc_record(text + ';'), record));
}

void look_at_verdict(const std::string& text, bool supports) {
  fuzz::OneText resolver(text);
  const auto lookups = Lookups::make(resolver, Deadline::in(std::chrono::seconds(5)));
  DmarcEvidence evidence;
  if (supports) evidence.dkim_domains = {"mail.example.com"};
  const auto result = dmarc(*lookups, 1, {"example.com", "sub.example.com"}, evidence);
  must(!result.reason.empty() && result.reason.size() < 1000);
  must(fuzz::is_printable(result.reason) && is_utf8(result.reason));
  must(result.word == AuthWord::none || !result.record.empty());
  must(!result.policy || (result.published && *result.policy <= *result.published));
  must(result.word != AuthWord::fail || result.policy.has_value());
}

void look_at_domain(const std::string& text) {
  const auto domain = to_domain(text.substr(0, 300));
  if (!domain) return;
  fuzz::OneText resolver(text);
  const auto lookups = Lookups::make(resolver, Deadline::in(std::chrono::seconds(5)));
  const DmarcWalk walk(*lookups, *domain);
  must(!walk.steps().empty() && walk.steps().size() <= most_dmarc_steps);
  must(lookups->trace().size() <= most_dmarc_steps);
  must(is_at_or_below(*domain, walk.organization({})));
}

}  // namespace

const std::size_t fuzz::changes = 30'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const std::string text(fuzz::as_text(data, size));
  look_at_record(text);
  look_at_record("v=DMARC1;" + text);
  look_at_verdict(text, size % 2 == 0);
  look_at_domain(text);
  return 0;
}
