// SPDX-License-Identifier: BSD-2-Clause
// Result<T>: what an operation that can break returns: a value, or an Error that says why.
// Outcomes that mail knows (pass, nxdomain, over the limit) are values, not errors.
// `temporary` decides between a deferral and a refusal where an error reaches the mail.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace mailweir {

struct [[nodiscard]] Error {
  std::string what;        // "context: detail", fit for an admin
  bool temporary = false;  // trying again later may help
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace mailweir
