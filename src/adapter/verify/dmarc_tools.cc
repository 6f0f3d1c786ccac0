// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/verify/dmarc_tools.h"

#include <array>
#include <new>

#include <netinet/in.h>
#include <sys/types.h>

#include <libpsl.h>
#include <opendmarc/dmarc.h>

#include "base/handle.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_record = 4000;  // libopendmarc copies into a buffer of fixed size

using SuffixesPtr = CPtr<psl_ctx_t, psl_free>;
using RecordPtr = CPtr<DMARC_POLICY_T, opendmarc_policy_connect_shutdown>;

u_char* bytes(std::string& text) { return reinterpret_cast<u_char*>(text.data()); }

std::optional<DmarcPolicy> policy_of(int letter) {
  switch (letter) {
    case DMARC_RECORD_P_NONE: return DmarcPolicy::none;
    case DMARC_RECORD_P_QUARANTINE: return DmarcPolicy::quarantine;
    case DMARC_RECORD_P_REJECT: return DmarcPolicy::reject;
    default: return {};
  }
}

std::string_view name_of(std::string_view tag) { return trimmed(tag.substr(0, tag.find('='))); }

// The record with only those tags, each the first of its name.
template <std::size_t N>
std::string only(std::string_view text, const std::array<std::string_view, N>& names) {
  std::string kept;
  std::array<bool, N> seen{};
  for (const auto tag : split(text, ';'))
    for (std::size_t i = 0; i < N; ++i)
      if (equal_folded(name_of(tag), names[i]) && !std::exchange(seen[i], true))
        kept += std::string(kept.empty() ? "" : ";") + std::string(tag);
  return kept;
}

bool has_report_address(std::string_view text) {
  for (const auto tag : split(text, ';'))
    if (equal_folded(name_of(tag), "rua") && tag.find('=') != tag.npos &&
        starts_folded(trimmed(tag.substr(tag.find('=') + 1)), "mailto:"))
      return true;
  return false;
}

class LibraryDmarcTools final : public DmarcTools {
 public:
  explicit LibraryDmarcTools(SuffixesPtr suffixes) : suffixes_(std::move(suffixes)) {}

  Result<DmarcRecord> read_record(std::string_view text) const override {
    if (text.size() > longest_record || text.find('\0') != text.npos)
      return Error{"the record is longer than " + std::to_string(longest_record) + " octets, or is not text"};
    constexpr std::array<std::string_view, 6> all{"v", "p", "sp", "adkim", "aspf", "pct"};
    constexpr std::array<std::string_view, 3> least{"v", "p", "sp"};
    auto record = parse(only(text, all));
    // A mistake in what is optional leaves its default (RFC 7489 6.3).
    if (!record) record = parse(only(text, least));
    // RFC 7489 6.6.3, step 6: whoever asks for reports wants to be monitored at least.
    if (!record && has_report_address(text)) return DmarcRecord();
    return record;
  }

  std::string organizational_domain(std::string_view domain) const override {
    const std::string name(domain);
    const char* found = psl_registrable_domain(suffixes_.get(), name.c_str());
    return found == nullptr ? name : std::string(found);
  }

 private:
  static Result<DmarcRecord> parse(std::string text) {
    std::string address = "127.0.0.1", domain = "domain.invalid";  // it wants some; nothing is looked up
    const RecordPtr parsed(opendmarc_policy_connect_init(bytes(address), 0));
    if (!parsed) throw std::bad_alloc();
    const auto status = opendmarc_policy_parse_dmarc(parsed.get(), bytes(domain), bytes(text));
    if (status != DMARC_PARSE_OKAY) return Error{opendmarc_policy_status_to_str(status)};
    DmarcRecord record;
    int p = 0, sp = 0, adkim = 0, aspf = 0, pct = 100;
    opendmarc_policy_fetch_p(parsed.get(), &p);
    opendmarc_policy_fetch_sp(parsed.get(), &sp);
    opendmarc_policy_fetch_adkim(parsed.get(), &adkim);
    opendmarc_policy_fetch_aspf(parsed.get(), &aspf);
    opendmarc_policy_fetch_pct(parsed.get(), &pct);
    record.policy = policy_of(p).value_or(DmarcPolicy::none);
    record.subdomains = policy_of(sp);
    record.strict_dkim = adkim == DMARC_RECORD_A_STRICT;
    record.strict_spf = aspf == DMARC_RECORD_A_STRICT;
    record.percent = pct < 0 || pct > 100 ? 100 : static_cast<unsigned>(pct);
    return record;
  }

  SuffixesPtr suffixes_;
};

}  // namespace

Result<DmarcToolsPtr> make_dmarc_tools() {
  SuffixesPtr suffixes(psl_latest(nullptr));
  if (!suffixes || psl_suffix_count(suffixes.get()) == 0)
    return Error{"the public suffix list is missing; install the package publicsuffix"};
  return DmarcToolsPtr(std::make_shared<LibraryDmarcTools>(std::move(suffixes)));
}

}  // namespace mailweir
