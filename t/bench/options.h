// SPDX-License-Identifier: BSD-2-Clause
// What the load generators are told on the command line. A pattern holds "{n}", which becomes a number of its pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/socket.h"

namespace mailweir::bench {

struct LoadOptions {
  SocketName socket;
  std::size_t connections = 16;
  std::chrono::milliseconds warm_up{1000};  // not measured
  std::chrono::milliseconds span{5000};     // measured
  std::uint64_t count = 0;          // not 0: so many and no more, no warm-up; span is then the longest it may take
  std::vector<int> pids;            // the server's; their children count too
  std::vector<std::string> expect;  // answers that are no failure
  bool json = false;

  std::uint32_t logins = 1000, clients = 500, recipients = 5000;  // pool sizes
  std::string login = "user{n}@example.com";                      // empty: no login
  std::string sender = "user{n}@example.com";                     // by the login's number
  std::string recipient = "someone{n}@example.net";
  std::string client = "198.18.0.0";  // the first address of the pool (RFC 2544)
};

struct MilterLoadOptions : LoadOptions {
  std::string from = "Some User <user{n}@example.com>";
  std::size_t body = 2048;      // bytes
  std::string signature;        // a DKIM-Signature's value, put on top; empty: none
  std::string require_header;   // a message that leaves without this new field is a failure
  std::string require_removal;  // and one that keeps this field
  bool help = false;
};

struct PolicyLoadOptions : LoadOptions {
  std::vector<std::string> states{"RCPT", "DATA"};  // at which a message asks
  bool help = false;
};

// Parse a command line; with `help` set the text of the options is printed already.
Result<MilterLoadOptions> milter_load_options(int argc, char** argv);
Result<PolicyLoadOptions> policy_load_options(int argc, char** argv);

}  // namespace mailweir::bench
