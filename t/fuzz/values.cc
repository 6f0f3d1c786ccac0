// SPDX-License-Identifier: BSD-2-Clause
// The values of a policy file, of a request and of a log line: what is read is printed and read again as the same,
// and what is made safe is safe.
#include <algorithm>

#include "adapter/table/expiry.h"
#include "base/base64.h"
#include "base/duration.h"
#include "base/ip.h"
#include "base/port_number.h"
#include "base/text.h"
#include "mail/reply.h"
#include "port/redis_url.h"
#include "rule/reply_template.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

void look_at_spans(std::string_view text) {
  if (const auto span = parse_duration(text)) {
    must(span->count() >= 0 && parse_duration(format_duration(*span)) == span);
    must(!rough_duration(*span).empty());
  }
  if (const auto size = parse_size(text)) must(*size <= INT64_MAX && parse_size(format_size(*size)) == size);
  if (const auto number = to_number(text)) must(to_number(std::to_string(*number)) == number);
  if (const auto port = to_port(text)) must(*port > 0 && to_port(std::to_string(*port)) == port);
  const auto entry = take_until(text);
  if (entry) must(entry->text.size() <= text.size() && (!entry->until || to_text(*entry->until).size() >= 16));
  const std::string until = with_expiry(text, WallTime(std::chrono::seconds(1'800'000'000)));
  must(without_expiry(until) == text && expiry_of(until).has_value());
}

void look_at_addresses(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) {
    must(IpAddress::parse(address->to_string()) == address && IpAddress::v6(address->bytes()) == *address);
    must(address->reverse_name().size() == (address->is_v4() ? address->reverse_name().size() : 72));
    must(Network(*address, address->is_v4() ? 32 : 128).contains(*address));
  }
  if (const auto network = Network::parse(text)) {
    must(Network::parse(network->to_string()) == network);
    must(network->contains(network->address()) && network->contains(network->last()));
  }
}

void look_at_url(std::string_view text) {
  const auto url = RedisUrl::parse(text);
  if (!url) return must(fuzz::is_printable(url.error().what) && url.error().what.size() < 500);
  must(!url->servers.empty() && url->servers.size() <= 64);
  const auto shown = url->to_string();
  const bool once = text.find(url->password) == text.rfind(url->password);
  must(url->password.size() < 6 || !once || shown.find(url->password) == shown.npos);
  const auto plain = [](std::string_view part) { return part.find_first_of("%?&@:/,[]") == part.npos; };
  for (const auto& server : url->servers)
    if (!plain(server.host) || server.path.find_first_of("%?&") != server.path.npos) return;
  if (!plain(url->master)) return;
  const auto again = RedisUrl::parse(shown);
  must(again && again->to_string() == shown && again->kind == url->kind && again->database == url->database);
  must(again->servers.size() == url->servers.size() && again->master == url->master && again->tls == url->tls);
}

void look_at_text(std::string_view text) {
  for (const bool ascii : {false, true}) {
    const auto safe = cleaned(text, ascii, 100);
    must(safe.size() <= 100 && fuzz::is_printable(safe) && is_utf8(safe) && cleaned(safe, ascii, 100) == safe);
  }
  std::string line;
  append_field(line, "key", text);
  must(line.size() <= 4 * 410 && fuzz::is_printable(line) && is_utf8(line));
  must(is_utf8(made_utf8(text)) && (!is_utf8(text) || made_utf8(text) == text));
  must(from_base64(to_base64(text)) == text);
  if (const auto bytes = from_base64(text)) must(to_base64(*bytes) == text);
  const auto half = text.size() / 2;
  if (text.size() < 2000 && matches_wildcard(text.substr(0, half), text.substr(half)))
    must(matches_wildcard(std::string(text.substr(0, half)) + '*', text.substr(half)));
  must(matches_wildcard("*", text) && (text.find_first_of("*?") != text.npos || matches_wildcard(text, text)));
}

void look_at_reply(std::string_view text) {
  const auto reply = Reply::parse(text);
  if (reply) {
    must(reply->code.size() == 3 && (reply->klass() == '4' || reply->klass() == '5'));
    must(reply->enhanced[0] == reply->klass());
    for (const bool utf8 : {false, true}) {
      must(fuzz::is_printable(reply->line(utf8)) && reply->line(utf8).size() <= 500 && reply->lines(utf8).size() <= 32);
      for (const auto& each : reply->lines(utf8)) must(fuzz::is_printable(each) && each.size() <= 400);
    }
    must(reply->as_class('4').klass() == '4' && reply->as_class('5').as_class('5').enhanced[0] == '5');
  }
  const auto made = parse_template(text, [](std::string_view name) {
    return name == "sender" ? Result<FactRef>(FactRef()) : Result<FactRef>(Error{"no fact"});
  });
  if (made) must(made->segments().size() <= text.size());
}

}  // namespace

const std::size_t fuzz::changes = 60'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  look_at_spans(text);
  look_at_addresses(text);
  look_at_url(text);
  look_at_text(text);
  look_at_reply(text);
  return 0;
}
