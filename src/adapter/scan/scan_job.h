// SPDX-License-Identifier: BSD-2-Clause
// ScanJob: how one message gets to a scanner: which server it is sent to, its connection, and how long that is waited
// for. A server that fails is followed by the next one, as long as the message can still be sent from its beginning
// (HeldBytes); else, and after the last, the answer is temperror.
//
// Deadlines. While the message comes in a server may take none of its bytes for the scanner's deadline; from the end of
// the message to the answer the deadline is for all servers together: each has an equal part of what is left, as long
// as another could still follow. To connect each has at most `connecting`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/scan/scan_feed.h"
#include "adapter/scan/scan_loop.h"
#include "adapter/scan/scan_protocol.h"
#include "adapter/scan/scan_servers.h"

namespace mailweir {

// What all messages of a scanner share; the servers are the scanners' thread's.
struct ScanSetting {
  ScanProtocolMaker protocol;
  std::chrono::milliseconds deadline;
  ScanServers servers;
};

class ScanJob final : public ScanLoop::Work {
 public:
  static constexpr std::chrono::seconds connecting{5};

  ScanJob(std::shared_ptr<ScanSetting> setting, std::shared_ptr<ScanFeed> feed, ScanEnvelope envelope);

  bool go_on(SteadyTime now) override;
  int fd() const override { return fd_.get(); }
  unsigned sockets() const override { return sockets_; }
  bool wants_room() const override { return connecting_ || !out_.empty(); }
  SteadyTime due() const override;

 private:
  // Each: why this server is given up; nothing: it is not.
  using Trouble = std::optional<std::string>;

  Trouble try_server(SteadyTime now);
  Trouble connect(SteadyTime now);
  Trouble find_connected();
  Trouble receive(SteadyTime now);
  Trouble heard(bool closed, SteadyTime now);
  void send(SteadyTime now);
  bool fill(SteadyTime now);
  std::string what_is_late() const;
  void give_up_server(const std::string& why, SteadyTime now);
  bool may_try_next() const { return place_in_round_ + 1 < round_.size() && feed_->is_whole(); }
  std::size_t server() const { return round_[place_in_round_]; }

  const std::shared_ptr<ScanSetting> setting_;
  const std::shared_ptr<ScanFeed> feed_;
  const ScanEnvelope envelope_;
  std::vector<std::size_t> round_;  // the servers, in the order in which they are tried
  std::size_t place_in_round_ = 0;

  // Of the server that is tried:
  Fd fd_;
  unsigned sockets_ = 0;
  bool connecting_ = false;
  SteadyTime begun_{}, progress_{};  // when it was connected to; when it last took bytes, or had none to take
  std::unique_ptr<ScanProtocol> protocol_;
  std::uint64_t taken_ = 0;  // bytes of the message that were put into out_
  std::string out_;          // to be sent
  bool all_sent_ = false;    // with all that belongs behind it, or what can be sent
  bool said_all_ = false;    // the end of the message stands in out_
  std::string heard_;
};

}  // namespace mailweir
