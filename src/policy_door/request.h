// SPDX-License-Identifier: BSD-2-Clause
// A request of Postfix's policy delegation protocol (SMTPD_POLICY_README): name=value lines up to an empty line.
// No socket in here: bytes in, requests out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/stage.h"

namespace mailweir {

// The attributes we use, in the order in which Postfix sends them; others are passed over, as the protocol wants.
enum class Attribute : unsigned char {
  request,
  protocol_state,
  client_address,
  client_name,
  client_port,
  reverse_client_name,
  server_address,
  server_port,
  helo_name,
  sender,
  recipient,
  recipient_count,
  queue_id,
  instance,
  size,
  sasl_method,
  sasl_username,
  sasl_sender,
  ccert_subject,
  ccert_issuer,
  ccert_fingerprint,
  encryption_protocol,
  encryption_cipher,
  encryption_keysize,
  policy_context,
};
inline constexpr std::size_t attribute_count = 25;

// Views into the bytes that it was read from.
struct PolicyRequest {
  std::array<std::string_view, attribute_count> values{};
  std::string_view operator[](Attribute attribute) const { return values[static_cast<std::size_t>(attribute)]; }
  // The stage that protocol_state speaks of; nothing for VRFY, ETRN and states we do not know.
  std::optional<Stage> stage() const;
};

// Holds the bytes of one connection until a request is whole. Bounded: a request larger than `largest` is an error.
class PolicyRequestReader {
 public:
  static constexpr std::size_t largest = 64 << 10;

  // Room for the next read(2); at least one byte.
  std::pair<char*, std::size_t> room();
  void added(std::size_t bytes) { filled_ += bytes; }
  bool empty() const { return filled_ == start_; }

  // The next whole request, nothing if there is none yet. Its views are good until the next call of room().
  // Errors say what is wrong with the bytes; the connection must then be closed without an answer.
  Result<std::optional<PolicyRequest>> next();

 private:
  struct Place {
    std::uint32_t at = 0, size = 0;  // from the request's start
  };
  Result<void> take(std::string_view line);
  Result<std::optional<PolicyRequest>> whole();

  std::string buffer_ = std::string(4096, '\0');
  std::size_t start_ = 0, filled_ = 0;  // the request under way; what has come of it and of later ones
  std::size_t line_ = 0, searched_ = 0,
              looked_at_ = 0;  // where its last line begins; sought for ends, and for NULs, up to
  std::size_t nul_ = std::string::npos;
  std::array<Place, attribute_count> values_{};
  std::size_t count_ = 0;  // of its attributes
};

}  // namespace mailweir
