// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/route_lines.h"

#include "base/text.h"
#include "rule/pseudo_address.h"

namespace mailweir {
namespace {

std::string dots_escaped(std::string_view domain) {
  std::string pattern;
  for (const char c : domain) pattern += c == '.' ? "\\." : std::string(1, c);
  return pattern;
}

// "bad.route.invalid" and "x.bad.route.invalid" in one pattern; "2.bad" and "x2.bad".
std::string either_domain(const NamedRoute& route, std::size_t gateway) {
  return gateway == 0 ? "(x\\.)?" + dots_escaped(pseudo_domain(route.name, 0))
                      : "x?" + dots_escaped(pseudo_domain(route.name, gateway));
}

bool is_rewritten(const NamedRoute& route) { return route.kind == RouteKind::rewrite && !route.postfix.empty(); }

// "bad.route.invalid" as a rule of Sendmail has it.
std::string as_tokens(std::string_view domain) {
  std::string tokens;
  for (const auto label : split(domain, '.')) tokens += (tokens.empty() ? "" : " . ") + std::string(label);
  return tokens;
}

// The host and the port of a next hop: "[gw.example.org]:25" has "[gw.example.org]" and "25".
std::pair<std::string, std::string> host_and_port(std::string_view hop) {
  const auto colon = hop.find(':', hop.starts_with('[') ? hop.find(']') : 0);
  if (colon == hop.npos) return {std::string(hop), {}};
  return {std::string(hop.substr(0, colon)), std::string(hop.substr(colon + 1))};
}

}  // namespace

std::string transport_table(const std::vector<NamedRoute>& routes) {
  std::string rows;
  for (const auto& route : routes) {
    if (!is_rewritten(route)) continue;
    for (std::size_t i = 0; i < route.postfix.size(); ++i)
      rows += " {/@" + either_domain(route, i) + "$$/ " + route.postfix[i] + '}';
  }
  if (rows.empty()) return {};
  return "regexp:{" + rows + " {/[@.]" + dots_escaped(route_domain) + "$$/ retry:4.3.5 route not configured here} }";
}

std::string header_check_table(const std::vector<NamedRoute>& routes) {
  std::string rows;
  for (const auto& route : routes)
    if (route.kind == RouteKind::filter && !route.postfix.empty())
      rows += " {/^X-Mailweir-Route: " + dots_escaped(route.name) + "$$/ FILTER " + route.postfix.front() + '}';
  return rows.empty() ? rows : "regexp:{" + rows + " }";
}

std::string generic_table(const NamedRoute& route, std::size_t gateway) {
  return "regexp:{ {/^(.+)=([^=@]+)@" + dots_escaped(pseudo_domain(route.name, gateway)) + "$$/ $$1@$$2} }";
}

std::string sendmail_lines(const std::vector<NamedRoute>& routes) {
  std::string rules, mailers;
  for (const auto& route : routes) {
    if (route.sendmail.empty() || route.kind != RouteKind::rewrite) continue;
    const auto [host, port] = host_and_port(RouteTransport(route.sendmail).next_hop);
    const std::string mailer(route.mailer()), domain = as_tokens(pseudo_domain(route.name, 0));
    for (const char* dot : {" .", ""})
      rules += "R$+ < @ " + domain + dot + " > $*\t$: < $(mwtrue $1 $: NONE $) > < " + mailer + " >\n";
    rules +=
        "R< $+ @ $+ > < " + mailer + " >\t$#" + mailer + " $@ " + (host.empty() ? "$2" : host) + " $: $1 < @ $2 . >\n";
    mailers += "M" + mailer + ",\tP=[IPC], F=mDFMuXa8, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP, E=\\r\\n, " +
               "L=990,\n\t\tT=DNS/RFC822/SMTP, A=TCP $h" + (port.empty() ? "" : ' ' + port) + '\n';
  }
  if (rules.empty()) return {};
  std::string text =
      "dnl [routes] of Mailweir's policy file, printed by mailweirctl routes sendmail: for sendmail.mc, after "
      "MAILER(smtp)\n"
      "LOCAL_CONFIG\n"
      "# what a pseudo address stands for: the last = divides\n"
      "Kmwtrue regex -s1,2 -d@ ^(.+)=([^=@]+)$\n"
      "LOCAL_RULE_0\n";
  text += rules;
  for (const char* dot : {" .", ""})
    text += "R$* < @ $* " + as_tokens(route_domain) + dot +
            " > $*\t$#error $@ 4.3.5 $: \"451 4.3.5 route not configured here\"\n";
  text += "R< NONE > $*\t$#error $@ 4.3.5 $: \"451 4.3.5 not an address of this route\"\n";
  return text + "MAILER_DEFINITIONS\n" + mailers;
}

}  // namespace mailweir
