// SPDX-License-Identifier: BSD-2-Clause
// Scanner: looks at whole messages, in another process: clamd, rspamd, spamd. Scan: one message on its way to it.
// ScanEnvelope: what it is told beside the message. ScanAnswer: what it said.
//
// A Scanner is thread-safe and outlives its Scans. A Scan belongs to one thread at a time, and is never a reason to
// wait but in answer(). What it says comes from outside: escape it before it is shown.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/stats.h"
#include "mail/body_sink.h"

namespace mailweir {

// Texts are empty where the mail server did not tell them.
struct ScanEnvelope {
  std::string queue_id;
  std::string client_address;  // "192.0.2.1", "2001:db8::1"; empty: local mail
  std::string client_name;     // forward-confirmed; empty: none
  std::string helo, login;
  std::string sender;  // without brackets; empty: the null sender
  std::vector<std::string> recipients;
  std::string hostname;  // ours
};

enum class ScanStatus : std::uint8_t {
  clean,      // it looked at all of it and found nothing
  found,      // a virus; spam, above the scanner's own threshold
  unscanned,  // it did not look at all of it: too large, say
  temperror   // no answer: out of reach, too late, nonsense
};

struct ScanAnswer {
  ScanStatus status = ScanStatus::temperror;
  std::string name;             // of what was found
  std::string why;              // one line: of temperror and unscanned the cause
  std::optional<double> score;  // of spam
  std::string action;           // what the scanner advises: rspamd's "add header"
  std::vector<std::string> symbols;
  std::chrono::microseconds took{0};  // from the last byte of the message to the answer
};

class Scan : public BodySink {
 public:
  // The next bytes of the message, as it was received, with CRLF: header, empty line, body. Takes them at once.
  void write(std::string_view bytes) override = 0;
  // That was all of it. The scanner's time for the answer runs from here.
  virtual void end() = 0;
  // After end(): waits for the answer until the deadline at most (base/blocking.h). Null: none yet. The scanner keeps a
  // deadline of its own, with which the answer is temperror at the latest. Good as long as this object.
  virtual const ScanAnswer* answer(Deadline deadline) = 0;
  // Destroying it, at any time, breaks it off.
};

// How many scans came to what.
struct ScanStats {
  Count scans, clean, found, unscanned, temperror, broken_off;
  LatencyHistogram took;  // ScanAnswer::took
};

class Scanner {
 public:
  virtual ~Scanner() = default;
  // A message begins; it is connected to at once. Never null.
  virtual std::unique_ptr<Scan> begin(const ScanEnvelope& envelope) = 0;
  virtual const ScanStats& stats() const = 0;
};

}  // namespace mailweir
