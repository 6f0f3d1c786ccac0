// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/report.h"

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mailweir {
namespace {

using nlohmann::ordered_json;

std::string stamp(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::size_t count(const std::vector<Finding>& findings, Standing standing) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const Finding& one) { return one.standing == standing; }));
}

std::string counted(std::size_t number, const std::string& one, const std::string& many) {
  return std::to_string(number) + ' ' + (number == 1 ? one : many);
}

std::string shown(std::string_view text) { return cleaned(text, false, 1500); }

void add_line(std::string& text, std::string_view label, const std::string& value) {
  if (!value.empty()) text += "    " + std::string(label) + shown(value) + '\n';
}

ordered_json as_json(const Finding& finding) {
  ordered_json one{{"subject", shown(finding.subject)}, {"check", finding.check}};
  if (!finding.of.empty()) one["of"] = shown(finding.of);
  one["state"] = to_string(finding.standing);
  const std::pair<const char*, const std::string*> more[] = {
      {"detail", &finding.detail}, {"advice", &finding.advice}, {"page", &finding.page}, {"text", &finding.paste}};
  for (const auto& [name, value] : more)
    if (!value->empty()) one[name] = shown(*value);
  return one;
}

}  // namespace

int exit_status(const std::vector<Finding>& findings) {
  if (count(findings, Standing::listed) + count(findings, Standing::wrong) > 0) return 1;
  return count(findings, Standing::blind) > 0 ? 2 : 0;
}

std::string report_text(const ReputationReport& report, bool all) {
  std::size_t wide = 0, wide_title = 0;
  const auto is_told = [&](const Finding& one) {
    return all ? one.standing != Standing::kept : one.standing != Standing::good && one.standing != Standing::kept;
  };
  for (const auto& one : report.findings) {
    if (!is_told(one)) continue;
    wide = std::max(wide, one.subject.size());
    wide_title = std::max(wide_title, one.title().size());
  }
  const auto cell = [](const std::string& value, std::size_t width) {
    return shown(value) + std::string(width - std::min(width, value.size()) + 2, ' ');
  };
  std::string text;
  for (const auto& one : report.findings) {
    if (!is_told(one)) continue;
    text += cell(one.subject, wide) + cell(one.title(), wide_title) + std::string(to_string(one.standing));
    text += (one.detail.empty() ? "" : ": " + shown(one.detail)) + '\n';
    add_line(text, "do: ", one.advice);
    add_line(text, "page: ", one.page);
    add_line(text, "text: ", one.paste);
  }
  const auto& findings = report.findings;
  return text + counted(report.watched.addresses.size(), "address", "addresses") + ", " +
         counted(report.watched.domains.size(), "domain", "domains") + ", " +
         counted(report.watched.lists.size(), "DNSBL", "DNSBLs") + ": " +
         std::to_string(count(findings, Standing::listed)) + " listed, " +
         std::to_string(count(findings, Standing::wrong)) + " wrong, " +
         std::to_string(count(findings, Standing::blind)) + " could not be asked\n";
}

std::string changes_text(const std::vector<Change>& changes) {
  std::string text;
  for (const auto& change : changes) {
    text += shown(in_words(change)) + '\n';
    if (change.what != Change::What::listed && change.what != Change::What::wrong) continue;
    add_line(text, "do: ", change.finding.advice);
    add_line(text, "page: ", change.finding.page);
  }
  return text;
}

std::string report_json(const ReputationReport& report) {
  ordered_json all{{"time", stamp(report.now)},
                   {"addresses", report.watched.addresses.size()},
                   {"domains", report.watched.domains.size()},
                   {"lists", report.watched.lists.size()},
                   {"listed", count(report.findings, Standing::listed)},
                   {"wrong", count(report.findings, Standing::wrong)},
                   {"blind", count(report.findings, Standing::blind)},
                   {"findings", ordered_json::array()},
                   {"changes", ordered_json::array()}};
  for (const auto& one : report.findings) all["findings"].push_back(as_json(one));
  for (const auto& change : report.changes) {
    ordered_json one{{"what", to_string(change.what)}, {"since", stamp(change.since)}};
    one.update(as_json(change.finding));
    all["changes"].push_back(std::move(one));
  }
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace mailweir
