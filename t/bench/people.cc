// SPDX-License-Identifier: BSD-2-Clause
#include "people.h"

#include <arpa/inet.h>

namespace mailweir::bench {

std::string filled(const std::string& pattern, std::uint32_t number) {
  const auto at = pattern.find("{n}");
  if (at == std::string::npos) return pattern;
  return std::string(pattern).replace(at, 3, std::to_string(number));
}

People::People(const LoadOptions& options) : options_(options) {
  in_addr first{};
  if (inet_pton(AF_INET, options.client.c_str(), &first) == 1) first_client_ = ntohl(first.s_addr);
}

// xorshift64*: the same numbers everywhere, and no cost.
std::uint32_t People::draw(std::uint32_t below) {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return static_cast<std::uint32_t>((state_ * 0x2545f4914f6cdd1d) >> 32) % below;
}

Person People::next() {
  Person person;
  person.number = ++number_;
  person.login_number = draw(options_.logins);
  person.login = filled(options_.login, person.login_number);
  person.sender = filled(options_.sender, person.login_number);
  person.recipient = filled(options_.recipient, draw(options_.recipients));
  const auto client = draw(options_.clients);
  const in_addr address{htonl(first_client_ + client)};
  char text[INET_ADDRSTRLEN];
  person.client_address = inet_ntop(AF_INET, &address, text, sizeof text);
  person.client_name = "client" + std::to_string(client) + ".example.org";
  person.client_port = static_cast<std::uint16_t>(1024 + draw(60'000));
  return person;
}

}  // namespace mailweir::bench
