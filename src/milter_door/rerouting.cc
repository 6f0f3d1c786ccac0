// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/rerouting.h"

#include <algorithm>
#include <array>
#include <functional>

#include "mail/orcpt.h"
#include "rule/confirmed_routes.h"
#include "rule/pseudo_address.h"
#include "rule/way_maps.h"

namespace mailweir {
namespace {

// Sendmail cuts longer ones off (MAXNAME); Postfix's lines have 2048 octets.
constexpr std::size_t longest_at_sendmail = 255, longest_at_postfix = 1000;

class Rerouter {
 public:
  Rerouter(const NamedRoute& route, const Policy& policy, const Rerouting::Envelope& envelope)
      : route_(route), policy_(policy), ways_(*policy.way_maps), envelope_(envelope) {}

  Rerouting run() {
    const auto server = envelope_.sendmail ? MailServer::sendmail : MailServer::postfix;
    if (envelope_.sendmail ? route_.sendmail.empty() : route_.postfix.empty())
      return held("[routes." + route_.name + "] has no " + (envelope_.sendmail ? "sendmail" : "postfix"));
    if (!policy_.confirmed_routes || !policy_.confirmed_routes->has(server, route_))
      return held("not confirmed, see mailweirctl routes verify");
    return route_.kind == RouteKind::filter ? whole_message() : by_recipient();
  }

 private:
  Rerouting held(std::string why) const { return {{}, true, std::move(why)}; }
  Rerouting usual(std::string why) const { return {{}, false, std::move(why)}; }

  // Why the recipient's mail stays on its own way; "": it does not.
  std::string_view bound(const GivenRecipient& recipient, const std::string& mailbox) const {
    if (!is_for_elsewhere(recipient.mailer)) return "has a transport of its own";
    if (mailbox.empty() || ways_.is_never_rewritten(mailbox)) return "is in [routes] never or a [relay]";
    if (!route_.tls && ways_.forces_tls(domain_of_way(mailbox))) return "has forced TLS";
    return {};
  }

  // By the server's way for all other domains. Of mail that no client brought Postfix says nothing.
  bool is_for_elsewhere(const std::string& mailer) const {
    static constexpr std::array<std::string_view, 5> of_sendmail{"esmtp", "smtp", "smtp8", "dsmtp", "relay"};
    if (mailer.empty() || ways_.is_of_route(mailer)) return true;
    return envelope_.sendmail ? std::ranges::find(of_sendmail, mailer) != of_sendmail.end() : mailer == "smtp";
  }

  // FILTER takes all recipients along.
  Rerouting whole_message() const {
    for (const auto& recipient : envelope_.recipients)
      if (const auto why = bound(recipient, recipient.mailbox(envelope_.sendmail)); !why.empty())
        return usual("recipient " + recipient.path + ' ' + std::string(why));
    return {};
  }

  Rerouting by_recipient() const {
    if (envelope_.transaction.xverp) return usual("the sender asks for XVERP");
    Rerouting done;
    std::string last;
    const auto gateway = pick();
    for (const auto& recipient : envelope_.recipients) {
      const auto mailbox = recipient.mailbox(envelope_.sendmail);
      if (const auto why = bound(recipient, mailbox); !why.empty()) {
        last = "recipient " + recipient.path + ' ' + std::string(why);
        continue;
      }
      const auto pseudo = to_pseudo(mailbox, route_.name, gateway);
      const auto longest = envelope_.sendmail ? longest_at_sendmail : longest_at_postfix;
      if (!pseudo || pseudo->text.size() > longest)
        return held("recipient " + recipient.path + (pseudo ? " is too long" : " cannot be rewritten"));
      // No table of patterns undoes these.
      if (pseudo->coded && (envelope_.sendmail || !policy_.has_socketmap))
        return held("recipient " + recipient.path + " cannot be rewritten without " +
                    (envelope_.sendmail ? "Postfix" : "a [socketmap]"));
      const auto orcpt = parameter(recipient.orcpt.empty() ? orcpt_of(mailbox) : recipient.orcpt.substr(6));
      done.rewrites.push_back(
          {&recipient, pseudo->text, recipient.notify.empty() ? orcpt : recipient.notify + ' ' + orcpt});
    }
    return done.rewrites.empty() && !last.empty() ? usual(last) : done;
  }

  std::string parameter(const std::string& orcpt) const {
    return "ORCPT=" + (envelope_.sendmail ? orcpt : orcpt_in_xtext(orcpt));
  }

  std::size_t pick() const {
    if (envelope_.sendmail || route_.postfix.size() < 2 || route_.pick == GatewayPick::first) return 0;
    return std::hash<std::string>()(envelope_.transaction.id) % route_.postfix.size();
  }

  const NamedRoute& route_;
  const Policy& policy_;
  const WayMaps& ways_;
  const Rerouting::Envelope& envelope_;
};

}  // namespace

bool is_of_a_route(const Address& recipient) {
  const auto* also = recipient.also();
  return is_pseudo_domain(recipient.domain()) || (also != nullptr && is_pseudo_domain(also->domain()));
}

Rerouting Rerouting::of(const NamedRoute& route, const Policy& policy, const Envelope& envelope) {
  return Rerouter(route, policy, envelope).run();
}

}  // namespace mailweir
