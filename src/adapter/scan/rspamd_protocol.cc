// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/rspamd_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "adapter/scan/http_answer.h"
#include "adapter/scan/spam_symbols.h"
#include "base/text.h"

namespace mailweir {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_value = 1000;

// A value that would end its line, or hide something in it, is left out: rspamd then knows less, and nothing that is
// false.
void append(std::string& head, std::string_view name, std::string_view value) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.empty() || value.size() > longest_value || std::any_of(value.begin(), value.end(), control)) return;
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

ScanAnswer trouble(std::string why) {
  ScanAnswer answer;
  answer.why = std::move(why);
  return answer;
}

std::vector<SpamSymbol> symbols_of(const Json& said) {
  std::vector<SpamSymbol> symbols;
  const auto found = said.find("symbols");
  if (found == said.end() || !found->is_object()) return symbols;
  for (const auto& [name, symbol] : found->items()) {
    const auto score = symbol.is_object() ? symbol.find("score") : symbol.end();
    const bool known = symbol.is_object() && score != symbol.end() && score->is_number();
    symbols.push_back({name, known ? score->get<double>() : 0});
  }
  return symbols;
}

ScanAnswer understood(const HttpAnswer& http) {
  if (http.status != 200)
    return trouble("it answered with status " + std::to_string(http.status) + ' ' + cleaned(http.phrase, true, 100));
  if (http.body.empty()) return trouble("its answer is empty");
  const Json said = Json::parse(made_utf8(http.body), nullptr, false);
  if (!said.is_object()) return trouble("its answer is not a JSON object");
  const auto score = said.find("score"), action = said.find("action");
  if (score == said.end() || !score->is_number()) return trouble("its answer has no score");
  if (action == said.end() || !action->is_string() || action->get_ref<const std::string&>().empty())
    return trouble("its answer has no action");
  ScanAnswer answer;
  answer.score = score->get<double>();
  if (!std::isfinite(*answer.score) || std::fabs(*answer.score) > 1e9) return trouble("its score is out of range");
  answer.action = cleaned(action->get_ref<const std::string&>(), true, 40);
  answer.symbols = told_symbols(symbols_of(said));
  const bool spam = answer.action != "no action" && answer.action != "greylist" && answer.action != "soft reject";
  answer.status = spam ? ScanStatus::found : ScanStatus::clean;
  return answer;
}

}  // namespace

RspamdProtocol::RspamdProtocol(const ScanEnvelope& envelope, std::string_view host)
    : head_("POST /checkv2 HTTP/1.1\r\n") {
  append(head_, "Host", host);
  head_ += "Transfer-Encoding: chunked\r\nContent-Type: message/rfc822\r\nConnection: close\r\n";
  append(head_, "IP", envelope.client_address);
  append(head_, "Hostname", envelope.client_name);
  append(head_, "Helo", envelope.helo);
  append(head_, "User", envelope.login);
  append(head_, "From", envelope.sender.empty() ? std::string_view("<>") : std::string_view(envelope.sender));
  const auto told = std::min(envelope.recipients.size(), most_recipients);
  for (std::size_t i = 0; i < told; ++i) append(head_, "Rcpt", envelope.recipients[i]);
  append(head_, "Queue-Id", envelope.queue_id);
  append(head_, "MTA-Name", envelope.hostname);
  head_ += "\r\n";
}

void RspamdProtocol::wrap(std::string_view bytes, std::string& out) const {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), bytes.size(), 16).ptr;
  out.append(digits.data(), end);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

std::optional<ScanAnswer> RspamdProtocol::read(std::string_view bytes, bool closed) const {
  auto read = read_http_answer(bytes, closed);
  if (!read.wrong.empty()) return trouble(std::move(read.wrong));
  if (!read.answer) return {};
  return understood(*read.answer);
}

}  // namespace mailweir
