// SPDX-License-Identifier: BSD-2-Clause
// Guarded<T>: data that lives inside its lock. Snapshot<T>: an immutable value that is replaced whole.
// A reader of a Snapshot keeps the value it took; the last one to let go frees it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace mailweir {

template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

  // Runs `use` on the value with the lock held; the value must not escape.
  template <typename Use>
  auto with(Use&& use) {
    std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(value_);
  }
  template <typename Use>
  auto with(Use&& use) const {
    std::lock_guard lock(mutex_);
    return std::forward<Use>(use)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

// A mutex and not std::atomic<std::shared_ptr>: ThreadSanitizer reports a race inside libstdc++'s.
template <typename T>
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  std::shared_ptr<const T> get() const {
    std::lock_guard lock(mutex_);
    return value_;
  }
  // Returns the value that was replaced, so that the caller's thread pays for freeing it.
  std::shared_ptr<const T> swap(std::shared_ptr<const T> value) {
    std::lock_guard lock(mutex_);
    value_.swap(value);
    return value;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace mailweir
