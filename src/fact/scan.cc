// SPDX-License-Identifier: BSD-2-Clause
#include "fact/scan.h"

#include <algorithm>

#include "mail/dkim_canon.h"

namespace mailweir {
namespace {

constexpr ScanCheck checks[] = {{"virus", "[clamd]"}, {"spam_score", "[rspamd] or [spamd]"}};

ScanEnvelope envelope_of(const FactReader& reader) {
  const Client& client = reader.client();
  const Transaction& mail = reader.transaction();
  ScanEnvelope envelope;
  envelope.queue_id = mail.queue_id;
  if (client.address && client.origin != Origin::local) envelope.client_address = client.address->to_string();
  if (client.name != "unknown") envelope.client_name = client.name;
  envelope.helo = client.helo_name;
  envelope.login = mail.sasl_username;
  if (!mail.sender.is_null()) envelope.sender = mail.sender.original();
  for (const Address& recipient : mail.recipients) envelope.recipients.push_back(recipient.original());
  envelope.hostname = reader.settings().hostname;
  return envelope;
}

}  // namespace

void ScanSource::begin_message() {
  forget(FactScope::transaction);
  Scanner* const scanner = reader_.tools().*scanner_;
  if (scanner == nullptr) {
    answer_.emplace().why = "the scanner is not in use: the daemon must be restarted with it";
    return;
  }
  scan_ = scanner->begin(envelope_of(reader_));
  const HeaderList& headers = *reader_.transaction().headers;
  std::string text;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::string_view value = headers[i].value;
    // Where the MTA keeps the blank after the colon to itself.
    const std::string with_blank = headers.traits().leading_space ? std::string() : ' ' + std::string(value);
    append_canonical_header(text, Canon::simple, headers[i].name, with_blank.empty() ? value : with_blank);
    if (text.size() < 16 << 10) continue;
    scan_->write(text);
    text.clear();
  }
  text += "\r\n";
  scan_->write(text);
}

bool ScanSource::message_ends() {
  if (scan_) scan_->end();
  return scan_ != nullptr;
}

bool ScanSource::await_message(Deadline deadline) {
  if (!scan_) return true;
  const ScanAnswer* const answer = scan_->answer(deadline);
  if (answer == nullptr) return false;
  answer_ = *answer;
  scan_.reset();
  return true;
}

const ScanAnswer* ScanSource::answer() {
  if (scan_ && !await_message(Deadline())) answer_.emplace().why = "the answer was not waited for";
  scan_.reset();
  return answer_ ? &*answer_ : nullptr;
}

FactValue ScanSource::not_scanned() const {
  return reader_.transaction().headers == nullptr ? FactValue() : word_value("temperror");
}

void ScanSource::forget(FactScope scope) {
  if (scope != FactScope::transaction) return;
  scan_.reset();
  answer_.reset();
}

const ScanCheck* scan_check(const FactInfo& fact) {
  const auto found = std::ranges::find(checks, fact.whole(), &ScanCheck::check);
  return fact.check && found != std::end(checks) ? found : nullptr;
}

}  // namespace mailweir
