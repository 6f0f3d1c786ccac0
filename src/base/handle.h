// SPDX-License-Identifier: BSD-2-Clause
// Fd: owns a file descriptor. CPtr: owns a C library's object, freed by the function named in its type.
#pragma once

#include <memory>
#include <utility>

#include <unistd.h>

namespace mailweir {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

template <auto Free>
struct CDelete {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <typename T, auto Free>
using CPtr = std::unique_ptr<T, CDelete<Free>>;

}  // namespace mailweir
