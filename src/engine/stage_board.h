// SPDX-License-Identifier: BSD-2-Clause
// StageBoard: what the policy door tells the milter door, by client address and port: that it judged a stage handed
// over to it and let it pass (if Postfix never asked, because a permit stood before check_policy_service, the milter
// judges the stage itself), and that it refused a recipient (which the MTA then tells the milter as refused, and it is
// no unknown one). Each note says for whom the stage was judged, so that what was asked before a login, or about
// another recipient, covers nothing else. Thread-safe; bounded: beyond `most` sessions the oldest are forgotten, and so
// is what is older than `keep`; beyond `most_recipients` of a message none is noted, and the milter judges those.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/keyed_hash.h"
#include "base/text.h"
#include "mail/client.h"
#include "mail/stage.h"
#include "mail/transaction.h"

namespace mailweir {

class StageBoard {
 public:
  static constexpr std::size_t most = 20'000, most_recipients = 10'000;
  static constexpr std::chrono::minutes keep{60};

  // The policy door judged this stage for the transaction (at rcpt: for its recipient) and did not refuse it. A client
  // without a port is not told of: two could not be told apart.
  void asked(const Client& client, Stage stage, const Transaction& transaction, SteadyTime now);
  // Whether it was: connect for the session, helo for this HELO name, the others for this login, rcpt for this
  // recipient.
  bool was_asked(const Client& client, Stage stage, const Transaction& transaction) const;
  // A message begins at the milter: what its RCPT, DATA and end will be asked is still to come (MAIL may have been).
  void message_begins(const Client& client);
  // It has ended: nothing that was asked for it is good for another.
  void message_ended(const Client& client);
  void session_ended(const Client& client);

  void refused_recipient(const Client& client, std::string_view recipient, SteadyTime now);
  // Whether this is the recipient that was refused last for this client. Takes it.
  bool take_refused_recipient(const Client& client, std::string_view recipient);
  std::size_t size() const;

 private:
  struct Entry {
    std::array<std::optional<std::string>, stage_count> asked;  // for whom; rcpt has a set of its own
    std::unordered_set<std::uint64_t> recipients;               // hashes of login and recipient
    std::string refused;                                        // the recipient refused last
    SteadyTime last;
    std::list<std::string>::iterator place;  // in the order
  };
  struct Board {
    std::unordered_map<std::string, Entry, TextHash> entries;
    std::list<std::string> order;  // the one asked last at the end; each once
  };
  static std::string key(const Client& client);
  std::uint64_t recipient_of(const Transaction& transaction) const;
  template <typename Note>
  void note(const Client& client, SteadyTime now, Note note);
  template <typename Change>
  void change(const Client& client, Change change);
  const KeyedHash hash_;  // strangers choose recipients
  Guarded<Board> board_;
};

}  // namespace mailweir
