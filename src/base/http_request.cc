// SPDX-License-Identifier: BSD-2-Clause
#include "base/http_request.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t most_fields = 64;

bool is_token(std::string_view text) {  // RFC 9110 5.6.2
  constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || signs.find(c) != signs.npos;
  });
}

std::string_view words_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Bad Request";
  }
}

}  // namespace

std::string_view HttpRequest::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return {};
}

std::string_view HttpRequest::parameter(std::string_view name) const {
  const auto query = target.find('?');
  if (query == target.npos) return {};
  for (const auto part : split(std::string_view(target).substr(query + 1), '&')) {
    const auto equals = part.find('=');
    if (equals != part.npos && part.substr(0, equals) == name) return part.substr(equals + 1);
  }
  return {};
}

std::optional<std::string> form_value(std::string_view form, std::string_view name) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : fold(c) >= 'a' && fold(c) <= 'f' ? fold(c) - 'a' + 10 : -1;
  };
  for (const auto part : split(form, '&')) {
    const auto equals = part.find('=');
    if (part.substr(0, equals) != name) continue;
    const auto written = equals == part.npos ? std::string_view() : part.substr(equals + 1);
    std::string value;
    for (std::size_t i = 0; i < written.size(); ++i) {
      const bool escaped =
          written[i] == '%' && i + 2 < written.size() && digit(written[i + 1]) >= 0 && digit(written[i + 2]) >= 0;
      value += escaped             ? static_cast<char>(digit(written[i + 1]) * 16 + digit(written[i + 2]))
               : written[i] == '+' ? ' '
                                   : written[i];
      if (escaped) i += 2;
    }
    return value;
  }
  return {};
}

std::optional<HttpRefusal> HttpRequestReader::read_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) return HttpRefusal{400, "a header field has no name"};
  std::string name = folded(line.substr(0, colon));
  const auto value = trimmed(line.substr(colon + 1));
  if (name == "transfer-encoding")
    return HttpRefusal{501, "Transfer-Encoding is not understood; send a Content-Length"};
  if (name == "content-length") {
    const auto length = to_number(value);
    if (!length || (length_ && *length_ != *length))
      return HttpRefusal{400, "Content-Length is not a number, or occurs twice"};
    if (*length > most_) return HttpRefusal{413, "the body is longer than " + std::to_string(most_ >> 10) + " KiB"};
    length_ = static_cast<std::size_t>(*length);
  }
  if (name == "connection" && equal_folded(value, "close")) started_->keep_open = false;
  if (name == "expect" && equal_folded(value, "100-continue")) wants_continue_ = true;
  if (started_->fields.size() >= most_fields) return HttpRefusal{431, "more than 64 header fields"};
  started_->fields.emplace_back(std::move(name), std::string(value));
  return {};
}

std::optional<HttpRefusal> HttpRequestReader::read_head(std::string_view head) {
  started_.emplace();
  length_.reset();
  wants_continue_ = false;
  bool first = true;
  for (auto line : split(head, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first) {
      const auto parts = words(line);
      if (parts.size() != 3 || !is_token(parts[0]))
        return HttpRefusal{400, "the request line is not METHOD TARGET HTTP/1.1"};
      if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") return HttpRefusal{505, "only HTTP/1.1 is supported"};
      started_->method = parts[0];
      started_->target = parts[1];
      started_->keep_open = parts[2] == "HTTP/1.1";
      first = false;
    } else if (auto refusal = read_field(line)) {
      return refusal;
    }
  }
  if (!length_ && length_needed_ && started_->method == "POST")
    return HttpRefusal{411, "the Content-Length is missing"};
  return {};
}

HttpRequestReader::Next HttpRequestReader::next() {
  if (!started_) {
    const auto end = buffer_.find("\r\n\r\n");
    if (std::min(end, buffer_.size()) > most_head) return {{}, HttpRefusal{431, "the head is longer than 8 KiB"}};
    if (end == buffer_.npos) return {};
    if (auto refusal = read_head(std::string_view(buffer_).substr(0, end))) return {{}, std::move(refusal)};
    buffer_.erase(0, end + 4);
  }
  const std::size_t length = length_.value_or(0);
  if (buffer_.size() < length) return {};
  started_->body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  wants_continue_ = false;
  return {std::exchange(started_, std::nullopt), {}};
}

std::string http_answer(int status, std::string_view body, bool keep_open, std::string_view type) {
  std::string answer = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(words_of(status)) +
                       "\r\nContent-Type: " + std::string(type) + "\r\nContent-Length: " + std::to_string(body.size()) +
                       "\r\n";
  if (!keep_open) answer += "Connection: close\r\n";
  answer += "\r\n";
  answer += body;
  return answer;
}

}  // namespace mailweir
