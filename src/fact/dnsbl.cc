// SPDX-License-Identifier: BSD-2-Clause
// What block lists say of the client's address and of the names that it, its HELO, the envelope and the From header
// give.
#include <algorithm>
#include <string>
#include <vector>

#include "check/helo.h"
#include "fact/dnsbl_facts.h"
#include "fact/dnsbl_subject.h"
#include "fact/from.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr FactDefinition lists(std::string_view name, FactKnown known, std::string_view meaning, FactScope scope,
                               FactNeeds needs = FactNeeds::envelope) {
  return {.name = name,
          .type = FactType::dnsbl,
          .known = known,
          .meaning = meaning,
          .needs = needs,
          .scope = scope,
          .check = true,
          .lookups = FactLookups::early};
}

// The score beside what lists say: a part of the same check.
constexpr FactDefinition score(std::string_view name, FactDefinition of) {
  of.part_of = of.name;
  of.name = name;
  of.type = FactType::number;
  of.meaning = "the sum of their weights";
  of.skipped = FactSkipped::as_whole;
  return of;
}

constexpr FactDefinition of_client =
    lists("dnsbl", known_at_doors(Stage::connect), "the address DNSBLs that list client_address", FactScope::session);
constexpr FactDefinition of_client_name = lists("client_name_dnsbl", known_at_doors(Stage::connect),
                                                "the domain DNSBLs that list client_name", FactScope::session);
constexpr FactDefinition of_helo =
    lists("helo_dnsbl", known_at_doors(Stage::helo), "the domain DNSBLs that list helo_name", FactScope::helo);
constexpr FactDefinition of_sender = lists("sender_dnsbl", known_at_doors(Stage::mail),
                                           "the domain DNSBLs that list sender_domain", FactScope::transaction);
constexpr FactDefinition of_from =
    lists("from_dnsbl", known_at_milter(Stage::end_of_message), "the domain DNSBLs that list a from_domain",
          FactScope::transaction, FactNeeds::header);

// Two for each DnsblSubject, in its order.
constexpr FactDefinition facts[] = {
    of_client, score("dnsbl_score", of_client),    of_client_name, score("client_name_dnsbl_score", of_client_name),
    of_helo,   score("helo_dnsbl_score", of_helo), of_sender,      score("sender_dnsbl_score", of_sender),
    of_from,   score("from_dnsbl_score", of_from),
};
static_assert(std::size(facts) == 2 * dnsbl_subjects);

// What a list of domains can be asked about: a name of two labels at least, no address.
void add_domain(std::vector<std::string>& domains, std::string_view text) {
  if (domains.size() >= DnsblFacts::most_domains || text.find('.') == text.npos || address_in_helo(text)) return;
  auto domain = to_domain(text);
  if (domain && std::find(domains.begin(), domains.end(), *domain) == domains.end())
    domains.push_back(std::move(*domain));
}

class DnsblSource final : public FactSource {
 public:
  explicit DnsblSource(FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override {
    const DnsblSubject subject = *dnsbl_subject(fact.id);
    const DnsblInput asked = input(subject);
    if (asked.empty()) return {};
    if (is_dnsbl_score(fact.id)) return found_.score(lists(), subject, asked, lookups(subject));
    return found_.listings(lists(), subject, fact.zones, asked, lookups(subject));
  }

  void start(const FactRef& fact) override {
    const DnsblSubject subject = *dnsbl_subject(fact.id);
    const DnsblInput asked = input(subject);
    if (!asked.empty()) DnsblFacts::start(lists(), subject, fact.zones, asked, lookups(subject));
  }

  std::string_view reason(const FactRef& fact) const override { return found_.reason(*dnsbl_subject(fact.id)); }

  std::optional<std::string> words_found(const FactRef& fact) override {
    const DnsblSubject subject = *dnsbl_subject(fact.id);
    return found_.text(lists(), subject, lookups(subject));
  }

  void forget(FactScope scope) override {
    if (scope == FactScope::helo) found_.forget(DnsblSubject::helo);
    if (scope != FactScope::transaction) return;
    found_.forget(DnsblSubject::sender);
    found_.forget(DnsblSubject::from);
  }

  // What was found names the old one's lists.
  void settings_changed() override { found_.forget_all(); }

 private:
  const std::vector<Dnsbl>& lists() const { return reader_.settings().dnsbl; }

  Lookups& lookups(DnsblSubject subject) {
    return reader_.lookups(subject < DnsblSubject::sender ? LookupsOf::session : LookupsOf::transaction);
  }

  DnsblInput input(DnsblSubject subject) {
    const Client& client = reader_.client();
    DnsblInput input;
    switch (subject) {
      case DnsblSubject::client: input.address = client.address; break;
      case DnsblSubject::client_name:
        if (client.name != "unknown") add_domain(input.domains, client.name);
        break;
      case DnsblSubject::helo: add_domain(input.domains, client.helo_name); break;
      case DnsblSubject::sender: add_domain(input.domains, reader_.transaction().sender.domain()); break;
      case DnsblSubject::from:
        for (const FactItem& item : reader_.family<FromSource>(from_family).domains())
          add_domain(input.domains, item.text);
        break;
    }
    return input;
  }

  FactReader& reader_;
  DnsblFacts found_;
};

}  // namespace

const FactFamily dnsbl_family{"dnsbl", facts, "from", make_source<DnsblSource>};

}  // namespace mailweir
