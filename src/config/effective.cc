// SPDX-License-Identifier: BSD-2-Clause
#include <sstream>

#include "base/duration.h"
#include "base/file.h"
#include "config/sections.h"

namespace mailweir {
namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// "redis://user:secret@host" -> "redis://user:***@host", "redis+unix:/path?password=secret" -> "...password=***".
std::string without_password(const std::string& url) {
  constexpr std::string_view key = "password=";
  if (const auto found = url.find(key); found != url.npos) {
    const auto end = url.find('&', found);
    return url.substr(0, found + key.size()) + "***" + (end == url.npos ? "" : url.substr(end));
  }
  const auto at = url.rfind('@');
  const auto start = url.find("://");
  if (at == url.npos || start == url.npos || at < start) return url;
  const auto colon = url.find(':', start + 3);
  return colon == url.npos || colon > at ? url : url.substr(0, colon + 1) + "***" + url.substr(at);
}

template <typename Items, typename Print>
std::string array(const Items& items, Print print) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() > 1 ? ", " : "") + in_quotes(print(item));
  return text + ']';
}

void print_door(std::ostream& out, std::string_view name, const DoorConfig& door) {
  out << "\n[" << name << "]\nsocket = " << in_quotes(door.socket->to_string())
      << "\nmode = " << in_quotes(octal(door.mode)) << "\ngroup = " << in_quotes(door.group) << '\n';
}

void print_dkim(std::ostream& out, const SignPolicy& signing, bool libopendkim) {
  const auto word = [](Canon canon) { return canon == Canon::relaxed ? "relaxed" : "simple"; };
  const auto same = [](const std::string& text) { return text; };
  out << "\n[dkim]\nverifier = " << in_quotes(libopendkim ? "libopendkim" : "builtin")
      << "\ncanonicalization = " << in_quotes(std::string(word(signing.header_canon)) + '/' + word(signing.body_canon))
      << "\noversign = " << array(signing.oversigned, same)
      << "\noversign_if_there = " << array(signing.oversigned_if_there, same)
      << "\nsign_if_there = " << array(signing.signed_if_there, same) << '\n';
  if (signing.good_for) out << "expire = " << in_quotes(format_duration(*signing.good_for)) << '\n';
}

}  // namespace

std::string print_config(const Config& config, const Policy& policy) {
  std::ostringstream out;
  const auto& general = config.general;
  out << "[general]\nuser = " << in_quotes(general.user) << "\ngroup = " << in_quotes(general.group)
      << "\npid_file = " << in_quotes(general.pid_file) << "\nlog = " << in_quotes(general.log)
      << "\nhostname = " << in_quotes(general.hostname) << "\nstate_directory = " << in_quotes(general.state_directory)
      << "\ndrain = " << in_quotes(format_duration(general.drain))
      << "\nmemory = " << (general.memory == 0 ? in_quotes("auto") : std::to_string(general.memory))
      << "\nmynetworks = " << array(general.mynetworks, [](const std::string& text) { return text; })
      << "\nour_names = " << array(general.our_names, [](const std::string& text) { return text; })
      << "\nrecipient_delimiter = " << in_quotes(policy.spelling.delimiters)
      << "\nbatv = " << (policy.spelling.batv ? "true" : "false") << '\n';
  if (config.milter.socket) {
    print_door(out, "milter", config.milter);
    out << "transport = " << in_quotes(config.milter.transport == MilterTransport::builtin ? "builtin" : "libmilter")
        << "\nmax_connections = " << config.milter.max_connections << '\n';
    out << "max_header_size = " << config.milter.max_header_bytes
        << "\nmax_recipients = " << config.milter.max_recipients
        << "\nmax_from_addresses = " << config.milter.max_from_addresses
        << "\nmax_from_size = " << config.milter.max_from_bytes << "\nidle = "
        << in_quotes(config.milter.idle.count() == 0 ? std::string("auto") : format_duration(config.milter.idle))
        << '\n';
  }
  if (config.policy.socket) {
    print_door(out, "policy", config.policy);
    std::vector<Stage> owned;
    for (const Stage stage : all_stages)
      if (policy.policy_owns[index(stage)]) owned.push_back(stage);
    if (!owned.empty())
      out << "stages = " << array(owned, [](Stage stage) { return std::string(to_string(stage)); }) << '\n';
    out << "max_connections = " << config.policy.max_connections
        << "\nidle = " << in_quotes(format_duration(config.policy.idle)) << '\n';
  }
  out << "\n[admin]\nsocket = " << in_quotes(config.admin.socket.to_string())
      << "\nmode = " << in_quotes(octal(config.admin.mode)) << '\n';
  if (config.http.socket) {
    out << "\n[http]\nsocket = " << in_quotes(config.http.socket->to_string())
        << "\nmax_connections = " << config.http.max_connections << '\n';
    if (!config.http.token.empty()) out << "token = \"********\"\n";
    if (!config.http.token_file.empty()) out << "token_file = " << in_quotes(config.http.token_file) << '\n';
  }
  const auto& counters = config.counters;
  out << "\n[counters]\nstore = " << in_quotes(without_password(counters.store))
      << "\non_outage = " << in_quotes(counters.on_outage) << "\nlocal_share = " << counters.local_share
      << "\nfile = " << in_quotes(counters.file) << "\nprefix = " << in_quotes(counters.prefix)
      << "\nmax_counters = " << counters.max_counters
      << "\ndeadline = " << in_quotes(format_duration(counters.deadline)) << '\n';
  if (!counters.user.empty()) out << "user = " << in_quotes(counters.user) << '\n';
  if (!counters.password_file.empty()) out << "password_file = " << in_quotes(counters.password_file) << '\n';
  out << "\n[dns]\nservers = " << array(config.dns.servers, [](const std::string& text) { return text; })
      << "\ndeadline = " << in_quotes(format_duration(config.dns.deadline))
      << "\ncache_entries = " << config.dns.cache_entries << '\n';
  if (!config.dns.zone.empty()) out << "zone = " << in_quotes(config.dns.zone) << '\n';
  out << "\n[redis]\n";
  if (!config.redis.url.empty()) out << "url = " << in_quotes(without_password(config.redis.url)) << '\n';
  out << "deadline = " << in_quotes(format_duration(config.redis.deadline)) << '\n';
  out << "\n[spf]\nengine = " << in_quotes(policy.spf_engine ? "libspf2" : "builtin") << '\n';
  if (policy.countries) out << "\n[geoip]\ndatabase = " << in_quotes(policy.country_database) << '\n';
  for (const auto& egress : policy.egress) {
    const auto name = egress.route.find('.') == egress.route.npos ? egress.route : in_quotes(egress.route);
    out << "\n[egress" << (name.empty() ? "" : ".routes." + name) << "]\n";
    if (!egress.addresses.empty())
      out << "addresses = " << array(egress.addresses, [](const IpAddress& address) { return address.to_string(); })
          << '\n';
  }
  if (const auto& alerts = config.alerts; alerts.any()) {
    const auto same = [](const std::string& text) { return text; };
    out << "\n[alerts]\ngroup = " << in_quotes(format_duration(alerts.group))
        << "\ndeadline = " << in_quotes(format_duration(alerts.deadline)) << '\n';
    if (!alerts.webhook.empty()) out << "webhook = " << in_quotes(alerts.webhook) << '\n';
    if (!alerts.webhook_header.empty()) out << "webhook_header = " << in_quotes(alerts.webhook_header) << '\n';
    if (!alerts.webhook_token_file.empty())
      out << "webhook_token_file = " << in_quotes(alerts.webhook_token_file) << '\n';
    if (!alerts.command.empty()) out << "command = " << array(alerts.command, same) << '\n';
    if (!alerts.mail_to.empty())
      out << "mail_to = " << array(alerts.mail_to, same) << "\nmail_from = " << in_quotes(alerts.mail_from)
          << "\nsendmail = " << in_quotes(alerts.sendmail) << '\n';
  }
  print_dkim(out, policy.signing, policy.dkim_judge != nullptr);
  if (const auto& results = policy.authentication_results; !results.authserv_id.empty())
    out << "\n[authentication_results]\nauthserv_id = " << in_quotes(results.authserv_id)
        << "\nchecks = " << array(results.checks, [](const FactRef& check) { return check.name; })
        << "\noutgoing = " << (results.outgoing ? "true" : "false") << '\n';
  return out.str();
}

}  // namespace mailweir
