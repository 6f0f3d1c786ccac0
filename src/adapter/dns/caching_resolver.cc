// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/caching_resolver.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "adapter/dns/answer_cache.h"
#include "adapter/dns/deadline_thread.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::AnswerPtr;
using dns::Question;
using Done = std::function<void(AnswerPtr)>;

constexpr std::size_t shard_count = 16;
constexpr std::size_t most_askers = 10'000;  // of one question under way

struct Asker {
  DeadlineThread::Key key;
  Done done;
};

struct UnderWay {
  std::vector<Asker> askers;
  bool forgotten = false;  // what comes is told, and not kept
};

struct Shard {
  Shard(std::size_t most_entries, std::size_t most_bytes) : cache(most_entries, most_bytes) {}
  std::mutex mutex;
  AnswerCache cache;
  std::unordered_map<Question, UnderWay, dns::QuestionHash> under_way;
};

class Caching final : public CachingResolver {
 public:
  Caching(std::unique_ptr<dns::Resolver> behind, const Clock& clock, const CacheConfig& config);
  AnswerPtr ask(const Question& question, Deadline deadline, Done done) override;
  const DnsStats& stats() const override { return stats_; }
  dns::Resolver& behind() override { return *behind_; }
  std::size_t forget(std::string_view zone) override;
  std::size_t forget_failures() override;

 private:
  Shard& shard_of(const Question& question) { return *shards_[(dns::QuestionHash{}(question) >> 7) % shard_count]; }
  AnswerPtr join(const Question& question, DeadlineThread::Key key, Done& done, bool& leads);
  AnswerPtr send(const Question& question, DeadlineThread::Key own);
  std::vector<Asker> settle(const Question& question, const AnswerPtr& answer);
  void arrive(const Question& question, const AnswerPtr& answer);
  void give_up(const Question& question, DeadlineThread::Key key);
  SteadyTime expiry(const Answer& answer, SteadyTime now) const;

  const CacheConfig config_;
  const Clock& clock_;
  DnsStats stats_;
  std::array<std::unique_ptr<Shard>, shard_count> shards_;
  std::atomic<std::uint64_t> last_id_{0};
  std::atomic<std::size_t> under_way_{0};
  // In this order: the resolver behind ends first and answers all that is under way; then the deadlines' thread.
  DeadlineThread deadlines_;
  std::unique_ptr<dns::Resolver> behind_;
};

Caching::Caching(std::unique_ptr<dns::Resolver> behind, const Clock& clock, const CacheConfig& config)
    : config_(config), clock_(clock), behind_(std::move(behind)) {
  for (auto& shard : shards_)
    shard =
        std::make_unique<Shard>((config.most_entries + shard_count - 1) / shard_count, config.most_bytes / shard_count);
}

std::size_t Caching::forget(std::string_view zone) {
  std::size_t dropped = 0;
  for (auto& shard : shards_) {
    std::lock_guard lock(shard->mutex);
    dropped += shard->cache.forget(zone);
    for (auto& [question, under_way] : shard->under_way)
      under_way.forgotten |= zone.empty() || is_at_or_below(question.name, zone);
  }
  stats_.entries -= dropped;
  return dropped;
}

std::size_t Caching::forget_failures() {
  std::size_t dropped = 0;
  for (auto& shard : shards_) {
    std::lock_guard lock(shard->mutex);
    dropped += shard->cache.forget_failures();
  }
  stats_.entries -= dropped;
  return dropped;
}

AnswerPtr Caching::ask(const Question& question, Deadline deadline, Done done) {
  const DeadlineThread::Key key{deadline.at(), ++last_id_};
  bool leads = false;
  if (auto answer = join(question, key, done, leads)) return answer;
  // An asker that was answered in the meantime leaves its deadline behind, which then finds none.
  deadlines_.set(key, [this, question, key] { give_up(question, key); });
  return leads ? send(question, key) : nullptr;
}

// An answer, or null when the asker now stands in the queue of the question; `leads`: it is the first one there.
AnswerPtr Caching::join(const Question& question, DeadlineThread::Key key, Done& done, bool& leads) {
  auto& shard = shard_of(question);
  const auto now = clock_.steady();
  std::lock_guard lock(shard.mutex);
  const auto size_before = shard.cache.size();
  auto answer = shard.cache.find(question, now);
  stats_.entries -= size_before - shard.cache.size();
  if (answer) {
    ++stats_.hits;
    return answer;
  }
  if (Deadline(key.first).over()) {
    ++stats_.timeouts;
    return dns::temperror("timeout");
  }
  const auto found = shard.under_way.find(question);
  leads = found == shard.under_way.end();
  if (leads ? under_way_ >= config_.most_under_way : found->second.askers.size() >= most_askers) {
    ++stats_.refused;
    return dns::temperror("too many DNS queries in progress");
  }
  if (leads) {
    ++under_way_;
    ++stats_.misses;
  } else {
    ++stats_.joined;
  }
  shard.under_way[question].askers.push_back({key, std::move(done)});
  return nullptr;
}

// An answer that is at hand behind us is returned, unless the asker `own` was told "timeout" in the meantime. Those who
// joined in that moment are told on this thread.
AnswerPtr Caching::send(const Question& question, DeadlineThread::Key own) {
  const Deadline patience(std::max(own.first, std::chrono::steady_clock::now() + config_.patience));
  auto answer = behind_->ask(question, patience, [this, question](AnswerPtr late) { arrive(question, late); });
  if (!answer) return nullptr;
  bool ours = false;
  for (const auto& asker : settle(question, answer)) {
    deadlines_.unset(asker.key);
    if (asker.key == own) ours = true;
    else asker.done(answer);
  }
  return ours ? answer : nullptr;
}

// Keeps the answer and returns who waits for it. From then on no other call answers them.
std::vector<Asker> Caching::settle(const Question& question, const AnswerPtr& answer) {
  if (answer->status == Answer::Status::temperror) ++(answer->detail == "timeout" ? stats_.timeouts : stats_.troubles);
  auto& shard = shard_of(question);
  const auto now = clock_.steady();
  std::vector<Asker> askers;
  std::lock_guard lock(shard.mutex);
  bool keep = true;
  if (const auto found = shard.under_way.find(question); found != shard.under_way.end()) {
    keep = !found->second.forgotten;
    askers.swap(found->second.askers);
    shard.under_way.erase(found);
    --under_way_;
  }
  if (!keep) return askers;
  const auto size_before = shard.cache.size();
  stats_.evicted += shard.cache.keep(question, answer, now, expiry(*answer, now));
  stats_.entries += shard.cache.size() - size_before;
  return askers;
}

void Caching::arrive(const Question& question, const AnswerPtr& answer) {
  for (const auto& asker : settle(question, answer)) {
    deadlines_.unset(asker.key);
    asker.done(answer);
  }
}

// An asker's deadline came first. The question goes on for the others, and for the cache.
void Caching::give_up(const Question& question, DeadlineThread::Key key) {
  Done done;
  {
    auto& shard = shard_of(question);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.under_way.find(question);
    if (found == shard.under_way.end()) return;
    auto& askers = found->second.askers;
    const auto asker = std::find_if(askers.begin(), askers.end(), [&](const Asker& a) { return a.key == key; });
    if (asker == askers.end()) return;
    done = std::move(asker->done);
    askers.erase(asker);
  }
  ++stats_.timeouts;
  done(dns::temperror("timeout"));
}

SteadyTime Caching::expiry(const Answer& answer, SteadyTime now) const {
  if (answer.status == Answer::Status::temperror) return now + config_.trouble;
  const auto longest = answer.status == Answer::Status::ok ? config_.longest : config_.longest_negative;
  return now + std::max(config_.shortest, std::min(answer.ttl, longest));
}

}  // namespace

std::unique_ptr<CachingResolver> make_caching_resolver(std::unique_ptr<dns::Resolver> behind, const Clock& clock,
                                                       const CacheConfig& config) {
  return std::make_unique<Caching>(std::move(behind), clock, config);
}

}  // namespace mailweir
