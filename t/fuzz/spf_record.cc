// SPDX-License-Identifier: BSD-2-Clause
// Fuzz target: the parser of SPF records and the expansion of what it parsed. Whatever the octets: a record or a
// fault within them, names of at most 253 octets or none that anybody would ask for, views that stay inside the text.
#include "check/spf_record.h"
#include "port/spf.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

void expand_all(const spf::MacroString& macros, const spf::MacroValues& values) {
  const auto name = spf::expand_name(macros, values);
  must(name.size() <= 253 || name.find('.', name.size() - 254) == name.npos);
  must(spf::expand(macros, values, 100).size() <= 100);
}

bool inside(std::string_view view, std::string_view text) {
  return view.data() >= text.data() && view.data() + view.size() <= text.data() + text.size();
}

}  // namespace

const std::size_t fuzz::changes = 60'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const std::string text(reinterpret_cast<const char*>(data), size);
  SpfRequest request;
  request.client = *IpAddress::parse("2001:db8::1");
  request.local = "a.b+c=d";
  request.domain = "sender.example.com";
  request.helo = "two words";
  const spf::MacroValues values{request, "example.com", "mx.example.com"};
  try {
    expand_all(spf::parse_macros(text, true, 0), values);
  } catch (const spf::Fault& fault) {
    must(fault.at <= text.size());
  }
  const std::string record_text = spf::is_spf_record(text) ? text : "v=spf1 " + text;
  const auto parsed = spf::parse_record(record_text);
  if (const auto* fault = std::get_if<spf::Fault>(&parsed)) {
    must(fault->at <= record_text.size());
    return 0;
  }
  const auto& record = std::get<spf::Record>(parsed);
  for (const auto& directive : record.directives) {
    must(inside(directive.text, record_text) && directive.prefix4 <= 32 && directive.prefix6 <= 128);
    expand_all(directive.domain, values);
    if (!directive.asks_dns()) directive.contains(request.client);
  }
  for (const auto* modifier : {&record.redirect, &record.explanation})
    if (*modifier) expand_all(**modifier, values);
  return 0;
}
