// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/removal.h"

#include <algorithm>

#include "mail/domain.h"

namespace mailweir {
namespace {

struct Operator {
  std::string_view zone, page;
};

// The manual says which of them stand in the operators' own pages or answers. dbl before the other zones of Spamhaus:
// the first that fits counts.
constexpr Operator operators[] = {
    {"dbl.spamhaus.org", "https://check.spamhaus.org/query/domain/{domain}"},
    {"dbl.dq.spamhaus.net", "https://check.spamhaus.org/query/domain/{domain}"},
    {"spamhaus.org", "https://check.spamhaus.org/query/ip/{address}"},
    {"dq.spamhaus.net", "https://check.spamhaus.org/query/ip/{address}"},
    {"bl.spamcop.net", "https://www.spamcop.net/bl.shtml?{address}"},
    {"b.barracudacentral.org", "https://www.barracudacentral.org/rbl/removal-request/{address}"},
    {"uceprotect.net", "https://www.uceprotect.net/en/rblcheck.php?ipr={address}"},
    {"psbl.surriel.com", "https://psbl.org/listing?ip={address}"},
    {"mailspike.net", "https://mailspike.io/ip_verify"},
    {"spamrats.com", "https://www.spamrats.com/lookup.php?ip={address}"},
    {"dnsbl.dronebl.org", "https://dronebl.org/lookup?ip={address}"},
    {"bl.blocklist.de", "https://www.blocklist.de/en/search.html?ip={address}"},
    {"backscatterer.org", "https://www.backscatterer.org/?target=test&ip={address}"},
    {"surbl.org", "https://surbl.org/surbl-analysis"},
    {"uribl.com", "https://admin.uribl.com/"},
};

// Without the customer's key, which is secret.
std::string_view public_name(std::string_view zone) {
  return zone.ends_with(".dq.spamhaus.net") && std::count(zone.begin(), zone.end(), '.') > 3 ? parent_of(zone) : zone;
}

std::string percent_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                       c == '-' || c == '_' || c == ':';
    if (plain) result += c;
    else ((result += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return result;
}

}  // namespace

std::string_view known_removal_page(std::string_view zone) {
  for (const auto& one : operators)
    if (is_at_or_below(zone, one.zone)) return one.page;
  return {};
}

std::string removal_page(std::string_view page, std::string_view subject) {
  std::string result(page);
  const std::string value = percent_encoded(subject);
  for (const std::string_view word : {"{address}", "{domain}"})
    for (auto at = result.find(word); at != std::string::npos; at = result.find(word, at + value.size()))
      result.replace(at, word.size(), value);
  return result;
}

std::string removal_text(std::string_view subject, std::string_view zone, std::string_view detail,
                         std::string_view hostname) {
  return "Please remove " + std::string(subject) + " from " + std::string(public_name(zone)) +
         ". It is used by the mail server " + std::string(hostname) +
         " to send mail. Your list answers: " + std::string(detail) +
         ". The cause was: [what happened]. It was ended on [date] by: [what was changed]. Contact: postmaster@" +
         std::string(hostname);
}

}  // namespace mailweir
