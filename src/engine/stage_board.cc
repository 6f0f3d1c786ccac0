// SPDX-License-Identifier: BSD-2-Clause
#include "engine/stage_board.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace mailweir {

std::string StageBoard::key(const Client& client) {
  if (!client.address || !client.port || *client.port == 0) return {};
  const auto& bytes = client.address->bytes();
  std::string key(bytes.begin(), bytes.end());
  key += static_cast<char>(*client.port >> 8);
  key += static_cast<char>(*client.port & 0xff);
  return key;
}

template <typename Note>
void StageBoard::note(const Client& client, SteadyTime now, Note note) {
  auto name = key(client);
  if (name.empty()) return;
  board_.with([&](Board& board) {
    auto found = board.entries.find(name);
    while (!board.order.empty()) {
      const auto oldest = board.entries.find(board.order.front());
      const bool full = found == board.entries.end() && board.entries.size() >= most;
      if (!full && now - oldest->second.last <= keep) break;
      if (oldest == found) found = board.entries.end();
      board.entries.erase(oldest);
      board.order.pop_front();
    }
    if (found == board.entries.end()) {
      board.order.push_back(name);
      found = board.entries.emplace(std::move(name), Entry{{}, {}, {}, now, std::prev(board.order.end())}).first;
    } else {
      board.order.splice(board.order.end(), board.order, found->second.place);
    }
    found->second.last = now;
    note(found->second);
  });
}

// Changes what is noted of a client, and drops the entry when nothing is left.
template <typename Change>
void StageBoard::change(const Client& client, Change change) {
  const auto name = key(client);
  if (name.empty()) return;
  board_.with([&](Board& board) {
    const auto found = board.entries.find(name);
    if (found == board.entries.end()) return;
    Entry& entry = found->second;
    change(entry);
    if (!entry.refused.empty() || !entry.recipients.empty()) return;
    if (std::any_of(entry.asked.begin(), entry.asked.end(), [](const auto& asked) { return asked.has_value(); }))
      return;
    board.order.erase(entry.place);
    board.entries.erase(found);
  });
}

namespace {

std::string judged_for(Stage stage, const Client& client, const Transaction& transaction) {
  if (stage == Stage::connect) return {};
  return folded(stage == Stage::helo ? client.helo_name : transaction.sasl_username);
}

}  // namespace

std::uint64_t StageBoard::recipient_of(const Transaction& transaction) const {
  return hash_(folded(transaction.sasl_username), transaction.recipient.key());
}

void StageBoard::asked(const Client& client, Stage stage, const Transaction& transaction, SteadyTime now) {
  note(client, now, [&](Entry& entry) {
    if (stage != Stage::rcpt) entry.asked[index(stage)] = judged_for(stage, client, transaction);
    else if (entry.recipients.size() < most_recipients) entry.recipients.insert(recipient_of(transaction));
  });
}

bool StageBoard::was_asked(const Client& client, Stage stage, const Transaction& transaction) const {
  const auto name = key(client);
  if (name.empty()) return false;
  return board_.with([&](const Board& board) {
    const auto found = board.entries.find(name);
    if (found == board.entries.end()) return false;
    if (stage == Stage::rcpt) return found->second.recipients.contains(recipient_of(transaction));
    return found->second.asked[index(stage)] == judged_for(stage, client, transaction);
  });
}

void StageBoard::message_begins(const Client& client) {
  change(client, [](Entry& entry) {
    entry.recipients.clear();
    for (const Stage stage : {Stage::data, Stage::end_of_message}) entry.asked[index(stage)].reset();
  });
}

void StageBoard::message_ended(const Client& client) {
  change(client, [](Entry& entry) {
    entry.recipients.clear();
    entry.refused.clear();
    for (const Stage stage : {Stage::mail, Stage::data, Stage::end_of_message}) entry.asked[index(stage)].reset();
  });
}

void StageBoard::session_ended(const Client& client) {
  change(client, [](Entry& entry) {
    entry.recipients.clear();
    entry.refused.clear();
    entry.asked.fill(std::nullopt);
  });
}

void StageBoard::refused_recipient(const Client& client, std::string_view recipient, SteadyTime now) {
  note(client, now, [recipient](Entry& entry) { entry.refused = recipient; });
}

bool StageBoard::take_refused_recipient(const Client& client, std::string_view recipient) {
  bool taken = false;
  change(client, [&](Entry& entry) {
    taken = !recipient.empty() && entry.refused == recipient;
    if (taken) entry.refused.clear();
  });
  return taken;
}

std::size_t StageBoard::size() const {
  return board_.with([](const Board& board) { return board.entries.size(); });
}

}  // namespace mailweir
