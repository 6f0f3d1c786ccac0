// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/builtin_server.h"

#include <atomic>
#include <thread>

#include "base/stream_server.h"
#include "milter_door/conversation.h"

namespace mailweir {
namespace {

class BuiltinServer final : public MilterServer {
 public:
  BuiltinServer(Fd listener, std::size_t connections, Services& services, const Digests& digests,
                const Snapshot<Policy>& policy, MilterLimits limits)
      : door_{services, digests, policy, limits, stats_, draining_},
        server_("milter", std::move(listener), {.connections = connections, .memory = limits.memory}, services.clock,
                services.log, [this] { return std::make_unique<MilterConversation>(door_); }) {}
  ~BuiltinServer() override { stop(Deadline()); }

  void start() override {
    server_.start();
    running_ = true;
  }
  void stop(Deadline deadline) override {
    if (draining_.exchange(true)) return;
    // Connections stay open meanwhile, and new ones are taken: their mail is deferred in our words.
    while (stats_.in_flight > 0 && !deadline.over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    running_ = false;
    server_.stop(deadline);
  }
  const MilterStats& stats() const override { return stats_; }
  bool running() const override { return running_; }

 private:
  MilterStats stats_;
  std::atomic<bool> draining_{false}, running_{false};
  const MilterDoor door_;
  StreamServer server_;
};

}  // namespace

std::unique_ptr<MilterServer> make_builtin_milter_server(Fd listener, std::size_t connections, Services& services,
                                                         const Digests& digests, const Snapshot<Policy>& policy,
                                                         MilterLimits limits) {
  return std::make_unique<BuiltinServer>(std::move(listener), connections, services, digests, policy, limits);
}

}  // namespace mailweir
