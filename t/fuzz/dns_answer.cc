// SPDX-License-Identifier: BSD-2-Clause
// A DNS message from a stranger's name server: an answer within its bounds, names that are printable and in one
// spelling, or a temperror that says why.
#include "adapter/dns/dns_decode.h"
#include "base/text.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

constexpr std::size_t longest_name = 1024;  // 255 octets, each escaped

void look_at(const dns::Question& question, const dns::Answer& answer, std::size_t size) {
  using Status = dns::Answer::Status;
  must(fuzz::is_printable(answer.detail) && answer.detail.size() < 200);
  must(answer.ttl.count() >= 0 && answer.ttl.count() <= 0x7fffffff);
  must((answer.status == Status::ok) == !answer.records.empty() && answer.records.size() <= most_records);
  must(answer.status != Status::temperror || !answer.detail.empty());
  std::size_t strings = 0;
  for (const auto& record : answer.records) {
    must(record.type == question.type);
    if (record.type == dns::Type::TXT) {
      strings += record.text.size();
    } else {
      must(record.text.size() <= longest_name && fuzz::is_printable(record.text) && folded(record.text) == record.text);
      must(!record.text.ends_with('.') || record.text.ends_with("\\."));
      for (const char c : record.text) must(static_cast<unsigned char>(c) < 0x80);
    }
    if (record.type != dns::Type::A) must(record.type == dns::Type::AAAA || record.address == IpAddress());
  }
  must(strings <= size);
}

}  // namespace

const std::size_t fuzz::changes = 60'000;

}  // namespace mailweir

// The message, as it comes over the wire.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  using dns::Type;
  for (const Type type : {Type::A, Type::CNAME, Type::PTR, Type::MX, Type::TXT, Type::AAAA}) {
    const dns::Question question{"client.example", type};
    look_at(question, decode_answer(question, {data, size}), size);
  }
  return 0;
}
