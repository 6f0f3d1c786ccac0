// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/alert/alert_text.h"

#include <array>
#include <atomic>
#include <ctime>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr std::size_t longest_value = 200;  // bytes of a text; escaped at most four times as many

// Printable ASCII; a backslash and all other bytes as \xHH.
std::string plain(std::string_view text, std::size_t longest = longest_value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f && c != '\\') result += c;
    else ((result += "\\x") += digits[byte >> 4]) += digits[byte & 15];
  }
  return text.size() > longest ? result + "..." : result;
}

std::string formatted(WallTime time, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

// RFC 3339, and RFC 5322 3.3: strftime's names of days and months are English here, for setlocale is never called.
std::string stamp(WallTime time) { return formatted(time, "%Y-%m-%dT%H:%M:%SZ"); }
std::string mail_date(WallTime time) { return formatted(time, "%a, %d %b %Y %H:%M:%S +0000"); }

// Whose a limit's count is; "" for a rule without a limit.
std::string whose(AlertKind kind, const std::string& key) {
  if (!key.empty()) return plain(key);
  return is_edge(kind) ? "all mail" : "unknown client";
}

std::string meaning(const Alert& alert) {
  const std::string key = whose(alert.kind, alert.key);
  const std::string of =
      alert.limit + " of rule " + plain(alert.rule) + " (" + std::to_string(alert.count) + " counted" +
      (alert.adds > 0 && alert.count < alert.maximum ? " and " + std::to_string(alert.adds) + " more in this message)"
                                                     : ")");
  switch (alert.kind) {
    case AlertKind::over: return key + " has crossed " + of;
    case AlertKind::near: return key + " comes near " + of;
    case AlertKind::blocked: return key + " has crossed " + of + " and is blocked";
    case AlertKind::hit: return "rule " + plain(alert.rule) + " acted (" + alert.action + "): " + key;
    case AlertKind::test: return "this is a test alert";
  }
  return {};
}

std::string in_words(const Alert& alert) {
  return std::string(to_string(alert.kind)) + ": " + meaning(alert) +
         (alert.shadow ? " [shadow: refuses nothing]" : "");
}

std::string in_words(const AlertSummary& summary) {
  std::string text =
      "summary: " + std::to_string(summary.alerts) + (summary.alerts == 1 ? " more alert" : " more alerts");
  if (summary.alerts > 0) text += " from " + stamp(summary.first) + " to " + stamp(summary.last);
  if (!summary.top.empty()) {
    const auto& most = summary.top.front();
    const std::string count = std::to_string(most.count);
    text += most.count > summary.alerts / 2 ? ", most of them (" + count + ") of rule "
                                            : ", " + count + " of them of rule ";
    text += plain(most.rule) + " for " + whose(most.kind, most.key);
  }
  if (summary.lost > 0) text += "; " + std::to_string(summary.lost) + " were dropped for lack of room";
  return text;
}

std::string in_words(const ReputationAlert& alert) {
  std::string text = "reputation: ";
  text += alert.changes.empty() ? "no change" : plain(alert.changes.front().text);
  if (const auto others = alert.changes.size() + alert.more; others > 1)
    text += " (and " + std::to_string(others - 1) + " more)";
  return text;
}

json as_json(const Alert& alert) {
  json value = {{"type", "alert"}, {"time", stamp(alert.time)}, {"what", to_string(alert.kind)}};
  if (alert.kind == AlertKind::test) return value;
  value["rule"] = made_utf8(alert.rule);
  value["shadow"] = alert.shadow;
  value["action"] = alert.action;
  value["key"] = made_utf8(alert.key);
  if (!alert.limit.empty()) {
    value["limit"] = alert.limit;
    value["count"] = alert.count;
    value["maximum"] = alert.maximum;
    if (alert.adds > 0) value["adds"] = alert.adds;
  }
  const std::pair<const char*, const std::string*> who[] = {{"login", &alert.login},
                                                            {"client_address", &alert.client_address},
                                                            {"sender", &alert.sender},
                                                            {"id", &alert.id},
                                                            {"queue_id", &alert.queue_id}};
  for (const auto& [name, text] : who)
    if (!text->empty()) value[name] = made_utf8(*text);
  return value;
}

json as_json(const AlertSummary& summary) {
  json value = {{"type", "summary"},
                {"alerts", summary.alerts},
                {"top", json::array()},
                {"more_keys", summary.more_keys},
                {"lost", summary.lost}};
  if (summary.alerts > 0) {
    value["first"] = stamp(summary.first);
    value["last"] = stamp(summary.last);
  }
  for (const auto& line : summary.top)
    value["top"].push_back({{"rule", made_utf8(line.rule)},
                            {"what", to_string(line.kind)},
                            {"key", made_utf8(line.key)},
                            {"shadow", line.shadow},
                            {"count", line.count},
                            {"first", stamp(line.first)},
                            {"last", stamp(line.last)}});
  return value;
}

json as_json(const ReputationAlert& alert) {
  json value = {{"type", "reputation"}, {"time", stamp(alert.time)}, {"changes", json::array()}, {"more", alert.more}};
  for (const auto& change : alert.changes) {
    json one = {{"what", change.what},
                {"subject", made_utf8(change.subject)},
                {"check", made_utf8(change.check)},
                {"text", made_utf8(change.text)},
                {"since", stamp(change.since)}};
    if (!change.advice.empty()) one["advice"] = made_utf8(change.advice);
    if (!change.page.empty()) one["page"] = made_utf8(change.page);
    if (!change.paste.empty()) one["paste"] = made_utf8(change.paste);
    value["changes"].push_back(std::move(one));
  }
  return value;
}

void add(std::string& text, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  ((text += name) += ": ") += plain(value);
  text += '\n';
}

std::string body(const Alert& alert) {
  std::string text;
  add(text, "time", stamp(alert.time));
  if (alert.kind == AlertKind::test) return text;
  add(text, "rule", alert.rule);
  if (alert.shadow) add(text, "shadow", "yes: the rule refuses nothing, and only reports what it would do");
  add(text, "action", alert.action);
  add(text, "key", alert.key);
  if (!alert.limit.empty()) {
    add(text, "limit", alert.limit);
    add(text, "count", std::to_string(alert.count));
    if (alert.adds > 0) add(text, "this message adds", std::to_string(alert.adds));
  }
  add(text, "login", alert.login);
  add(text, "client address", alert.client_address);
  add(text, "sender", alert.sender);
  add(text, "id in the log", alert.id);
  add(text, "queue id", alert.queue_id);
  return text;
}

std::string body(const AlertSummary& summary) {
  std::string text;
  for (const auto& line : summary.top)
    text += std::to_string(line.count) + " x " + std::string(to_string(line.kind)) + ", rule " + plain(line.rule) +
            ", " + whose(line.kind, line.key) + (line.shadow ? ", shadow" : "") + ", " + stamp(line.first) + " to " +
            stamp(line.last) + '\n';
  if (summary.more_keys > 0) text += "and " + std::to_string(summary.more_keys) + " more keys\n";
  return text;
}

// A long value is broken at blanks: a record to publish, or a text to paste, must stay whole, and a line of a mail
// short.
void add_wrapped(std::string& text, std::string_view name, const std::string& value) {
  constexpr std::size_t widest = 76, longest = 2000, longest_word = 300;
  if (value.empty()) return;
  std::string line = "  " + std::string(name) + ':';
  for (const auto word : words(std::string_view(value).substr(0, longest))) {
    if (line.size() + 1 + word.size() > widest && line.size() > 4) {
      text += line + '\n';
      line = "   ";
    }
    line += ' ' + plain(word, longest_word);
  }
  text += line + '\n';
}

std::string body(const ReputationAlert& alert) {
  std::string text;
  for (const auto& change : alert.changes) {
    text += plain(change.text) + "\n  since " + stamp(change.since) + '\n';
    add_wrapped(text, "what to do", change.advice);
    add_wrapped(text, "removal page", change.page);
    add_wrapped(text, "text for it", change.paste);
    text += '\n';
  }
  if (alert.more > 0) text += "and " + std::to_string(alert.more) + " more: mailweirctl reputation prints them\n";
  return text;
}

std::string message_id(const std::string& host, WallTime now) {
  static std::atomic<unsigned> number{0};
  return "<alert." + std::to_string(now.time_since_epoch().count()) + '.' + std::to_string(::getpid()) + '.' +
         std::to_string(++number) + '@' + plain(host) + '>';
}

}  // namespace

std::string one_line(const AlertNotice& notice) {
  return std::visit([](const auto& what) { return in_words(what); }, notice);
}

std::string alert_json(const AlertNotice& notice, const std::string& host) {
  json value = std::visit([](const auto& what) { return as_json(what); }, notice);
  value["host"] = host;
  value["text"] = "mailweir on " + plain(host) + ": " + one_line(notice);
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string alert_mail(const AlertNotice& notice, const std::string& host, const std::string& from,
                       const std::vector<std::string>& to, WallTime now) {
  const std::string line = one_line(notice);
  std::string mail = "From: Mailweir <" + from + ">\n";
  for (std::size_t i = 0; i < to.size(); ++i) mail += (i == 0 ? "To: <" : ",\n <") + to[i] + '>';
  mail += "\nSubject: [mailweir] " + line.substr(0, 150) + (line.size() > 150 ? "..." : "") +
          "\nDate: " + mail_date(now) + "\nMessage-ID: " + message_id(host, now) +
          "\nAuto-Submitted: auto-generated\nPrecedence: bulk\nMIME-Version: 1.0\nContent-Type: text/plain; "
          "charset=us-ascii\n"
          "Content-Transfer-Encoding: 7bit\n\nMailweir on " +
          plain(host) + '\n' + line.substr(0, 900) + "\n\n";
  return mail + std::visit([](const auto& what) { return body(what); }, notice);
}

}  // namespace mailweir
