// SPDX-License-Identifier: BSD-2-Clause
// StageBoard: what the policy door tells the milter door, by client address and port: that it judged a stage handed over
// to it (if Postfix never asked, because a permit stood before check_policy_service, the milter judges the stage itself),
// and that it refused a recipient (which the MTA then tells the milter as refused, and it is no unknown one).
// Thread-safe; bounded: beyond `most` sessions the oldest are forgotten, and so is what is older than `keep`.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
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
  void refused_recipient(const Client& client, std::string_view recipient, SteadyTime now);
  // Whether this is the recipient that was refused last for this client. Takes it.
  bool take_refused_recipient(const Client& client, std::string_view recipient);
  std::size_t size() const;

 private:
  struct Entry {
    std::array<std::uint64_t, stage_count> asked{};
    std::string refused;                      // the recipient refused last
    SteadyTime last;
    std::list<std::string>::iterator place;   // in the order
  };
  struct Board {
    std::unordered_map<std::string, Entry> entries;
    std::list<std::string> order;             // the one asked last at the end; each once
  };
  static std::string key(const Client& client);
  template <typename Note>
  void note(const Client& client, SteadyTime now, Note note);
  static void drop_if_empty(Board& board, std::unordered_map<std::string, Entry>::iterator entry);
  Guarded<Board> board_;
};

}  // namespace mailweir
