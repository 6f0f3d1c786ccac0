// SPDX-License-Identifier: BSD-2-Clause
// Scanner: looks at whole messages, in another process: clamd, rspamd, spamd. Scan: one message on its way to it.
// ScanEnvelope: what it is told beside the message. ScanAnswer: what it said.
//
// A Scanner is thread-safe and outlives its Scans. A Scan belongs to one thread at a time, and is never a reason to
// wait but in answer(). What it says comes from outside: escape it before it is shown.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
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
  explicit ScanStats(std::string of) : scanner(std::move(of)) {}

  const std::string scanner;  // its section in the policy file: "clamd"
  std::atomic<std::uint64_t> scans{0}, clean{0}, found{0}, unscanned{0}, temperror{0};
  std::atomic<std::uint64_t> broken_off{0};    // the message went away first
  std::atomic<std::uint64_t> milliseconds{0};  // ScanAnswer::took of all
  std::atomic<std::uint64_t> bytes{0};         // of all messages, as far as they came
};

inline constexpr Metric<ScanStats> scan_metrics[] = {
    {"scanner", as_label("scanner"), via<&ScanStats::scanner>},
    {"scans", as_counter("mailweir_scans_total", "Messages sent to a scanner"), via<&ScanStats::scans>},
    {"clean", as_counter("mailweir_scan_answers_total", "What scanners said of messages", "status", "clean"),
     via<&ScanStats::clean>},
    {"found", as_counter("mailweir_scan_answers_total", "What scanners said of messages", "status", "found"),
     via<&ScanStats::found>},
    {"unscanned", as_counter("mailweir_scan_answers_total", "What scanners said of messages", "status", "unscanned"),
     via<&ScanStats::unscanned>},
    {"temperror", as_counter("mailweir_scan_answers_total", "What scanners said of messages", "status", "temperror"),
     via<&ScanStats::temperror>},
    {"broken_off", as_counter("mailweir_scans_broken_off_total", "Scans of messages that ended before the answer"),
     via<&ScanStats::broken_off>},
    {"milliseconds", as_counter("mailweir_scan_milliseconds_total", "Time from the end of a message to the answer"),
     via<&ScanStats::milliseconds>},
    {"bytes", as_counter("mailweir_scan_bytes_total", "Bytes of the messages sent to a scanner"),
     via<&ScanStats::bytes>},
};

class Scanner {
 public:
  virtual ~Scanner() = default;
  // A message begins; it is connected to at once. Never null.
  virtual std::unique_ptr<Scan> begin(const ScanEnvelope& envelope) = 0;
  virtual const ScanStats& stats() const = 0;
};

}  // namespace mailweir
