// SPDX-License-Identifier: BSD-2-Clause
#include "config/ways_out.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "config/egress.h"
#include "config/next_hop.h"
#include "config/registry.h"
#include "config/tls_level.h"
#include "mail/domain.h"
#include "mail/longest_address.h"

namespace mailweir {
namespace {

std::string shown(std::string_view text) { return '"' + cleaned(text, false, 60) + '"'; }

// --- whose mail ------------------------------------------------------------------------------------------------------

// What is meant in the spelling of other software, or cannot be asked about, is said. Empty: nothing is wrong.
std::string objection_to_entry(std::string_view text) {
  if (text == "<>" || text.empty())
    return "mail with the null sender (bounces) takes no way by sender: set relayhost or default_transport in main.cf";
  if (text.starts_with("map:")) return "must be a list: \"list:NAME\"";
  if (text.starts_with("*."))
    return "write " + shown(text.substr(1)) + " for all domains below " + cleaned(text.substr(2), false, 60);
  if (text.find_first_of("*/ ") != text.npos || text.size() > longest_address)
    return shown(text) + " is not an address or a domain";
  if (Network::parse(std::string(text))) return shown(text) + " is a network; ways are chosen by mail addresses";
  if (text.find('@') == text.npos && text.find('.') == text.npos)
    return shown(text) +
           " is not an address or a domain: write user@example.com, user@, example.com, .example.com or *";
  return {};
}

void read_list(const KeyPlace& place, const Placed<std::string>& text, WayAddresses& addresses) {
  Registry& registry = place.makings.registry;
  if (registry.is_in_redis(text.value))
    return place.wrong(text.place,
                       "cannot be a list in Redis: the mail server waits for this answer at each message, and mail "
                       "would stop when Redis does");
  if (auto table = registry.table(text.value, text.place, place.section.full(place.key)))
    addresses.lists.push_back(std::move(table));
}

void read_addresses(const KeyPlace& place, WayAddresses& addresses) {
  const auto texts = place.texts();
  if (!texts) return;
  if (texts->empty()) place.wrong("is empty: name addresses, domains or lists");
  for (const auto& text : *texts) {
    addresses.written.push_back(text.value);
    if (text.value.starts_with("list:")) {
      read_list(place, text, addresses);
    } else if (text.value == any_way) {
      addresses.entries.emplace_back(any_way);
    } else if (auto why = objection_to_entry(text.value); !why.empty()) {
      place.wrong(text.place, why);
    } else {
      const auto made = place.makings.builders.make_table({{text.value, ""}}, TableKind::list);
      for (const auto& error : made.errors)
        place.wrong(text.place, error.starts_with("entry 1: ") ? error.substr(9) : error);
      if (made.errors.empty())
        made.object->each([&](std::string_view key, std::string_view) { addresses.entries.emplace_back(key); });
    }
  }
}

std::string print_addresses(const WayAddresses& addresses) {
  return addresses.written.empty() ? "" : as_toml(addresses.written);
}

void read_recipients(const KeyPlace& place, WayAddresses& addresses) {
  read_addresses(place, addresses);
  if (addresses.has_all())
    place.wrong("cannot be \"*\": transport_maps would take mail for local users along; write senders = \"*\"");
}

// May be empty: the server takes mail for nobody.
void read_never(const KeyPlace& place, WayAddresses& addresses) {
  const auto texts = place.texts();
  if (texts && !texts->empty()) read_addresses(place, addresses);
  if (addresses.has_all()) place.wrong("cannot be \"*\": no route would ever take a recipient");
}

// --- where it goes ---------------------------------------------------------------------------------------------------

// true, false, or a level as in [tls].
void read_tls_of_relay(const KeyPlace& place, std::string& tls) {
  const auto* node = place.node();
  if (node == nullptr) return;
  if (node->is_boolean()) {
    tls = is_true(*node) ? "encrypt" : "none";
  } else if (const auto* text = node->as_string()) {
    if (const auto why = wrong_tls_level(text->get()); !why.empty()) place.wrong(why);
    else tls = text->get();
  } else {
    place.wrong("must be true, false, or a level like \"secure match=gw.example.org\"");
  }
}
std::string print_text(const std::string& text) { return text.empty() ? "" : as_toml(text); }

Result<std::string> user(const std::string& text) {
  const bool fits = !text.empty() && text.size() <= 255 &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
  if (fits) return text;
  return Error{"must be 1 to 255 printable ASCII characters without blanks and colons"};
}

void read_password(const KeyPlace& place, RelayHop& relay) {
  const auto file = place.text();
  if (!file) return;
  relay.password_file = file->value;
  const auto made = place.makings.builders.read_password(place.makings.document.resolve(file->value),
                                                         place.makings.general.user, place.makings.group());
  for (const auto& error : made.errors) place.wrong(error);
  relay.password = made.object;
}
std::string print_password_file(const RelayHop& relay) { return print_text(relay.password_file); }

void read_accept(const KeyPlace& place, RelayHop& relay) {
  const auto text = place.text();
  if (!text) return;
  relay.accept_written = text->value;
  if (text->value == "verify") {
    relay.accept = RelayAccept::verify;
  } else if (text->value.starts_with("list:")) {
    WayAddresses known;
    read_list(place, *text, known);
    relay.accept = RelayAccept::listed;
    if (!known.lists.empty()) relay.accepted = known.lists.front();
  } else {
    place.wrong(
        "must be \"verify\", to ask that server for each recipient, or \"list:NAME\", the recipients that there are");
  }
}
std::string print_accept(const RelayHop& relay) { return print_text(relay.accept_written); }

// The domains that mail comes in for.
void check_accept(const RelayHop& relay, Section& section) {
  if (relay.accept == RelayAccept::none) return;
  if (relay.recipients.written.empty())
    return section.wrong("accept", "needs recipients: the domains that this server takes mail for");
  if (relay.is_direct())
    section.wrong("accept", "needs a host: the recipient's own server is this one, and mail would come back");
  for (const auto& entry : relay.recipients.entries)
    if (entry.find('@') != entry.npos || entry.starts_with('.'))
      section.wrong("recipients", shown(entry) +
                                      " is not a domain; with accept write each domain, and put addresses "
                                      "into the list of accept");
}

// The row of a key that fills in more than one member.
constexpr auto whole = [](auto& of) -> auto& { return of; };

void read_name_of_table(const std::string& name, const toml::node& node, std::string_view section, Problems& problems) {
  const std::string full = std::string(section) + '.' + cleaned(name, false, 60);
  if (!node.is_table()) problems.error(place_of(node), full, "must be a table: [" + std::string(section) + ".NAME]");
  else if (!is_name(name)) problems.error(place_of(node), full, "a name is letters, digits, _ - and .");
}

}  // namespace

const Keys<NamedRoute>& named_route_keys() {
  static const Keys<NamedRoute> keys = {
      {"senders", &NamedRoute::senders, {read_addresses, print_addresses}, reloads},
      {"kind", &NamedRoute::kind,
       form::if_set(form::choice<RouteKind>({{"rewrite", RouteKind::rewrite}, {"filter", RouteKind::filter}})),
       reloads},
      {"postfix", &NamedRoute::postfix,
       form::if_set(form::list(transport, "is empty; write a transport: \"smtp-ip1:\"")), reloads},
      {"pick", &NamedRoute::pick,
       form::if_set(form::choice<GatewayPick>({{"first", GatewayPick::first}, {"evenly", GatewayPick::evenly}})),
       reloads},
      {"sendmail", &NamedRoute::sendmail, form::printed(print_text, form::parsed(mailer)), reloads},
      {"tls", &NamedRoute::tls, form::if_set(form::boolean()), reloads},
      {"addresses", &NamedRoute::addresses, egress_addresses(), reloads},
  };
  return keys;
}

const Keys<WaysOut>& routes_keys() {
  static const Keys<WaysOut> keys = {
      {"never", &WaysOut::never, {read_never, print_addresses}, reloads},
  };
  return keys;
}

const Keys<RelayHop>& relay_keys() {
  static const Keys<RelayHop> keys = {
      {"senders", &RelayHop::senders, {read_addresses, print_addresses}, reloads},
      {"recipients", &RelayHop::recipients, {read_recipients, print_addresses}, reloads},
      {"host", &RelayHop::host,
       form::required("the server that the mail is handed to: \"[gw.example.org]:587\"", form::parsed(next_hop)),
       reloads},
      {"tls", &RelayHop::tls, {read_tls_of_relay, print_text}, reloads},
      {"user", &RelayHop::user, form::printed(print_text, form::parsed(user)), reloads},
      {"password_file", whole, Form<RelayHop>{read_password, print_password_file}, reloads},
      {"accept", whole, Form<RelayHop>{read_accept, print_accept}, reloads},
  };
  return keys;
}

const Keys<WaysOut>& tls_keys() {
  static const Keys<WaysOut> keys = {
      {"on_failure", &WaysOut::on_failure,
       form::choice<TlsFailure>({{"defer", TlsFailure::defer}, {"bounce", TlsFailure::bounce}}), reloads}};
  return keys;
}

// toml++ sorts the keys of a table.
std::vector<WaysOutReader::Named> WaysOutReader::in_order(const toml::table& all, std::string_view section,
                                                          Problems& problems) {
  std::vector<Named> named;
  for (const auto& [key, node] : all) {
    const std::string name(key.str());
    if (section == "routes" && name == "never") continue;  // a key, not a route
    const auto errors = problems.error_count();
    read_name_of_table(name, node, section, problems);
    if (problems.error_count() == errors) named.push_back({name, node.as_table()});
  }
  std::ranges::stable_sort(named, [](const Named& a, const Named& b) {
    const auto &first = a.table->source().begin, &second = b.table->source().begin;
    return std::pair(first.line, first.column) < std::pair(second.line, second.column);
  });
  return named;
}

void WaysOutReader::take(const toml::table* tables, std::string_view section, std::vector<Named>& named,
                         Problems& problems) {
  if (tables == nullptr) return;
  for (auto& one : in_order(*tables, section, problems)) {
    const auto old = std::ranges::find(named, one.name, &Named::name);
    if (old == named.end()) named.push_back(std::move(one));
    else
      problems.error(place_of(*one.table), std::string(section) + '.' + one.name,
                     "is already set at " + place_of(*old->table).to_string());
  }
}

void WaysOutReader::take(Section& top) {
  take(top.table("routes"), "routes", routes_, top.problems());
  if (const auto* table = top.table("routes"); table != nullptr && table->contains("never")) never_.push_back(table);
  take(top.table("relay"), "relay", relays_, top.problems());
  if (const auto* table = top.table("tls")) tls_.push_back(table);
  if (const auto* door = top.raw().get("socketmap")) door_ = place_of(*door);
}

void WaysOutReader::read_tls(const toml::table& table, const Makings& makings, Problems& problems) {
  Section section(table, "tls", problems);
  read_keys(tls_keys(), section, makings, ways_);
  for (const auto& [key, node] : table) {
    const std::string written(key.str());
    if (section.has_asked(written)) continue;
    const std::string full = "tls.\"" + cleaned(written, false, 60) + '"';
    const Place at = place_of(node);
    const auto wrong = [&](std::string_view why) { problems.error(at, full, why); };
    const auto* value = node.as_string();
    const bool below = written.starts_with('.');
    const auto domain = to_domain(std::string_view(written).substr(below ? 1 : 0));
    if (written.find('@') != written.npos) wrong("TLS is chosen by the domain of the recipient; write the domain");
    else if (written.starts_with("*.")) wrong("write " + shown(written.substr(1)) + " for all domains below it");
    else if (!(written == any_way || (domain && domain->find('.') != domain->npos && is_word(*domain)) ||
               (is_next_hop(written) && written.find_first_of("[.:") != written.npos)) ||
             written == "direct")
      wrong("is not a domain, a next hop like \"[gw.example.org]:587\", or \"*\"");
    else if (value == nullptr) wrong("is " + std::string(kind_of(node)) + ", must be a string");
    else if (const auto why = wrong_tls_level(value->get()); !why.empty()) wrong(why);
    else {
      const auto name = domain ? (below ? "." : "") + *domain : folded(written);
      if (!ways_.tls.emplace(name, value->get()).second) wrong("this domain is set already");
      if (forces_tls(value->get())) ways_.forced_tls.insert(name);
      places_.emplace("tls." + name, at);
    }
  }
}

void WaysOutReader::read_relay(const Named& named, const Makings& makings, Problems& problems) {
  RelayHop& relay = ways_.relays.emplace_back();
  relay.name = named.name;
  Section section(*named.table, "relay." + named.name, problems);
  const auto errors = problems.error_count();
  read_keys(relay_keys(), section, makings, relay);
  section.finish();
  if (problems.error_count() != errors) return;
  if (relay.senders.written.empty() == relay.recipients.written.empty())
    problems.error(section.place(), "relay." + named.name,
                   relay.senders.written.empty() ? "senders or recipients is missing: whose mail it takes"
                                                 : "has senders and recipients; write a table for each");
  check_accept(relay, section);
  const bool logs_in = !relay.user.empty();
  if (logs_in && relay.password_file.empty()) section.wrong("password_file", "is missing; user needs it");
  if (!logs_in && !relay.password_file.empty()) section.wrong("user", "is missing; password_file needs it");
  if (relay.is_direct() && (logs_in || !relay.tls.empty()))
    section.wrong("host", "is \"direct\", so no server is named that tls or user are for; [tls] has TLS by domain");
  if (logs_in && !relay.tls.empty() && !forces_tls(relay.tls))
    section.wrong("tls", "the login would be sent without TLS; remove this line, or write a level that forces TLS");
  if (logs_in && relay.tls.empty()) relay.tls = "encrypt";
}

void WaysOutReader::check_route(const NamedRoute& route, Section& section) {
  const bool by_sender = !route.senders.written.empty(), is_used = !route.postfix.empty() || !route.sendmail.empty();
  if (!is_used && (by_sender || route.addresses.empty()))
    section.wrong("postfix", std::string("is missing: the transport that mail ") +
                                 (by_sender ? "of these senders" : "of this route") + " takes, \"smtp-ip1:\"");
  if (by_sender && route.postfix.size() > 1)
    section.wrong("postfix", "has several gateways; a route by senders takes one transport");
  if (route.kind != RouteKind::filter) return;
  if (by_sender) section.wrong("kind", "\"filter\" is for routes that rules name; remove this line, or senders");
  if (!route.sendmail.empty()) section.wrong("sendmail", "Sendmail has no FILTER; use kind = \"rewrite\"");
  if (route.postfix.size() > 1)
    section.wrong("postfix", "has several gateways; FILTER takes one: use kind = \"rewrite\"");
  for (const auto& transport : route.postfix)
    if (RouteTransport(transport).next_hop.empty())
      section.wrong("postfix", "needs a next hop, \"" + transport +
                                   "[gw.example.org]:25\": without one FILTER passes relayhost by");
}

std::shared_ptr<const WayMaps> WaysOutReader::make(const Makings& makings, const Config& config, Problems& problems) {
  const auto errors = problems.error_count();
  for (const auto& named : routes_) {
    NamedRoute& route = ways_.routes.emplace_back();
    route.name = named.name;
    places_["routes." + named.name] = place_of(*named.table);
    Section section(*named.table, "routes." + named.name, problems);
    const auto before = problems.error_count();
    read_keys(named_route_keys(), section, makings, route);
    section.finish();
    if (problems.error_count() != before) continue;
    check_route(route, section);
  }
  for (const auto* table : never_) {
    ways_.never_written = true;
    Section section(*table, "routes", problems);
    read_keys(routes_keys(), section, makings, ways_);
  }
  for (const auto& named : relays_) {
    places_["relay." + named.name] = place_of(*named.table);
    read_relay(named, makings, problems);
  }
  for (const auto* table : tls_) {
    if (const auto* node = table->get("on_failure")) places_.emplace("tls.on_failure", place_of(*node));
    read_tls(*table, makings, problems);
  }
  ways_.spelling = makings.general.spelling;
  if (problems.error_count() != errors) return nullptr;
  const bool none = ways_.empty();
  auto maps = none ? nullptr : std::make_shared<const WayMaps>(ways_);
  if (none && config.socketmap.socket)
    problems.warning(door_, "socketmap", "answers NOTFOUND to all lookups: there is no [routes], [relay] or [tls]");
  if (maps) check_ways_out(*maps, places_, config, problems);
  return maps;
}

void WaysOutReader::warn_unused(const std::vector<PlacedRule>& rules, Problems& problems) const {
  if (problems.any_error()) return;  // a rule that is not read may name it
  for (const auto& route : ways_.routes) {
    const bool named = std::ranges::any_of(rules, [&](const PlacedRule& placed) {
      const auto* effect = find_effect<Route<Template>>(placed.rule.effects);
      return effect != nullptr && effect->named && effect->named->name == route.name;
    });
    const bool has_transport = !route.postfix.empty() || !route.sendmail.empty();
    if (has_transport && route.senders.written.empty() && !named)
      problems.warning(places_.at("routes." + route.name), "routes." + route.name,
                       "takes no mail: it has no senders, and no rule has route = \"" + route.name + '"');
  }
}

void WaysOutReader::add_addresses(std::vector<Egress>& egress) const {
  for (const auto& route : ways_.routes) {
    if (route.addresses.empty()) continue;
    if (egress.empty()) egress.emplace_back();  // of mail that takes no route
    egress.push_back({route.name, route.addresses});
  }
}

std::string print_ways_out(const WaysOut& ways) {
  std::ostringstream out;
  const auto head = [&](std::string_view section, const std::string& name) {
    out << "\n[" << section << '.' << (name.find('.') == name.npos ? name : as_toml(name)) << "]\n";
  };
  if (ways.never_written) out << "\n[routes]\nnever = " << as_toml(ways.never.written) << '\n';
  for (const auto& route : ways.routes) {
    head("routes", route.name);
    print_keys(named_route_keys(), out, route);
  }
  for (const auto& relay : ways.relays) {
    head("relay", relay.name);
    print_keys(relay_keys(), out, relay);
  }
  if (ways.tls.empty()) return out.str();
  out << "\n[tls]\n";
  print_keys(tls_keys(), out, ways);
  for (const auto& [key, value] : ways.tls) out << as_toml(key) << " = " << as_toml(value) << '\n';
  return out.str();
}

}  // namespace mailweir
