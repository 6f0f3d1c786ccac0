// SPDX-License-Identifier: BSD-2-Clause
// [alerts]: to whom alerts go.
#include <algorithm>

#include <sys/stat.h>

#include "base/ip.h"
#include "base/text.h"
#include "config/sections.h"
#include "mail/address.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<std::string> url(const std::string& text) {
  const bool tls = starts_folded(text, "https://");
  if (!tls && !starts_folded(text, "http://")) return Error{"must be an https:// URL"};
  if (!is_printable(text)) return Error{"has a blank or a character that must be written as %XX in a URL"};
  std::string_view host = std::string_view(text).substr(tls ? 8 : 7);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != host.npos) return Error{"contains a login; put the token into webhook_token_file"};
  if (host.starts_with('[')) host = host.substr(1, host.find(']') == host.npos ? host.npos : host.find(']') - 1);
  else host = host.substr(0, host.find(':'));
  if (host.empty()) return Error{"has no host"};
  const auto address = IpAddress::parse(host);
  if (!tls && !(address ? address->is_loopback() : equal_folded(host, "localhost")))
    return Error{
        "must be https://: with http:// the alerts can be read on the network (http:// is allowed for "
        "127.0.0.1, ::1 and localhost only)"};
  return text;
}

void check_program(const KeyPlace& key, const Place& place, const std::string& path) {
  struct stat status {};
  const auto wrong = [&](const std::string& why) { key.wrong(place, "\"" + cleaned(path, false, 100) + "\" " + why); };
  if (!path.starts_with('/')) wrong("must be an absolute path: /usr/local/bin/tell-me");
  else if (::stat(path.c_str(), &status) != 0) wrong("is not there");
  else if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) wrong("is not an executable program");
}

// For a header and a command line: no name, no comment, nothing that would be an option.
Result<std::string> mailbox(const std::string& text) {
  const Address address = Address::parse(text);
  if (is_printable(text) && text.size() <= 254 && !text.starts_with('-') &&
      text.find_first_of("<>\",;:()[]\\") == text.npos && !address.local().empty() && !address.domain().empty() &&
      std::count(text.begin(), text.end(), '@') == 1)
    return text;
  return Error{"\"" + cleaned(text, false, 60) + "\" is not a mail address like admin@example.com"};
}

void read_header(const KeyPlace& place, std::string& name) {
  const auto header = place.text();
  if (!header) return;
  if (header->value.empty() || !is_printable(header->value) || header->value.find(':') != std::string::npos)
    place.wrong("must be a header name, like \"X-Api-Key\"; its value comes from webhook_token_file");
  else if (!place.has("webhook_token_file")) place.wrong("needs a webhook_token_file for its value");
  else name = header->value;
}

void read_token_file(const KeyPlace& place, std::string& path) {
  form::path().read(place, path);
  if (!path.empty() && !place.has("webhook")) place.wrong("needs a webhook");
}

void read_command(const KeyPlace& place, std::vector<std::string>& command) {
  const auto words = place.texts();
  if (!words) return;
  if (words->empty() || words->front().value.empty()) return place.wrong("is empty");
  check_program(place, words->front().place, words->front().value);
  for (const auto& word : *words) {
    if (cleaned(word.value, false, word.value.size()) != word.value)
      place.wrong(word.place, "contains a control character");
    command.push_back(word.value);
  }
}

void read_mail_to(const KeyPlace& place, std::vector<std::string>& mail_to) {
  form::list(mailbox, "is empty; leave it out for no mail").read(place, mail_to);
  if (place.has(place.key) && !place.has("mail_from"))
    place.wrong("needs a mail_from: an address that is used for nothing else");
}

// When mail_to is read: the default must be there only for mail.
void read_sendmail(const KeyPlace& place, AlertReceivers& alerts) {
  const auto sendmail = place.text();
  if (sendmail) alerts.sendmail = sendmail->value;
  if (sendmail || !alerts.mail_to.empty())
    check_program(place, sendmail ? sendmail->place : place.section.place(), alerts.sendmail);
}

std::string print_sendmail(const AlertReceivers& alerts) {
  return alerts.mail_to.empty() ? "" : as_toml(alerts.sendmail);
}

void check_alerts(Section& section, const Makings&, AlertReceivers&) {
  const auto& raw = section.raw();
  if (!raw.contains("webhook") && !raw.contains("command") && !raw.contains("mail_to"))
    section.problems().warning(section.place(), "alerts",
                               "has no receiver: webhook, command and mail_to are missing, so alerts are only logged");
}

}  // namespace

SectionRow alerts_section() {
  using Alerts = AlertReceivers;
  using Words = std::vector<std::string>;
  const Keys<Alerts> keys = {
      {"group", &Alerts::group, form::duration(0s, 24h), reloads},
      {"deadline", &Alerts::deadline, form::duration(100ms, 60s), reloads},
      {"webhook", &Alerts::webhook, form::if_set(form::parsed(url)), reloads},
      {"webhook_header", &Alerts::webhook_header, form::if_set<std::string>({read_header}), reloads},
      {"webhook_token_file", &Alerts::webhook_token_file, form::if_set<std::string>({read_token_file}), reloads},
      {"command", &Alerts::command, form::if_set<Words>({read_command}), reloads},
      {"mail_to", &Alerts::mail_to, form::if_set<Words>({read_mail_to}), reloads},
      {"mail_from", &Alerts::mail_from, form::if_set(form::parsed(mailbox)), reloads},
      {"sendmail", std::identity{}, {read_sendmail, print_sendmail}, reloads},
  };
  return {"alerts", keys, &Config::alerts,
          SectionTraits<Alerts>{.check = check_alerts, .is_shown = [](const Alerts& alerts) { return alerts.any(); }}};
}

}  // namespace mailweir
