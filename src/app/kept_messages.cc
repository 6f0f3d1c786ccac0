// SPDX-License-Identifier: BSD-2-Clause
#include "app/kept_messages.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "base/new_file.h"

namespace mailweir {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Fate = AcceptedMessages::Fate;

json as_json(const CountedFor& counted) {
  json all = {
      {"rule", counted.rule}, {"counter", counted.counter}, {"key", counted.key}, {"stranger", counted.stranger}};
  if (counted.accepted.empty()) return all;
  all["slots"] = counted.receipt.slots;
  all["store"] = counted.receipt.store;
  json charges = json::array();
  for (const Charge& charge : counted.accepted) {
    json windows = json::array();
    for (const Window& window : charge.windows) windows.push_back({window.max, window.period.count()});
    charges.push_back({{"limit", charge.limit}, {"amount", charge.amount}, {"windows", std::move(windows)}});
  }
  all["charges"] = std::move(charges);
  return all;
}

CountedFor counted_of(const json& all) {
  CountedFor counted{all.at("rule").get<std::string>(),
                     all.at("counter").get<std::string>(),
                     all.at("key").get<std::string>(),
                     all.at("stranger").get<bool>(),
                     {},
                     {}};
  if (!all.contains("charges")) return counted;
  counted.receipt = {all.at("slots").get<std::vector<std::int64_t>>(), all.at("store").get<std::uint8_t>()};
  for (const json& one : all.at("charges")) {
    Charge charge;
    charge.limit = one.at("limit").get<std::string>();
    charge.key = counted.key;
    charge.amount = one.at("amount").get<std::uint64_t>();
    for (const json& window : one.at("windows"))
      charge.windows.push_back(
          {window.at(0).get<std::uint64_t>(), std::chrono::seconds(window.at(1).get<std::int64_t>())});
    charge.enforce = false;
    charge.stranger = counted.stranger;
    counted.accepted.push_back(std::move(charge));
  }
  return counted;
}

std::string as_line(const AcceptedMessages::Kept& kept) {
  const AcceptedMessage& message = *kept.message;
  json recipients = json::array();
  for (std::size_t i = 0; i < message.recipients.size(); ++i)
    recipients.push_back({message.recipients[i], static_cast<int>(kept.fates[i])});
  json counted = json::array();
  for (const CountedFor& one : message.counted_for) counted.push_back(as_json(one));
  const json all = {{"queue_id", message.queue_id},
                    {"id", message.id},
                    {"message_id", message.message_id},
                    {"sender", message.sender},
                    {"login", message.login},
                    {"scope", message.scope},
                    {"client_address", message.client_address},
                    {"time", std::chrono::duration_cast<milliseconds>(message.time.time_since_epoch()).count()},
                    {"recipients", std::move(recipients)},
                    {"counted_for", std::move(counted)}};
  return all.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

AcceptedMessages::Kept kept_of(const json& all) {
  AcceptedMessage message;
  message.queue_id = all.at("queue_id").get<std::string>();
  message.id = all.at("id").get<std::string>();
  message.message_id = all.at("message_id").get<std::string>();
  message.sender = all.at("sender").get<std::string>();
  message.login = all.at("login").get<std::string>();
  message.scope = all.value("scope", "");
  message.client_address = all.at("client_address").get<std::string>();
  message.time = WallTime(milliseconds(all.at("time").get<std::int64_t>()));
  AcceptedMessages::Kept kept;
  for (const json& one : all.at("recipients")) {
    message.recipients.push_back(one.at(0).get<std::string>());
    const int fate = one.at(1).get<int>();
    if (fate < 0 || fate > static_cast<int>(Fate::bounced)) throw std::invalid_argument("fate");
    kept.fates.push_back(static_cast<Fate>(fate));
  }
  for (const json& one : all.at("counted_for")) message.counted_for.push_back(counted_of(one));
  kept.message = std::make_shared<const AcceptedMessage>(std::move(message));
  return kept;
}

}  // namespace

Result<void> save_messages(const AcceptedMessages& messages, const std::string& path) {
  NewFile file(path, 0640);
  for (const auto& kept : messages.all()) file.write(as_line(kept));
  return file.put_in_place();
}

Result<std::size_t> restore_messages(const std::string& path, AcceptedMessages& messages) {
  std::ifstream file(path);
  std::size_t count = 0, damaged = 0;
  for (std::string line; std::getline(file, line);) {
    try {
      messages.add(kept_of(json::parse(line)));
      ++count;
    } catch (const std::exception&) {
      ++damaged;
    }
  }
  if (damaged > 0) return Error{path + ": " + std::to_string(damaged) + " of its lines are damaged"};
  return count;
}

}  // namespace mailweir
