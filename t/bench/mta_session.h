// SPDX-License-Identifier: BSD-2-Clause
// MtaSession: the MTA's side of one milter session with one message, as Postfix plays it: negotiation, the steps that
// the filter wants, macros before each (Postfix's own lists, or the filter's), end-of-message, QUIT. Bytes in, bytes
// out, no socket. What is sent when was seen on Postfix 3.7.11; its lists of macros are in its MILTER_README.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "milter_door/packet_reader.h"
#include "milter_door/protocol.h"

namespace mailweir::bench {

struct MailToSend {
  std::string client_name, client_address, helo, login, queue_id, sender, recipient;
  std::uint16_t client_port = 0;
  std::vector<std::pair<std::string_view, std::string>> headers;  // the value without the blank after ':'
  std::string_view body;                                          // lives elsewhere
};

class MtaSession {
 public:
  explicit MtaSession(MailToSend mail);

  // Bytes of the filter. An error: it does not keep to the protocol.
  Result<void> receive(std::string_view bytes);
  // What is to be sent to it; empties itself.
  std::string take_output() { return std::exchange(out_, {}); }
  bool done() const { return !verdict_.empty(); }
  // "accept" "reject" "tempfail" "discard" "quarantine"; a reply's class decides between reject and tempfail.
  const std::string& verdict() const { return verdict_; }
  bool added_header(std::string_view name) const;
  bool removed_header(std::string_view name) const;

 private:
  enum class Step { options, connect, helo, mail, rcpt, data, header, end_of_header, body, end_of_message };

  Result<void> take(const milter::Response& response);
  Result<void> negotiated(const milter::Options& answer);
  Result<void> answered(milter::Answer answer);
  void go_on();      // sends steps until one has to be answered
  bool send_step();  // false: the filter does not want it, or there is nothing of it
  bool send(milter::Command command, milter::MacroStage stage, std::uint32_t unwanted_bit, const milter::Event& event);
  void append(const milter::Event& event);
  std::string_view macro(std::string_view name) const;
  bool is_silent() const;
  void finish(std::string_view verdict);
  void next_step();

  MailToSend mail_;
  milter::Reader reader_;
  std::string out_;
  Step step_ = Step::options;
  std::size_t at_ = 0;  // the header or the body's byte that is next
  std::uint32_t steps_ = 0;
  std::array<std::string, milter::macro_stage_count> macro_names_;
  std::string port_text_;
  bool quarantined_ = false;
  std::vector<std::string> added_, removed_;
  std::string verdict_;
};

}  // namespace mailweir::bench
