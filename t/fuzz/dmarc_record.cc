// SPDX-License-Identifier: BSD-2-Clause
// A DMARC record, and the check that reads it: a record in its bounds or an error, the same with a semicolon at its
// end, and a verdict that says what RFC 7489 lets it.
#include "adapter/verify/dmarc_tools.h"
#include "base/text.h"
#include "check/dmarc.h"
#include "mail/domain.h"
#include "one_text.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

const DmarcTools& tools() {
  static const auto made = make_dmarc_tools();
  must(static_cast<bool>(made));
  return **made;
}

bool same(const Result<DmarcRecord>& a, const Result<DmarcRecord>& b) {
  if (!a || !b) return static_cast<bool>(a) == static_cast<bool>(b);
  return a->policy == b->policy && a->subdomains == b->subdomains && a->strict_dkim == b->strict_dkim &&
         a->strict_spf == b->strict_spf && a->percent == b->percent;
}

void look_at_record(const std::string& text) {
  const auto record = tools().read_record(text);
  const std::string why = record ? "-" : record.error().what;
  must(!record || record->percent <= 100);
  must(!why.empty() && why.size() < 200 && fuzz::is_printable(why));
  // RFC 7489 6.4: the last semicolon may be left out.
  if (text.size() < 3900 && text.find('\0') == text.npos && !trimmed(text).ends_with(';'))
    must(same(tools().read_record(text + ';'), record));
}

void look_at_verdict(const std::string& text, bool supports) {
  fuzz::OneText resolver(text);
  const auto lookups = Lookups::make(resolver, Deadline::in(std::chrono::seconds(5)));
  DmarcEvidence evidence;
  if (supports) evidence.dkim_domains = {"mail.example.com"};
  const auto result = dmarc(*lookups, tools(), 1, {"example.com", "sub.example.com"}, evidence, 50);
  must(!result.reason.empty() && result.reason.size() < 1000);
  must(fuzz::is_printable(result.reason) && is_utf8(result.reason));
  must(result.word == AuthWord::none || !result.record.empty());
  must(!result.policy || (result.published && *result.policy <= *result.published));
  must(result.word != AuthWord::fail || result.policy.has_value());
}

void look_at_domain(std::string_view text) {
  const auto domain = to_domain(text.substr(0, 300));
  if (!domain) return;
  const auto organization = tools().organizational_domain(*domain);
  must(is_at_or_below(*domain, organization) && tools().organizational_domain(organization) == organization);
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
