// SPDX-License-Identifier: BSD-2-Clause
// Reads [alerts]: to whom alerts go.
#include <algorithm>

#include <sys/stat.h>

#include "base/ip.h"
#include "base/text.h"
#include "config/sections.h"
#include "mail/address.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// What is wrong with it; "": nothing.
std::string wrong_url(std::string_view url) {
  const bool tls = starts_folded(url, "https://");
  if (!tls && !starts_folded(url, "http://")) return "must be an https:// URL";
  if (!is_printable(url)) return "has a blank or a character that must be written as %XX in a URL";
  std::string_view host = url.substr(tls ? 8 : 7);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != host.npos) return "contains a login; put the token into webhook_token_file";
  if (host.starts_with('[')) host = host.substr(1, host.find(']') == host.npos ? host.npos : host.find(']') - 1);
  else host = host.substr(0, host.find(':'));
  if (host.empty()) return "has no host";
  const auto address = IpAddress::parse(host);
  if (!tls && !(address ? address->is_loopback() : equal_folded(host, "localhost")))
    return "must be https://: with http:// the alerts can be read on the network (http:// is allowed for 127.0.0.1, "
           "::1 and localhost only)";
  return {};
}

void read_program(Section& section, std::string_view key, const Place& place, const std::string& path) {
  struct stat status {};
  const auto wrong = [&](std::string_view why) {
    section.problems().error(place, section.full(key), "\"" + cleaned(path, false, 100) + "\" " + std::string(why));
  };
  if (!path.starts_with('/')) wrong("must be an absolute path: /usr/local/bin/tell-me");
  else if (::stat(path.c_str(), &status) != 0) wrong("is not there");
  else if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) wrong("is not an executable program");
}

// For a header and a command line: no name, no comment, nothing that would be an option.
bool is_mailbox(const std::string& text) {
  const Address address = Address::parse(text);
  return is_printable(text) && text.size() <= 254 && !text.starts_with('-') &&
         text.find_first_of("<>\",;:()[]\\") == text.npos && !address.local().empty() && !address.domain().empty() &&
         std::count(text.begin(), text.end(), '@') == 1;
}

void read_webhook(Section& section, AlertReceivers& alerts, const Document& document) {
  const auto url = section.text("webhook");
  if (url) {
    if (const auto why = wrong_url(url->value); why.empty()) alerts.webhook = url->value;
    else section.wrong("webhook", why);
  }
  if (const auto file = section.text("webhook_token_file")) alerts.webhook_token_file = document.resolve(file->value);
  if (const auto header = section.text("webhook_header")) {
    const bool name =
        !header->value.empty() && is_printable(header->value) && header->value.find(':') == std::string::npos;
    if (!name)
      section.wrong("webhook_header",
                    "must be a header name, like \"X-Api-Key\"; its value comes from webhook_token_file");
    else if (section.raw().get("webhook_token_file") == nullptr)
      section.wrong("webhook_header", "needs a webhook_token_file for its value");
    else alerts.webhook_header = header->value;
  }
  if (section.raw().get("webhook") == nullptr && !alerts.webhook_token_file.empty())
    section.wrong("webhook_token_file", "needs a webhook");
}

void read_command(Section& section, AlertReceivers& alerts) {
  const auto command = section.texts("command");
  if (!command) return;
  if (command->empty() || command->front().value.empty()) return section.wrong("command", "is empty");
  read_program(section, "command", command->front().place, command->front().value);
  for (const auto& word : *command) {
    if (cleaned(word.value, false, word.value.size()) != word.value)
      section.problems().error(word.place, section.full("command"), "contains a control character");
    alerts.command.push_back(word.value);
  }
}

void read_mail(Section& section, AlertReceivers& alerts, Policy& policy) {
  const auto mailbox = [&](std::string_view key, const Placed<std::string>& text) {
    const bool good = is_mailbox(text.value);
    if (!good)
      section.problems().error(
          text.place, section.full(key),
          "\"" + cleaned(text.value, false, 60) + "\" is not a mail address like admin@example.com");
    return good;
  };
  if (const auto all = section.texts("mail_to")) {
    for (const auto& to : *all)
      if (mailbox("mail_to", to)) alerts.mail_to.push_back(to.value);
    if (all->empty()) section.wrong("mail_to", "is empty; leave it out for no mail");
    if (section.raw().get("mail_from") == nullptr)
      section.wrong("mail_to", "needs a mail_from: an address that is used for nothing else");
  }
  const auto from = section.text("mail_from");
  if (from && mailbox("mail_from", *from)) {
    alerts.mail_from = from->value;
    policy.alert_sender = Address::parse(from->value).text();
  }
  const auto sendmail = section.text("sendmail");
  if (sendmail) alerts.sendmail = sendmail->value;
  if (sendmail || !alerts.mail_to.empty())
    read_program(section, "sendmail", sendmail ? sendmail->place : section.place(), alerts.sendmail);
}

}  // namespace

void read_alerts(Section section, AlertReceivers& alerts, Policy& policy, const Document& document) {
  read_webhook(section, alerts, document);
  read_command(section, alerts);
  read_mail(section, alerts, policy);
  if (const auto group = section.duration("group", milliseconds(0), std::chrono::hours(24))) alerts.group = *group;
  if (const auto deadline = section.duration("deadline", milliseconds(100), seconds(60))) alerts.deadline = *deadline;
  const auto& raw = section.raw();
  if (!raw.contains("webhook") && !raw.contains("command") && !raw.contains("mail_to"))
    section.problems().warning(section.place(), "alerts",
                               "has no receiver: webhook, command and mail_to are missing, so alerts are only logged");
  section.finish();
}

}  // namespace mailweir
