// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dnsbl: one question to a block list by hand, with the proof that the list may be believed.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include <boost/program_options.hpp>

#include "check/dnsbl.h"
#include "check/host.h"
#include "ctl/check_command.h"
#include "ctl/policy_file.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

struct Subject {
  std::optional<IpAddress> address;
  std::string domain;  // when it is no address
  std::string text() const { return address ? address->to_string() : shown_name(domain); }
  DnsblKind kind() const { return address ? DnsblKind::address : DnsblKind::domain; }
};

std::optional<Subject> read_subject(const std::string& text) {
  if (const auto address = IpAddress::parse(text)) return Subject{address, {}};
  if (auto domain = to_domain(text)) return Subject{{}, std::move(*domain)};
  return {};
}

// One that no policy file has: all answers of 127.0.0.0/8 but the errors are listings.
std::optional<DnsblList> list_of_zone(const std::string& text, DnsblKind kind) {
  const auto zone = to_domain(text);
  if (!zone || (kind == DnsblKind::address && zone->size() > longest_dnsbl_zone)) return {};
  DnsblList list;
  list.name = list.zone = *zone;
  list.kind = kind;
  return list;
}

// "127.0.0.2 is listed (127.0.0.2), 127.0.0.1 is not, ..."
std::string tell_test_points(Lookups& lookups, const DnsblList& list) {
  DnsblList any = list;
  any.codes.clear();
  std::string text;
  for (const auto& point : dnsbl_test_points(list)) {
    const auto read = read_dnsbl_answer(lookups.get(point.question), any);
    text += (text.empty() ? "" : ", ") + point.subject;
    switch (read.word) {
      case DnsblWord::listed: text += " is listed (" + read.detail + ')'; break;
      case DnsblWord::not_listed: text += " is not listed"; break;
      case DnsblWord::error: text += ": " + read.detail; break;
    }
  }
  return text;
}

// As rules see it: a list that is not proved answers nothing, and knows nothing of an address family that is not.
CheckAnswer ask(Lookups& lookups, const DnsblList& list, const Subject& subject) {
  const auto name = subject.address ? dnsbl_name(*subject.address, list.zone) : dnsbl_name(subject.domain, list.zone);
  if (!name.empty()) lookups.want({name, dns::Type::A});
  const auto proof = prove_dnsbl(lookups, list);
  const auto read = name.empty() ? DnsblAnswer{DnsblWord::not_listed, {}, false}
                                 : read_dnsbl_answer(lookups.get({name, dns::Type::A}), list);

  CheckAnswer answer;
  const auto said = [&] {
    if (read.word == DnsblWord::error) return "is unknown: " + read.detail;
    return read.word == DnsblWord::listed ? "is listed: " + read.detail : std::string("is not listed");
  };
  const bool served = !subject.address ? proof.domains : subject.address->is_v4() ? proof.ipv4 : proof.ipv6;
  if (proof.word != DnsblProof::Word::good) {
    answer.word = "temperror";
    answer.reason =
        list.zone +
        (proof.word == DnsblProof::Word::lies ? " has wrong test points and is not used" : " could not be tested") +
        " (" + proof.reason + "); it says that " + subject.text() + ' ' + said();
  } else if (!served) {
    answer.word = "not-listed";
    answer.reason = list.zone + " has no valid test points for " + (subject.address->is_v4() ? "IPv4" : "IPv6") +
                    " and is not asked; it says that " + subject.text() + ' ' + said();
  } else {
    answer.word = read.word == DnsblWord::error    ? "temperror"
                  : read.word == DnsblWord::listed ? "listed"
                                                   : "not-listed";
    answer.reason = subject.text() + " in " + list.zone + ' ' + said();
  }
  answer.more.emplace_back("zone", list.zone);
  answer.more.emplace_back("text", read.word == DnsblWord::listed ? dnsbl_text(lookups, name) : std::string());
  answer.more.emplace_back("test_points", tell_test_points(lookups, list));
  return answer;
}

}  // namespace

int dnsbl_command(const Arguments& args) {
  std::string file, which, what;
  CheckCommand command("Usage: mailweirctl dnsbl NAME|ZONE ADDRESS|DOMAIN [OPTION...]");
  command.options().add_options()("list", po::value(&which)->value_name("NAME|ZONE")->required(),
                                  "a DNSBL of the policy file, or a zone")(
      "subject", po::value(&what)->value_name("ADDRESS|DOMAIN")->required(), "an address or a domain")(
      "config,c", po::value(&file)->value_name("FILE"), "the policy file");
  if (const auto done = command.parse(args, {"list", "subject"})) return *done;
  const auto subject = read_subject(what);
  if (!subject) return wrong_usage(what + " is not an address or a domain name");

  // A word without a dot can be a name only; without it the policy file is not read unless it is named.
  const bool is_zone = which.find('.') != which.npos;
  std::optional<DnsblList> list;
  if (!is_zone || !file.empty()) {
    const auto loaded = read_policy_file(file.empty() ? default_policy_file() : file);
    if (!loaded) return EXIT_FAILURE;
    if (const auto done = command.ask_as(loaded->config->dns)) return *done;
    const auto& all = loaded->policy->dnsbl;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == which || one.zone == which; });
    if (found != all.end()) list = *found;
    else if (!is_zone) return wrong_usage("[dnsbl." + which + "] does not exist in the policy file; a zone has a dot");
  }
  if (!list) list = list_of_zone(which, subject->kind());
  if (!list) return wrong_usage(which + " is not a zone");
  if (list->kind != subject->kind())
    return wrong_usage(which + " lists " +
                       (list->kind == DnsblKind::address ? "addresses, and " + what + " is not one"
                                                         : "domains, and " + what + " is an address"));
  const auto answer = ask(command.lookups(), *list, *subject);
  return command.answer(answer, answer.word == "not-listed");
}

}  // namespace mailweir
