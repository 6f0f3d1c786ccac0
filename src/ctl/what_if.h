// SPDX-License-Identifier: BSD-2-Clause
// WhatIf: a transaction as an admin describes it, for explain: by flags, by a message file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/headers.h"

namespace mailweir {

struct WhatIf {
  std::string client_address = "192.0.2.1", client_name, reverse_client_name, helo = "client.example", service;
  std::string sender, sasl_username, sasl_method, encryption_protocol;
  std::string sender_resolved;                    // what the MTA makes of it; "": what we do
  std::vector<std::string> recipients, resolved;  // the same of each recipient
  std::uint16_t client_port = 40000;
  bool local = false;                          // from sendmail(1)
  std::optional<HeaderList> headers;           // of a message file
  std::string file;                            // that file; read_body reads its body
  std::optional<std::uint64_t> declared_size;  // SIZE= of MAIL FROM
  std::uint64_t size = 0;                      // as SMTP carries it
};

// The header of a message file (RFC 5322; LF or CRLF) and the message's size. False when it cannot be read: told on
// stderr.
bool read_message(const std::string& path, WhatIf& what);

// The body of a message file, in pieces, with CRLF at the end of each line as SMTP carries it. False: it cannot be
// read.
bool read_body(const std::string& path, const std::function<void(std::string_view)>& take);

}  // namespace mailweir
