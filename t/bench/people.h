// SPDX-License-Identifier: BSD-2-Clause
// People: who sends the load: logins, clients and recipients drawn from pools, the same sequence in every run.
#pragma once

#include <cstdint>
#include <string>

#include "options.h"

namespace mailweir::bench {

struct Person {
  std::uint64_t number = 0;  // of the message, from 1
  std::uint32_t login_number = 0;
  std::string login, sender, recipient;
  std::string client_address, client_name;
  std::uint16_t client_port = 0;
};

class People {
 public:
  explicit People(const LoadOptions& options);
  Person next();

 private:
  std::uint32_t draw(std::uint32_t below);

  const LoadOptions& options_;
  std::uint32_t first_client_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

// A pattern with its "{n}" filled in.
std::string filled(const std::string& pattern, std::uint32_t number);

}  // namespace mailweir::bench
