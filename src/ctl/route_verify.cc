// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/route_verify.h"

#include <algorithm>

#include "base/text.h"
#include "ctl/run_program.h"
#include "rule/pseudo_address.h"

namespace mailweir {
namespace {

std::string shown_value(const std::string& value) {
  return value.empty() ? "nothing" : '"' + cleaned(value, false, 200) + '"';
}

class AtPostfix {
 public:
  AtPostfix(const PostfixTables& postfix, const std::string& generic)
      : postfix_(postfix), generic_(generic), transports_(postfix.setting("transport_maps")),
        checks_(postfix.setting("milter_header_checks")) {}

  RouteFinding look(const NamedRoute& route) {
    finding_ = {&route, {}};
    if (route.kind == RouteKind::filter) {
      want("milter_header_checks", checks_, "X-Mailweir-Route: " + route.name, "FILTER " + route.postfix.front());
    } else {
      for (std::size_t i = 0; i < route.postfix.size(); ++i) gateway(route, i);
      const std::string other = "verify=example.com@not-installed." + std::string(route_domain);
      const auto found = postfix_.find(transports_, other);
      if (!found.starts_with("retry:"))
        fault("transport_maps has " + shown_value(found) + " for " + other +
              ", and should have the retry: that mailweirctl "
              "routes postfix prints");
    }
    for (const auto& transport : route.postfix) {
      const std::string name(RouteTransport(transport).name);
      if (!postfix_.has_transport(name)) fault("master.cf has no " + name);
    }
    return std::move(finding_);
  }

 private:
  void fault(std::string what) {
    if (std::ranges::find(finding_.faults, what) == finding_.faults.end()) finding_.faults.push_back(std::move(what));
  }
  void want(const std::string& name, const std::string& list, const std::string& key, const std::string& wanted) {
    const auto found = postfix_.find(list, key);
    if (found != wanted)
      fault(name + " has " + shown_value(found) + " for " + key + ", and should have \"" + wanted + '"');
  }
  void gateway(const NamedRoute& route, std::size_t number) {
    const std::string name(RouteTransport(route.postfix[number]).name);
    const auto tables = postfix_.setting_of(name, "smtp_generic_maps");
    for (const auto& [mailbox, of_door] : {std::pair("verify@example.com", false), {"veri fy@example.com", true}}) {
      const auto pseudo = to_pseudo(mailbox, route.name, number)->text;
      want("transport_maps", transports_, pseudo, route.postfix[number]);
      if (!of_door || !generic_.empty()) want("smtp_generic_maps of " + name, tables, pseudo, *from_pseudo(pseudo));
    }
  }

  const PostfixTables& postfix_;
  const std::string& generic_;
  const std::string transports_, checks_;
  RouteFinding finding_{};
};

// What the last rule set made of an address: "$# mwbad $@ gw . example $: a < @ b . example >", without blanks.
std::string resolved_by(const std::vector<std::string>& program, const std::string& address) {
  auto words = program;
  words.emplace_back("-bt");
  const auto ran = run_program(words, "3,0 " + address + '\n');
  if (!ran) return {};
  std::string last;
  for (const auto line : split(ran->out, '\n'))
    if (const auto at = line.find("returns:"); at != line.npos) last = line.substr(at + 8);
  std::erase_if(last, [](char c) { return c == ' ' || c == '\r'; });
  return last;
}

}  // namespace

std::vector<RouteFinding> verify_at_postfix(const std::vector<NamedRoute>& routes, const PostfixTables& postfix,
                                            const std::string& generic) {
  AtPostfix look(postfix, generic);
  std::vector<RouteFinding> findings;
  for (const auto& route : routes)
    if (!route.postfix.empty()) findings.push_back(look.look(route));
  return findings;
}

std::vector<RouteFinding> verify_at_sendmail(const std::vector<NamedRoute>& routes,
                                             const std::vector<std::string>& program) {
  std::vector<RouteFinding> findings;
  const auto catch_all = resolved_by(program, "verify=example.com@not-installed." + std::string(route_domain));
  for (const auto& route : routes) {
    if (route.sendmail.empty()) continue;
    auto& finding = findings.emplace_back(RouteFinding{&route, {}});
    const auto pseudo = to_pseudo("verify@example.com", route.name, 0)->text;
    const auto found = resolved_by(program, pseudo);
    const auto hop = RouteTransport(route.sendmail).next_hop;
    const auto port = hop.find(':', hop.starts_with('[') ? hop.find(']') : 0);
    const std::string host = hop.empty() ? "example.com" : std::string(hop.substr(0, port));
    const std::string wanted = "$#" + std::string(route.mailer()) + "$@" + host + "$:verify<@example.com.>";
    if (found != wanted)
      finding.faults.push_back("Sendmail makes " + shown_value(found) + " of " + pseudo + ", and should make \"" +
                               wanted + '"');
    if (!catch_all.starts_with("$#error"))
      finding.faults.push_back("Sendmail makes " + shown_value(catch_all) +
                               " of a pseudo address of an unknown route, and "
                               "should defer it");
  }
  return findings;
}

}  // namespace mailweir
