// SPDX-License-Identifier: BSD-2-Clause
#include "port/lookups.h"

#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/blocking.h"

namespace mailweir {
namespace {

using dns::AnswerPtr;
using dns::Question;
using Check = std::function<void(Lookups&)>;

class LiveLookups final : public Lookups {
 public:
  struct Entry {
    AnswerPtr answer;  // set once, never changed: get() hands out references
    SteadyTime asked{};
    std::chrono::microseconds took{0};
    bool cached = false;
    std::vector<Check> parked;  // prefetched checks that lack this answer
    std::vector<std::shared_ptr<Waker>> waiting;
  };
  using Node = std::pair<const Question, Entry>;

  LiveLookups(dns::Resolver& resolver, Deadline deadline) : resolver_(resolver), deadline_(deadline) {}

  const dns::Answer& get(const Question& question) override;
  const dns::Answer* at_hand(const Question& question) override {
    const auto* node = start(question);
    return node != nullptr ? answer_of(*node).get() : too_many_.get();
  }
  void want(const Question& question) override { start(question); }
  bool prefetch(Check check) override { return run_early(std::move(check)); }
  void renew(Deadline deadline) override {
    std::lock_guard lock(mutex_);
    deadline_ = deadline;
  }
  std::chrono::microseconds waited() const override {
    std::lock_guard lock(mutex_);
    return waited_;
  }
  std::vector<TimedLookup> trace() const override;

  Node* start(const Question& question);
  AnswerPtr answer_of(const Node& node) const {
    std::lock_guard lock(mutex_);
    return node.second.answer;
  }
  const dns::Answer& too_many() const { return *too_many_; }

 private:
  bool wait_for(Entry& entry, std::unique_lock<std::mutex>& lock);
  void arrive(Node& node, AnswerPtr answer, bool cached);
  bool run_early(Check check);  // whether it got through

  dns::Resolver& resolver_;
  const AnswerPtr too_many_ =
      dns::temperror("more than " + std::to_string(most_questions) + " lookups for one transaction");
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  Deadline deadline_;
  std::chrono::microseconds waited_{0};
  std::unordered_map<Question, Entry, dns::QuestionHash> entries_;  // its nodes stay where they are
  std::vector<Node*> order_;
};

// What a prefetched check sees: the same answers, but no waiting.
class EarlyLookups final : public Lookups {
 public:
  explicit EarlyLookups(LiveLookups& live) : live_(live) {}

  const dns::Answer& get(const Question& question) override {
    auto* node = live_.start(question);
    if (!node) return live_.too_many();
    if (const auto answer = live_.answer_of(*node)) return *answer;
    lacking_ = node;
    throw NotYet();
  }
  const dns::Answer* at_hand(const Question& question) override { return live_.at_hand(question); }
  void want(const Question& question) override { live_.want(question); }
  bool prefetch(Check check) override { return live_.prefetch(std::move(check)); }
  void renew(Deadline deadline) override { live_.renew(deadline); }
  std::chrono::microseconds waited() const override { return live_.waited(); }
  std::vector<TimedLookup> trace() const override { return live_.trace(); }
  LiveLookups::Node* lacking() const { return lacking_; }

 private:
  LiveLookups& live_;
  LiveLookups::Node* lacking_ = nullptr;
};

// The question's node, asked now if it is new; null when it would be one too many.
LiveLookups::Node* LiveLookups::start(const Question& question) {
  Node* node = nullptr;
  Deadline deadline;
  {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(question); found != entries_.end()) return &*found;
    if (entries_.size() >= most_questions) return nullptr;
    node = &*entries_.try_emplace(question).first;
    node->second.asked = std::chrono::steady_clock::now();
    order_.push_back(node);
    deadline = deadline_;
  }
  // Asked without the lock: the answer may come on another thread before ask() returns. The node lives as long as we
  // do.
  auto done = [weak = weak_from_this(), node](AnswerPtr answer) {
    if (const auto self = weak.lock()) static_cast<LiveLookups&>(*self).arrive(*node, std::move(answer), false);
  };
  if (auto answer = resolver_.ask(question, deadline, std::move(done))) arrive(*node, std::move(answer), true);
  return node;
}

void LiveLookups::arrive(Node& node, AnswerPtr answer, bool cached) {
  std::vector<Check> woken;
  std::vector<std::shared_ptr<Waker>> waiting;
  {
    std::lock_guard lock(mutex_);
    auto& entry = node.second;
    if (entry.answer) return;  // pinned already: this one is late
    entry.answer = std::move(answer);
    entry.cached = cached;
    entry.took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - entry.asked);
    woken.swap(entry.parked);
    waiting.swap(entry.waiting);
  }
  arrived_.notify_all();
  for (const auto& waker : waiting) waker->wake();
  for (auto& check : woken) run_early(std::move(check));
}

const dns::Answer& LiveLookups::get(const Question& question) {
  Node* node = start(question);
  if (!node) return *too_many_;
  auto& entry = node->second;
  {
    std::unique_lock lock(mutex_);
    if (entry.answer != nullptr) return *entry.answer;
    const auto begun = std::chrono::steady_clock::now();
    const bool came = wait_for(entry, lock);
    waited_ += std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
    if (came) return *entry.answer;
  }
  arrive(*node, dns::temperror("timeout"), false);
  return *answer_of(*node);
}

// Until the answer is there, or the deadline over. In a loop the caller is set aside, without the lock.
bool LiveLookups::wait_for(Entry& entry, std::unique_lock<std::mutex>& lock) {
  WaitingLoop* loop = waiting_loop();
  if (loop == nullptr) return arrived_.wait_until(lock, deadline_.at(), [&] { return entry.answer != nullptr; });
  WaitingLoop::Wait wait;
  const auto waker = loop->waker(wait);
  const Deadline until = deadline_;
  entry.waiting.push_back(waker);
  lock.unlock();
  loop->set_aside(wait, until);
  lock.lock();
  std::erase(entry.waiting, waker);
  return entry.answer != nullptr;
}

bool LiveLookups::run_early(Check check) {
  for (;;) {
    EarlyLookups early(*this);
    try {
      check(early);
      return true;
    } catch (const NotYet&) {
    } catch (...) {
      return false;
    }
    auto* lacking = early.lacking();
    if (!lacking) return false;
    // The answer may have come between the throw and this lock: then nothing would wake a parked check any more.
    std::lock_guard lock(mutex_);
    if (lacking->second.answer) continue;
    lacking->second.parked.push_back(std::move(check));
    return false;
  }
}

std::vector<TimedLookup> LiveLookups::trace() const {
  std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  std::vector<TimedLookup> result;
  result.reserve(order_.size());
  for (const auto* node : order_) {
    const auto& entry = node->second;
    const auto took =
        entry.answer ? entry.took : std::chrono::duration_cast<std::chrono::microseconds>(now - entry.asked);
    result.push_back({node->first, entry.answer, took, entry.cached});
  }
  return result;
}

}  // namespace

std::shared_ptr<Lookups> Lookups::make(dns::Resolver& resolver, Deadline deadline) {
  return std::make_shared<LiveLookups>(resolver, deadline);
}

}  // namespace mailweir
