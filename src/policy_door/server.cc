// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/server.h"

#include <algorithm>

#include "policy_door/conversation.h"
#include "policy_door/request.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds message_over{60'000};  // silence after which a message's line is written

// Bytes of one connection into requests, actions into bytes.
class PolicyStream final : public Conversation {
 public:
  PolicyStream(Services& services, const Snapshot<Policy>& policy, const PolicyDoorLimits& limits,
               PolicyDoorStats& stats)
      : services_(services), limits_(limits), stats_(stats), conversation_(services, policy, limits.memory) {}

  bool received(std::string_view bytes, Output& out) override {
    silent_ = std::chrono::milliseconds(0);
    const auto now = services_.clock.steady();
    if (reader_.empty()) begun_ = now;
    whole_ = false;
    while (!bytes.empty()) {
      const auto [at, room] = reader_.room();
      const std::size_t size = std::min(room, bytes.size());
      bytes.copy(at, size);
      bytes.remove_prefix(size);
      reader_.added(size);
      if (!answer_all(out)) return false;
    }
    if (whole_) begun_ = now;  // what is left of these bytes begins another
    if (reader_.empty() || now - begun_ < limits_.partial) return true;
    log_bad("the request came in too slowly");
    return false;
  }
  void closed(std::string_view why) override {
    if (!reader_.empty()) log_bad("the connection ended in the middle of a request: " + std::string(why));
  }
  std::chrono::milliseconds patience() const override {
    return reader_.empty() ? std::min(message_over, limits_.idle) : limits_.partial;
  }
  bool silent(Output&) override {
    if (!reader_.empty()) {
      log_bad("the request stopped in the middle");
      return false;
    }
    conversation_.idle();
    silent_ += patience();
    return silent_ < limits_.idle;
  }

 private:
  // Answers all whole requests that have come; false when the connection is to be closed.
  bool answer_all(Output& out) {
    for (;;) {
      auto request = reader_.next();
      if (!request) {
        log_bad(request.error().what);
        return false;
      }
      if (!*request) return true;
      ++stats_.requests;
      whole_ = true;
      std::string action;
      try {
        action = conversation_.answer(**request);
      } catch (const std::exception& failure) {
        // No answer: Postfix uses its default action (a 451). The daemon lives.
        Event("policy-exception").with("reason", failure.what()).to(services_.log, Severity::error);
        return false;
      }
      out.buffer() += "action=";
      out.buffer() += action;
      out.buffer() += "\n\n";
    }
  }
  void log_bad(std::string_view why) {
    ++stats_.bad_requests;
    Event("bad-policy-request")
        .with("reason", why)
        .with("answer", "none, connection closed")
        .to(services_.log, Severity::warning);
  }

  Services& services_;
  const PolicyDoorLimits limits_;
  PolicyDoorStats& stats_;
  PolicyConversation conversation_;
  PolicyRequestReader reader_;
  std::chrono::milliseconds silent_{0};
  SteadyTime begun_{};  // of the request that is coming in
  bool whole_ = false;  // one was whole among the bytes just read
};

}  // namespace

PolicyServer::PolicyServer(Fd listener, PolicyDoorLimits limits, Services& services, const Snapshot<Policy>& policy)
    : streams_(
          "policy", std::move(listener),
          StreamLimits{.connections = limits.connections, .look_round = limits.look_round, .memory = limits.memory},
          services.clock, services.log,
          [=, this, &services, &policy] { return std::make_unique<PolicyStream>(services, policy, limits, stats_); }) {}

}  // namespace mailweir
