// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/host_lookup.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

#include <netdb.h>
#include <sys/socket.h>

#include "base/handle.h"
#include "base/ip.h"

namespace mailweir {
namespace {

Result<std::vector<std::string>> ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failure != 0) return Error{"host " + host + ": " + gai_strerror(failure), true};
  const CPtr<addrinfo, freeaddrinfo> owner(found);
  std::vector<std::string> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  if (addresses.empty()) return Error{"host " + host + ": has no address", true};
  return addresses;
}

}  // namespace

struct HostLookup::Shared {
  explicit Shared(std::string name) : host(std::move(name)) {}

  const std::string host;
  std::mutex mutex;
  std::condition_variable answered;
  bool running = false;
  std::uint64_t answers = 0;
  Result<std::vector<std::string>> answer = Error{};

  static void run(std::shared_ptr<Shared> shared) {
    auto answer = ask_system(shared->host);
    const std::lock_guard lock(shared->mutex);
    shared->answer = std::move(answer);
    shared->running = false;
    ++shared->answers;
    shared->answered.notify_all();
  }
};

HostLookup::HostLookup(std::string host) : shared_(std::make_shared<Shared>(std::move(host))) {}
HostLookup::~HostLookup() = default;

Result<std::vector<std::string>> HostLookup::addresses(Deadline deadline) {
  if (IpAddress::parse(shared_->host)) return std::vector{shared_->host};
  std::unique_lock lock(shared_->mutex);
  const std::uint64_t before = shared_->answers;
  if (!shared_->running) {
    try {
      std::thread(Shared::run, shared_).detach();
      shared_->running = true;
    } catch (const std::system_error& error) {
      return Error{"host " + shared_->host + ": cannot start a lookup: " + error.what(), true};
    }
  }
  const bool done = shared_->answered.wait_until(lock, deadline.at(), [&] { return shared_->answers != before; });
  if (!done) return Error{"host " + shared_->host + ": the system's name service does not answer in time", true};
  return shared_->answer;
}

}  // namespace mailweir
