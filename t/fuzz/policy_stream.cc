// SPDX-License-Identifier: BSD-2-Clause
// The policy door: any bytes as Postfix's. However they come, the same requests and the same actions; an action is
// one printable line that access(5) knows.
#include <algorithm>

#include "doors.h"
#include "policy_door/door_session.h"

namespace mailweir {
namespace {

using fuzz::must;

void must_be_action(std::string_view action) {
  must(!action.empty() && action.size() <= 900 && fuzz::is_printable(action));
  must(std::all_of(action.begin(), action.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  const auto word = action.substr(0, action.find(' '));
  const bool refuses = to_number(word) && (word[0] == '4' || word[0] == '5') && action.size() > 10;
  must(word == "DUNNO" || word == "OK" || refuses);
}

// The actions, in one text, and what ended the connection.
std::string answers(std::string_view text, std::size_t piece) {
  fuzz::Doors doors;
  PolicyDoorStats stats;
  const PolicyDoor door{doors.services, doors.policy, {}, stats};
  PolicyDoorSession session(door);
  PolicyRequestReader reader;
  std::string all;
  while (!text.empty()) {
    const auto [at, room] = reader.room();
    must(room > 0);
    const auto size = std::min({room, piece, text.size()});
    text.copy(at, size);
    text.remove_prefix(size);
    reader.added(size);
    for (;;) {
      const auto request = reader.next();
      if (!request) {
        must(fuzz::is_printable(request.error().what) && request.error().what.size() < 200);
        return all + '!';
      }
      if (!*request) break;
      const auto action = session.answer(**request);
      must_be_action(action);
      all += action + '\n';
    }
  }
  session.idle();
  return all + (reader.empty() ? "." : "...");
}

}  // namespace

const std::size_t fuzz::changes = 6'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  const auto whole = answers(text, 64 << 10);
  for (const std::size_t piece : {7, 1}) {
    // A request that is refused is refused at its end, or as soon as that is plain: before it all is the same.
    const auto pieces = answers(text, piece);
    fuzz::must(pieces == whole);
  }
  return 0;
}
