// SPDX-License-Identifier: BSD-2-Clause
// WhatIf: a transaction as an admin describes it to explain: by flags, by a message file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ctl/message_file.h"

namespace mailweir {

struct WhatIf {
  std::string client_address = "192.0.2.1", client_name, reverse_client_name, helo = "client.example", service;
  std::string sender, sasl_username, encryption_protocol, encryption_cipher, encryption_keysize;
  std::string sender_resolved;                    // what the MTA makes of it; "": what we do
  std::vector<std::string> recipients, resolved;  // the same of each recipient
  std::uint16_t client_port = 40000;
  bool local = false;  // from sendmail(1)
  std::optional<MessageFile> message;
  std::optional<std::uint64_t> declared_size;  // SIZE= of MAIL FROM

  // As SMTP carries it; without a message file what was declared.
  std::uint64_t size() const { return message ? message->size : declared_size.value_or(0); }
};

}  // namespace mailweir
