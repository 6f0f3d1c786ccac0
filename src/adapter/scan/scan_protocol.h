// SPDX-License-Identifier: BSD-2-Clause
// ScanProtocol: what is said to a scanner about one message, and what its answer means. Bytes only: the socket, the
// deadline and the choice of the server are ScanLoop's. A message that is sent again, to another server, gets another
// ScanProtocol. One thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "port/scanner.h"

namespace mailweir {

class ScanProtocol {
 public:
  virtual ~ScanProtocol() = default;
  // What goes before the message.
  virtual std::string opening() const = 0;
  // Appends bytes of the message as they go on the wire. `bytes`: not empty, at most 64 KiB.
  virtual void wrap(std::string_view bytes, std::string& out) const = 0;
  // What goes behind the message.
  virtual std::string closing() const = 0;
  // Whether our side of the connection is shut down behind it, as the end of the message (SPAMC).
  virtual bool half_closes() const { return false; }

  // How many bytes an answer may have; more is temperror.
  virtual std::size_t longest_answer() const = 0;
  // `bytes`: all that the server has said so far; `closed`: and it will say no more. Nothing: that is not all of the
  // answer yet. Asked again whenever more has come, and once with `closed`: nothing is temperror then. The answer may
  // come before the message has ended; `took` is not set here.
  virtual std::optional<ScanAnswer> read(std::string_view bytes, bool closed) const = 0;
};

// Makes one for a message.
using ScanProtocolMaker = std::function<std::unique_ptr<ScanProtocol>(const ScanEnvelope& envelope)>;

}  // namespace mailweir
