// SPDX-License-Identifier: BSD-2-Clause
#include "start/secret.h"

#include <algorithm>

#include "base/file.h"
#include "config/http_token.h"

namespace mailweir {
namespace {

Result<std::string> read_secret(const Config& config, std::string_view key, const std::string& path) {
  auto line = first_line(path);
  if (!line) return config.places.blame(key, line.error());
  if (line->empty()) return config.places.blame(key, {path + ": the first line is empty; it must contain the secret"});
  return *std::move(line);
}

}  // namespace

Result<std::string> read_counters_password(const Config& config) {
  if (config.counters.password_file.empty()) return std::string();
  return read_secret(config, "counters.password_file", config.counters.password_file);
}

Result<std::string> read_http_token(const Config& config) {
  const HttpConfig& http = config.http;
  if (http.token_file.empty()) return http.token;
  auto token = read_secret(config, "http.token_file", http.token_file);
  if (!token) return token;
  if (const auto wrong = wrong_http_token(*token); !wrong.empty())
    return config.places.blame("http.token_file", {http.token_file + ": " + wrong});
  return token;
}

Result<std::string> read_alert_token(const Config& config) {
  const std::string& file = config.alerts.webhook_token_file;
  if (file.empty()) return std::string();
  auto token = read_secret(config, "alerts.webhook_token_file", file);
  if (!token) return token;
  const bool fits =
      token->size() <= 1000 && std::all_of(token->begin(), token->end(), [](char c) { return c >= ' ' && c < 0x7f; });
  if (!fits)
    return config.places.blame("alerts.webhook_token_file",
                               {file + ": its first line must be printable ASCII, at most 1000 characters"});
  return token;
}

}  // namespace mailweir
