// SPDX-License-Identifier: BSD-2-Clause
#include "engine/stage_board.h"

namespace mailweir {

std::string StageBoard::key(const Client& client) {
  if (!client.address || !client.port || *client.port == 0) return {};
  const auto& bytes = client.address->bytes();
  std::string key(bytes.begin(), bytes.end());
  key += static_cast<char>(*client.port >> 8);
  key += static_cast<char>(*client.port & 0xff);
  return key;
}

void StageBoard::asked(const Client& client, Stage stage, SteadyTime now) {
  auto name = key(client);
  if (name.empty()) return;
  board_.with([&](Board& board) {
    while (!board.order.empty() && (board.entries.size() >= most || now - board.order.front().first > keep)) {
      const auto& [when, old] = board.order.front();
      if (const auto found = board.entries.find(old); found != board.entries.end() && found->second.last <= when)
        board.entries.erase(found);
      board.order.pop_front();
    }
    auto& entry = board.entries[name];
    ++entry.asked[index(stage)];
    if (entry.last == now) return;
    entry.last = now;
    // Each session is in the order a few times at the most: once a stage asked.
    if (board.order.size() < 4 * most) board.order.emplace_back(now, std::move(name));
  });
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
    for (const auto left : found->second.asked)
      if (left != 0) return count;
    board.entries.erase(found);
    return count;
  });
}

std::size_t StageBoard::size() const {
  return board_.with([](const Board& board) { return board.entries.size(); });
}

}  // namespace mailweir
