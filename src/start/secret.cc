// SPDX-License-Identifier: BSD-2-Clause
#include "start/secret.h"

#include <algorithm>

#include "base/file.h"
#include "config/http_token.h"

namespace mailweir {

Result<std::string> read_secret(const std::string& key, const std::string& path) {
  auto line = first_line(path);
  if (!line) return Error{key + ": " + line.error().what};
  if (line->empty()) return Error{key + ": " + path + ": the first line is empty; it must contain the secret"};
  return *std::move(line);
}

Result<std::string> read_http_token(const HttpConfig& http) {
  if (http.token_file.empty()) return http.token;
  auto token = read_secret("http.token_file", http.token_file);
  if (!token) return token;
  if (const auto wrong = wrong_http_token(*token); !wrong.empty())
    return Error{"http.token_file: " + http.token_file + ": " + wrong};
  return token;
}

Result<std::string> read_alert_token(const AlertReceivers& alerts) {
  if (alerts.webhook_token_file.empty()) return std::string();
  auto token = read_secret("alerts.webhook_token_file", alerts.webhook_token_file);
  if (!token) return token;
  const bool fits =
      token->size() <= 1000 && std::all_of(token->begin(), token->end(), [](char c) { return c >= ' ' && c < 0x7f; });
  if (!fits)
    return Error{"alerts.webhook_token_file: " + alerts.webhook_token_file +
                 ": its first line must be printable ASCII, at most 1000 characters"};
  return token;
}

}  // namespace mailweir
