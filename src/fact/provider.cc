// SPDX-License-Identifier: BSD-2-Clause
// The provider that has a recipient's mailbox.
#include <map>
#include <string>

#include "check/mail_provider.h"
#include "fact/family.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "recipient_provider",
     .known = known_at_doors(Stage::rcpt),
     .meaning = "who has recipient's mailbox: what [general] recipient_providers says of the mail hosts of "
                "recipient_domain, or their domain",
     .check = true,
     .lookups = FactLookups::early,
     .limit_key = true},
};

class ProviderSource final : public FactSource {
 public:
  explicit ProviderSource(FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef&) override {
    const std::string domain(reader_.transaction().recipient.domain());
    if (domain.empty()) return {};
    auto kept = found_.find(domain);
    if (kept == found_.end()) {
      auto result = mail_provider(lookups(), domain, reader_.settings().providers.get(), reader_.tools().suffixes);
      kept = found_.emplace(domain, std::move(result)).first;
    }
    const ProviderResult& result = kept->second;
    if (result.status == ProviderResult::Status::outage) return outage_value();
    return text_value(result.name);
  }

  // What get() will ask for is then on its way, or at hand.
  void start(const FactRef&) override {
    const std::string domain(reader_.transaction().recipient.domain());
    if (domain.empty() || domain.starts_with('[') || found_.contains(domain)) return;
    lookups().want({domain, dns::Type::MX});
  }

  std::string_view reason(const FactRef&) const override {
    const auto kept = found_.find(std::string(reader_.transaction().recipient.domain()));
    return kept != found_.end() ? std::string_view(kept->second.reason) : std::string_view();
  }

  void forget(FactScope scope) override {
    if (scope != FactScope::transaction) return;
    found_.clear();
    asked_ = 0;
  }
  void settings_changed() override { found_.clear(); }

 private:
  // A client may name as many domains as it likes: what is kept of them is bounded.
  Lookups& lookups() {
    constexpr std::size_t most = Lookups::most_questions / 2;
    if (++asked_ > most) {
      asked_ = 1;
      found_.clear();
      reader_.drop_recipient_lookups();
    }
    return reader_.lookups(LookupsOf::recipients);
  }

  FactReader& reader_;
  std::map<std::string, ProviderResult> found_;  // by domain
  std::size_t asked_ = 0;                        // domains since nothing was kept; some twice
};

}  // namespace

extern const FactFamily provider_family{"provider", facts, "", make_source<ProviderSource>};

}  // namespace mailweir
