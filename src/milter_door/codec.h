// SPDX-License-Identifier: BSD-2-Clause
// The milter protocol as bytes: both sides of it, no sockets. A packet is a length (four bytes, the highest first), a
// byte that says what it is, and its data; the length counts that byte. One Reader a direction and connection, used by
// one thread at a time. What is malformed is an error that says why; nothing is guessed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "milter_door/protocol.h"

namespace mailweir::milter {

// The longest data of a packet. libmilter stops at 65,535 unless told otherwise; a header field of Postfix may be
// longer (header_size_limit is 102,400), so both directions take the protocol's largest size.
inline constexpr std::size_t longest_data = 1024 * 1024 - 1;

struct Packet {
  char kind = 0;
  std::string_view data;
};

// Cuts a stream of bytes into packets. Keeps less than one packet, and no memory of a long one.
class Reader {
 public:
  explicit Reader(std::size_t longest = longest_data) : longest_(longest) {}

  // The next whole packet of what is kept and of these bytes, which lose what was taken; nothing when more bytes are
  // needed. A packet is good until the next call, and as long as the bytes are. After an error (a packet of no length,
  // or over the longest) the stream is lost: every later call fails too.
  Result<std::optional<Packet>> next(std::string_view& bytes);
  // Bytes of a packet that is not whole yet.
  std::size_t pending() const { return taken_ ? 0 : kept_.size(); }

 private:
  Result<std::size_t> length_of(std::string_view packet);
  bool fill(std::size_t size, std::string_view& bytes);

  std::size_t longest_;
  std::string kept_;
  bool taken_ = false;  // what is kept is the packet that was handed out last
  std::string broken_;  // what is wrong with the stream
};

// What a packet means; the views are the packet's.
Result<Event> decode_event(const Packet& packet);        // said by the MTA
Result<Response> decode_response(const Packet& packet);  // said by the filter

// Appends a packet. Fails, and appends nothing, when a text holds a NUL or the data is over the longest.
Result<void> append_event(std::string& out, const Event& event);
Result<void> append_response(std::string& out, const Response& response);

// The filter's answer to an MTA's offer: the lower version, the actions it wants (an error when the MTA does not allow
// one of them), of the steps it wants those that the MTA knows, and its macro lists if the MTA takes such.
Result<Options> agree(const Options& offered, const Options& wanted);
// Whether a filter's answer stays within the offer.
Result<void> check_answer(const Options& offered, const Options& answer);

}  // namespace mailweir::milter
