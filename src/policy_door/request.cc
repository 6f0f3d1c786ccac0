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
                                                              "encryption_keysize",
                                                              "policy_context"};

constexpr std::size_t most_attributes = 200;
constexpr std::size_t kept_between = 16 << 10;  // requests; a large one leaves no large buffer behind

// The attributes in the order of the lengths of their names; those of a length begin at its place.
struct ByLength {
  static constexpr std::size_t longest = std::ranges::max(names, {}, &std::string_view::size).size();
  std::array<unsigned char, attribute_count> attributes{};
  std::array<unsigned char, longest + 2> begin{};
};
constexpr ByLength by_length = [] {
  ByLength all;
  std::size_t filled = 0;
  for (std::size_t length = 0; length <= ByLength::longest; ++length) {
    all.begin[length] = static_cast<unsigned char>(filled);
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i].size() == length) all.attributes[filled++] = static_cast<unsigned char>(i);
  }
  all.begin[ByLength::longest + 1] = static_cast<unsigned char>(filled);
  return all;
}();

std::optional<std::size_t> attribute_of(std::string_view name) {
  if (name.size() > ByLength::longest) return {};
  for (std::size_t i = by_length.begin[name.size()]; i < by_length.begin[name.size() + 1]; ++i) {
    const auto known = names[by_length.attributes[i]];
    if (known.front() == name.front() && known.back() == name.back() && known == name) return by_length.attributes[i];
  }
  return {};
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
    for (std::size_t* place : {&filled_, &line_, &searched_, &looked_at_}) *place -= start_;
    if (nul_ != std::string::npos) nul_ -= start_;
    start_ = 0;
  }
  if (filled_ == 0 && buffer_.size() > kept_between) buffer_ = std::string(kept_between, '\0');
  if (filled_ == buffer_.size()) buffer_.resize(std::min(2 * buffer_.size(), largest + 1));
  return {buffer_.data() + filled_, buffer_.size() - filled_};
}

// Each byte is looked at once, however few of them come at a time.
Result<std::optional<PolicyRequest>> PolicyRequestReader::next() {
  const std::string_view bytes(buffer_.data(), filled_);
  if (nul_ == bytes.npos) nul_ = bytes.find('\0', looked_at_);
  looked_at_ = filled_;
  for (;;) {
    const auto end = bytes.find('\n', searched_);
    if (end == bytes.npos) break;
    const auto line = bytes.substr(line_, end - line_);
    line_ = searched_ = end + 1;
    if (nul_ < line_) return Error{"a NUL byte"};
    if (line.empty() && count_ > 0) return whole();
    if (line_ - start_ > largest) return Error{"more than " + std::to_string(largest) + " bytes"};
    if (auto taken = take(line); !taken) return taken.error();
  }
  if (nul_ != bytes.npos) return Error{"a NUL byte"};
  if (filled_ - start_ > largest) return Error{"more than " + std::to_string(largest) + " bytes without an empty line"};
  searched_ = filled_;
  return std::optional<PolicyRequest>();
}

Result<void> PolicyRequestReader::take(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == line.npos || equals == 0) return Error{"a line without name=value: \"" + cleaned(line, true, 80) + '"'};
  if (++count_ > most_attributes) return Error{"more than " + std::to_string(most_attributes) + " attributes"};
  const auto attribute = attribute_of(line.substr(0, equals));
  if (!attribute || values_[*attribute].size > 0) return {};  // the first counts: Postfix sends each once
  const auto at = static_cast<std::size_t>(line.data() - buffer_.data()) + equals + 1 - start_;
  values_[*attribute] = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(line.size() - equals - 1)};
  return {};
}

Result<std::optional<PolicyRequest>> PolicyRequestReader::whole() {
  PolicyRequest request;
  for (std::size_t i = 0; i < values_.size(); ++i)
    request.values[i] = {buffer_.data() + start_ + values_[i].at, values_[i].size};
  start_ = line_;
  values_ = {};
  count_ = 0;
  const auto kind = request[Attribute::request];
  if (kind != "smtpd_access_policy")
    return Error{kind.empty() ? "no request= attribute"
                              : "request=" + cleaned(kind, true, 40) + " is not smtpd_access_policy"};
  return std::optional(request);
}

}  // namespace mailweir
