// SPDX-License-Identifier: BSD-2-Clause
#include "engine/stage_board.h"

#include <iterator>
#include <utility>

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
      found = board.entries.emplace(std::move(name), Entry{{}, {}, now, std::prev(board.order.end())}).first;
    } else {
      board.order.splice(board.order.end(), board.order, found->second.place);
    }
    found->second.last = now;
    note(found->second);
  });
}

void StageBoard::asked(const Client& client, Stage stage, SteadyTime now) {
  note(client, now, [stage](Entry& entry) { ++entry.asked[index(stage)]; });
}

void StageBoard::refused_recipient(const Client& client, std::string_view recipient, SteadyTime now) {
  note(client, now, [recipient](Entry& entry) { entry.refused = recipient; });
}

void StageBoard::drop_if_empty(Board& board, std::unordered_map<std::string, Entry>::iterator entry) {
  if (!entry->second.refused.empty()) return;
  for (const auto left : entry->second.asked)
    if (left != 0) return;
  board.order.erase(entry->second.place);
  board.entries.erase(entry);
}

std::uint64_t StageBoard::take(const Client& client, Stage stage) {
  const auto name = key(client);
  if (name.empty()) return 0;
  return board_.with([&](Board& board) -> std::uint64_t {
    const auto found = board.entries.find(name);
    if (found == board.entries.end()) return 0;
    auto& asked = found->second.asked[index(stage)];
    if (stage <= Stage::helo) return asked;
    const auto count = std::exchange(asked, 0);
    drop_if_empty(board, found);
    return count;
  });
}

bool StageBoard::take_refused_recipient(const Client& client, std::string_view recipient) {
  const auto name = key(client);
  if (name.empty()) return false;
  return board_.with([&](Board& board) {
    const auto found = board.entries.find(name);
    if (found == board.entries.end() || found->second.refused != recipient || recipient.empty()) return false;
    found->second.refused.clear();
    drop_if_empty(board, found);
    return true;
  });
}

std::size_t StageBoard::size() const {
  return board_.with([](const Board& board) { return board.entries.size(); });
}

}  // namespace mailweir
