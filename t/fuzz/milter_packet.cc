// SPDX-License-Identifier: BSD-2-Clause
// The milter protocol as bytes: a stream cut into packets, and what a packet means. However the bytes come, the same
// packets; what is understood is written and read again as the same; what is not is a short error.
#include "milter_door/decode.h"
#include "milter_door/encode.h"
#include "milter_door/offer.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

constexpr std::size_t longest = 3000;  // so that short inputs reach the bound

void read_error(const Error& error) {
  must(!error.what.empty() && error.what.size() < 200 && fuzz::is_printable(error.what));
}

void look_at(const milter::Packet& packet) {
  const auto again = [](const std::string& bytes) {
    milter::Reader reader;
    std::string_view left = bytes;
    const auto found = reader.next(left);
    must(found && *found && left.empty());
    return std::string(1, (*found)->kind) + std::string((*found)->data);
  };
  const auto event = milter::decode_event(packet);
  const auto response = milter::decode_response(packet);
  std::string bytes;
  if (event) {
    must(static_cast<bool>(milter::append_event(bytes, *event)) && bytes.size() <= packet.data.size() + 5 + 4);
    const auto kept = again(bytes);
    const auto same = milter::decode_event({kept[0], std::string_view(kept).substr(1)});
    must(same && *same == *event);
  } else {
    read_error(event.error());
  }
  bytes.clear();
  if (response) {
    must(static_cast<bool>(milter::append_response(bytes, *response)) && bytes.size() <= packet.data.size() + 5);
    const auto kept = again(bytes);
    const auto same = milter::decode_response({kept[0], std::string_view(kept).substr(1)});
    must(same && *same == *response);
  } else {
    read_error(response.error());
  }
  // Either side's offer may meet ours.
  if (!event) return;
  if (const auto* offered = std::get_if<milter::Options>(&*event)) {
    const auto agreed = milter::agree(*offered, {.actions = milter::action::add_headers, .steps = milter::step::all});
    must(!agreed || milter::check_answer(*offered, *agreed));
  }
}

// The packets, in one text, and the error that ends them.
std::string packets(std::string_view text, std::size_t piece) {
  milter::Reader reader(longest);
  std::string all;
  while (!text.empty()) {
    auto bytes = text.substr(0, piece);
    text.remove_prefix(bytes.size());
    for (;;) {
      const auto next = reader.next(bytes);
      if (!next) {
        read_error(next.error());
        auto more = std::string_view("\0\0\0\1Q", 5);
        must(!reader.next(more));
        return all + next.error().what;
      }
      if (!*next) break;
      must((*next)->data.size() <= longest);
      all += (*next)->kind;
      all += (*next)->data;
      all += '\n';
    }
    must(bytes.empty() && reader.pending() <= longest + 5);
  }
  return all + std::to_string(reader.pending());
}

}  // namespace

const std::size_t fuzz::changes = 100'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  if (!text.empty()) look_at({text.front(), text.substr(1)});
  const auto whole = packets(text, 64 << 10);
  for (const std::size_t piece : {1, 3, 61}) fuzz::must(packets(text, piece) == whole);
  milter::Reader reader;
  for (auto bytes = text;;) {
    const auto next = reader.next(bytes);
    if (!next || !*next) break;
    look_at(**next);
  }
  return 0;
}
