// SPDX-License-Identifier: BSD-2-Clause
#include "fact/facts.h"

#include "base/thousandths.h"
#include "fact/dkim.h"
#include "fact/dmarc.h"
#include "fact/sources.h"

namespace mailweir {

Facts::Facts(const Client& client, const Transaction& transaction, Door door, dns::Resolver& resolver)
    : client_(client), transaction_(transaction), door_(door),
      sources_(std::make_unique<FactSources>(client, transaction, door, resolver)) {}

Facts::~Facts() = default;

void Facts::use(const FactSettings& settings) { sources_->use(settings); }

void Facts::skip(const CheckSet& checks) { sources_->skip(checks); }

void Facts::stage(Stage stage) { sources_->stage(stage); }

Stage Facts::stage() const { return sources_->stage(); }

void Facts::now(WallTime now) { sources_->now(now); }

WallTime Facts::now() const { return sources_->now(); }

void Facts::forget_helo() { sources_->forget(FactScope::helo); }

void Facts::verify_with(const MessageTools& tools) { sources_->use(tools); }

void Facts::hand_in(const FactFamily& family, FactSource& source) { sources_->hand_in(family, source); }

FactValue Facts::get(const FactRef& fact) { return sources_->get(fact); }

void Facts::start(const FactRef& fact) { sources_->start(fact); }

bool Facts::is_outgoing() const { return sources_->is_outgoing(); }

const MailboxSpelling& Facts::spelling() const { return sources_->settings().spelling; }

std::vector<TimedLookup> Facts::lookups() const { return sources_->all_lookups().trace(); }

void Facts::stage(Stage stage, Deadline deadline) {
  sources_->stage(stage);
  sources_->all_lookups().begin(stage, deadline, sources_->settings().dns_use[static_cast<std::size_t>(door())]);
}

void Facts::forget_transaction() {
  sources_->forget(FactScope::transaction);
  sources_->all_lookups().transaction_ends();
}

void Facts::begin_message_checks(const CheckSet& wanted) { sources_->begin_message(wanted); }

void Facts::message_body(std::string_view chunk) { sources_->body(chunk); }

bool Facts::message_ends() { return sources_->message_ends(); }

bool Facts::await_message(Deadline deadline) { return sources_->await_message(deadline); }

std::vector<std::pair<std::string, std::string>> Facts::message_fields() const { return sources_->message_fields(); }

const DkimResult* Facts::dkim() { return sources_->family<DkimSource>(dkim_family).result(); }

const DmarcResult* Facts::dmarc() { return sources_->family<DmarcSource>(dmarc_family).result(); }

std::string_view Facts::dkim_found() {
  const auto& found = sources_->family<DkimSource>(dkim_family).found();
  return found ? to_string(found->word) : std::string_view();
}

std::string_view Facts::dmarc_found() {
  const auto& found = sources_->family<DmarcSource>(dmarc_family).found();
  return found ? to_string(found->word) : std::string_view();
}

std::string Facts::to_text(const FactRef& fact) { return fact.reason ? reason_text(fact) : to_text(fact, get(fact)); }

// Asked now, if no rule did.
std::string Facts::reason_text(const FactRef& fact) {
  FactSource* const source = sources_->source_of(fact.info());
  if (source == nullptr) return {};
  if (auto known = source->words_found(fact); known && !known->empty()) return *known;
  if (get(fact).state == FactValue::State::absent) return {};
  if (auto words = source->words_found(fact)) return *words;
  return std::string(source->reason(fact));
}

std::string Facts::to_text(const FactRef& fact, const FactValue& value) const {
  if (value.state == FactValue::State::absent) return {};
  if (value.state == FactValue::State::temperror) return "temperror";
  if (value.state == FactValue::State::outage) return "could not be asked";
  std::string text;
  // A sender or recipient that is another address as well: the first is its name.
  for (const FactItem& item : fact.info().shows_first ? std::span(&value.one, 1) : value.items()) {
    if (!text.empty()) text += ", ";
    switch (fact.type()) {
      case FactType::ip: text += item.ip->to_string(); break;
      case FactType::number: text += std::to_string(item.number); break;
      case FactType::decimal: text += thousandths_text(item.number); break;
      case FactType::boolean: text += item.number != 0 ? "true" : "false"; break;
      case FactType::address: text += item.address->is_null() ? "<>" : item.address->original(); break;
      default: text += item.text;
    }
  }
  return text;
}

std::string_view Facts::reason(const FactRef& fact) const {
  const FactSource* const source = sources_->asked(fact.info());
  return source != nullptr ? source->reason(fact) : std::string_view();
}

}  // namespace mailweir
