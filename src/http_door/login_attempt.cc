// SPDX-License-Identifier: BSD-2-Clause
#include "http_door/login_attempt.h"

#include <nlohmann/json.hpp>

namespace mailweir {
namespace {

using nlohmann::json;

constexpr std::size_t longest = 512;  // of a text

// A text member; "" where it is missing or null.
Result<std::string> text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return Error{std::string(key) + " is not a string"};
  auto text = found->get<std::string>();
  if (text.size() > longest) return Error{std::string(key) + " is longer than 512 bytes"};
  return text;
}

Result<bool> truth_of(const json& object, const char* key, bool needed) {
  const auto found = object.find(key);
  if (found == object.end() && !needed) return false;
  if (found == object.end()) return Error{std::string(key) + " is missing"};
  if (!found->is_boolean()) return Error{std::string(key) + " is neither true nor false"};
  return found->get<bool>();
}

}  // namespace

bool LoginAttempt::is_failure() const {
  return !success && !policy_reject && fail_type != "policy" && fail_type != "internal" && fail_type != "expired";
}

Result<LoginAttempt> parse_login_attempt(std::string_view text, bool report) {
  const json object = json::parse(text.begin(), text.end(), nullptr, false);
  if (object.is_discarded()) return Error{"the body is not JSON"};
  if (!object.is_object()) return Error{"the body is not a JSON object"};
  LoginAttempt attempt;
  for (const auto& [key, member] :
       {std::pair("login", &LoginAttempt::login), std::pair("protocol", &LoginAttempt::protocol),
        std::pair("fail_type", &LoginAttempt::fail_type)}) {
    auto value = text_of(object, key);
    if (!value) return value.error();
    attempt.*member = std::move(*value);
  }
  const auto remote = text_of(object, "remote");
  if (!remote) return remote.error();
  if (!remote->empty()) {
    attempt.remote = IpAddress::parse(*remote);
    if (!attempt.remote) return Error{"remote is not an IP address"};
  }
  if (!report) return attempt;
  const auto success = truth_of(object, "success", true), refused = truth_of(object, "policy_reject", false);
  if (!success) return success.error();
  if (!refused) return refused.error();
  attempt.success = *success;
  attempt.policy_reject = *refused;
  return attempt;
}

std::string to_json(const LoginAnswer& answer) {
  return json{{"status", answer.status}, {"msg", answer.message}}.dump(-1, ' ', true, json::error_handler_t::replace);
}

}  // namespace mailweir
