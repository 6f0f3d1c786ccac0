// SPDX-License-Identifier: BSD-2-Clause
// StageBoard: what the policy door tells the milter door: that it judged a stage handed over to it, by client address
// and port. If Postfix never asked (a permit stood before check_policy_service), the milter judges the stage itself.
// Thread-safe; bounded: beyond `most` sessions the oldest are forgotten, and so is what is older than `keep`.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/guarded.h"
#include "mail/client.h"
#include "mail/stage.h"

namespace mailweir {

class StageBoard {
 public:
  static constexpr std::size_t most = 20'000;
  static constexpr std::chrono::minutes keep{60};

  // The policy door judged this stage. A client without a port is not told of: two could not be told apart.
  void asked(const Client& client, Stage stage, SteadyTime now);
  // How often the stage was judged for this client since it was last taken. Takes it; connect and helo stay, because
  // they are judged once for all messages of a session.
  std::uint64_t take(const Client& client, Stage stage);
  std::size_t size() const;

 private:
  struct Entry {
    std::array<std::uint64_t, stage_count> asked{};
    SteadyTime last;
    std::list<std::string>::iterator place;   // in the order
  };
  struct Board {
    std::unordered_map<std::string, Entry> entries;
    std::list<std::string> order;             // the one asked last at the end; each once
  };
  static std::string key(const Client& client);
  Guarded<Board> board_;
};

}  // namespace mailweir
