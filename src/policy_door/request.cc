// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/request.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::array<std::string_view, attribute_count> names{"request",
                                                              "protocol_state",
                                                              "client_address",
                                                              "client_name",
                                                              "client_port",
                                                              "reverse_client_name",
                                                              "server_address",
                                                              "server_port",
                                                              "helo_name",
                                                              "sender",
                                                              "recipient",
                                                              "recipient_count",
                                                              "queue_id",
                                                              "instance",
                                                              "size",
                                                              "sasl_method",
                                                              "sasl_username",
                                                              "sasl_sender",
                                                              "ccert_subject",
                                                              "ccert_issuer",
                                                              "ccert_fingerprint",
                                                              "encryption_protocol",
                                                              "encryption_cipher",
                                                              "policy_context"};

constexpr std::size_t most_attributes = 200;
constexpr std::size_t kept_between = 16 << 10;  // requests; a large one leaves no large buffer behind

// `next` is where to look first: behind the attribute before, because Postfix sends them in one order.
void put(PolicyRequest& request, std::size_t& next, std::string_view name, std::string_view value) {
  for (std::size_t tried = 0; tried < names.size(); ++tried) {
    const std::size_t i = next + tried < names.size() ? next + tried : next + tried - names.size();
    if (names[i].size() != name.size() || names[i] != name) continue;
    if (request.values[i].empty()) request.values[i] = value;  // the first counts: Postfix sends each once
    next = i + 1 < names.size() ? i + 1 : 0;
    return;
  }
}

Result<PolicyRequest> parse(std::string_view text) {
  PolicyRequest request;
  std::size_t count = 0, next = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto equals = line.find('=');
    if (equals == line.npos || equals == 0)
      return Error{"a line without name=value: \"" + cleaned(line, true, 80) + '"'};
    if (++count > most_attributes) return Error{"more than " + std::to_string(most_attributes) + " attributes"};
    put(request, next, line.substr(0, equals), line.substr(equals + 1));
  }
  const auto kind = request[Attribute::request];
  if (kind != "smtpd_access_policy")
    return Error{kind.empty() ? "no request= attribute"
                              : "request=" + cleaned(kind, true, 40) + " is not smtpd_access_policy"};
  return request;
}

}  // namespace

std::optional<Stage> PolicyRequest::stage() const {
  const auto state = (*this)[Attribute::protocol_state];
  if (state == "RCPT") return Stage::rcpt;
  if (state == "DATA") return Stage::data;
  if (state == "END-OF-MESSAGE") return Stage::end_of_message;
  if (state == "MAIL") return Stage::mail;
  if (state == "EHLO" || state == "HELO") return Stage::helo;
  if (state == "CONNECT") return Stage::connect;
  return {};
}

std::pair<char*, std::size_t> PolicyRequestReader::room() {
  if (start_ > 0) {  // what was handed out is done with
    std::memmove(buffer_.data(), buffer_.data() + start_, filled_ - start_);
    filled_ -= start_;
    searched_ -= start_;
    start_ = 0;
  }
  if (filled_ == 0 && buffer_.size() > kept_between) buffer_ = std::string(kept_between, '\0');
  if (filled_ == buffer_.size()) buffer_.resize(std::min(2 * buffer_.size(), largest + 1));
  return {buffer_.data() + filled_, buffer_.size() - filled_};
}

Result<std::optional<PolicyRequest>> PolicyRequestReader::next() {
  const std::string_view bytes(buffer_.data(), filled_);
  const auto end = bytes.find("\n\n", searched_ > start_ ? searched_ - 1 : start_);
  if (end == bytes.npos) {
    if (bytes.find('\0', searched_) != bytes.npos) return Error{"a NUL byte"};
    if (filled_ - start_ > largest)
      return Error{"more than " + std::to_string(largest) + " bytes without an empty line"};
    searched_ = filled_;
    return std::optional<PolicyRequest>();
  }
  const auto text = bytes.substr(start_, end + 1 - start_);
  if (text.find('\0') != text.npos) return Error{"a NUL byte"};
  if (text.size() > largest) return Error{"more than " + std::to_string(largest) + " bytes"};
  start_ = searched_ = end + 2;
  auto request = parse(text);
  if (!request) return request.error();
  return std::optional(*request);
}

}  // namespace mailweir
