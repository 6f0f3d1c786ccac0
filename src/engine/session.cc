// SPDX-License-Identifier: BSD-2-Clause
#include "engine/session.h"

#include <atomic>
#include <random>
#include <utility>

#include "mail/domain.h"

namespace mailweir {

Session::Session(Services& services, PolicyPtr policy, Door door)
    : services_(services), policy_(std::move(policy)), door_(door), facts_(client_, transaction_, door, services.resolver) {
  facts_.use(*policy_);
  facts_.verify_with(services.verification);
  facts_.ask_blocks_with(services);
}

Session::~Session() {
  try {
    if (in_transaction_) end_transaction(false);
    for (const auto& lease : leases_)
      services_.leases.release(lease.charges.front(), lease.receipt, Deadline::in(policy_->counter_deadline));
  } catch (const std::exception&) {
    ++services_.stats.counter_errors;  // a lease that was not released expires
  }
}

void Session::helo_changed() { facts_.forget_helo(); }

void Session::begin_transaction(PolicyPtr policy) {
  if (in_transaction_) end_transaction(false);
  policy_ = std::move(policy);
  facts_.use(*policy_);
  in_transaction_ = true;
  name_transaction();
  ++services_.stats.transactions;
}

// What is judged before MAIL has the id of the transaction that comes next: one search finds both.
void Session::name_transaction() {
  if (transaction_.id.empty()) transaction_.id = new_transaction_id(services_.clock.wall());
}

// One spelling in conditions, keys and look-ups, however the MTA and the client wrote a name.
void Session::spell_names() {
  for (std::string* name : {&client_.name, &client_.reverse_name, &client_.helo_name}) name->resize(without_last_dot(*name).size());
}

void Session::end_transaction(bool taken) {
  if (!taken) give_back();
  taken_.clear();
  used_.clear();
  took_ = {};
  transaction_ = Transaction();
  facts_.forget_transaction();
  transaction_skip_ = recipient_skip_ = all_recipients_skip_ = CheckSet();
  any_recipient_ = false;
  just_blocked_ = {};
  in_transaction_ = false;
}

void Session::recipient_accepted() {
  all_recipients_skip_ = any_recipient_ ? all_recipients_skip_ & recipient_skip_ : recipient_skip_;
  any_recipient_ = true;
}

CheckSet Session::skipped(Stage stage) const {
  const CheckSet wide = session_skip_ | transaction_skip_;
  if (stage < Stage::rcpt) return wide;
  if (stage == Stage::rcpt) return wide | recipient_skip_;
  return wide | all_recipients_skip_;
}

void Session::note_skip(Stage stage, CheckSet checks) {
  if (stage <= Stage::helo) session_skip_ = session_skip_ | checks;
  else if (stage == Stage::rcpt) recipient_skip_ = recipient_skip_ | checks;
  else transaction_skip_ = transaction_skip_ | checks;
  facts_.skip(skipped(stage));
}

void Session::give_back() {
  for (const auto& taken : taken_) {
    const auto given = services_.counters.give_back(taken.charges, taken.receipt, Deadline::in(policy_->counter_deadline));
    if (!given) {
      ++services_.stats.counter_errors;
      Event("give-back-failed").with("id", transaction_.id).with("reason", given.error().what).to(services_.log, Severity::warning);
      break;  // the store is in trouble: do not wait for each
    }
  }
  taken_.clear();
}

// What a stage charged is kept to be given back: with the transaction, or with the session for an open connection.
// `connections` are not given back: a connection was made, whatever became of its mail.
void Session::keep_taken(Stage stage, std::vector<Charge> charges, Receipt receipt) {
  if (stage >= Stage::mail) {
    for (auto& charge : charges)
      if (charge.attempts) charge.amount = 0;  // counts even if refused: giving back nothing leaves it
    taken_.push_back({std::move(charges), std::move(receipt)});
    return;
  }
  std::size_t slot = 0;
  for (auto& charge : charges) {
    const auto slots = charge.windows.size();
    if (charge.kind == CountKind::lease) {
      Receipt own = receipt;
      own.slots.assign(receipt.slots.begin() + static_cast<std::ptrdiff_t>(std::min(slot, receipt.slots.size())),
                       receipt.slots.begin() + static_cast<std::ptrdiff_t>(std::min(slot + slots, receipt.slots.size())));
      services_.leases.hold(charge);
      leases_.push_back({{std::move(charge)}, std::move(own)});
    }
    slot += slots;
  }
}

std::string new_transaction_id(WallTime now) {
  // 48 bits of milliseconds would sort for 8,000 years; 38 bits do for 8. The rest tells transactions apart.
  static const std::uint64_t start = std::random_device{}();
  static std::atomic<std::uint64_t> count{start};
  const auto milliseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  std::uint64_t bits = ((milliseconds & ((std::uint64_t{1} << 38) - 1)) << 17) | (++count & 0x1ffff);
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's: nothing to misread on the phone
  std::string id(11, '0');
  for (std::size_t i = id.size(); i-- > 0; bits >>= 5) id[i] = digits[bits & 31];
  return id;
}

}  // namespace mailweir
