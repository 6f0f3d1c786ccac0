// SPDX-License-Identifier: BSD-2-Clause
// CheckCommand: what the commands share that make one check by hand (spf, iprev, sender-domain, ...): their options,
// their lookups, how the answer is printed, its exit status.
//
//   CheckCommand command("Usage: mailweirctl iprev ...");
//   command.options().add_options()(...);
//   if (const auto done = command.parse(args)) return *done;
//   const auto result = iprev(command.lookups(), address);
//   return command.answer({to_string(result.word), result.reason, {}}, Answered::yes);
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ctl/command.h"
#include "ctl/dns_options.h"
#include "port/lookups.h"

namespace mailweir {

struct CheckAnswer {
  std::string word, reason;
  std::vector<std::pair<std::string, std::string>> more;  // "record", its text; what is empty is left out
};

class CheckCommand {
 public:
  explicit CheckCommand(const std::string& usage);
  ~CheckCommand();

  boost::program_options::options_description& options() { return *options_; }
  // The exit status if that was all: --help, a resolver that cannot be had. Throws what program_options throws.
  // `positional`: the options that words without a dash stand for, in this order.
  std::optional<int> parse(const Arguments& args, std::initializer_list<const char*> positional = {});
  // Where neither --resolver nor --zone was given: asks whom the policy file's [dns] names. Before lookups() is used.
  std::optional<int> ask_as(const DnsConfig& dns);

  dns::Resolver& resolver() { return *resolver_.resolver; }
  Lookups& lookups() { return *lookups_; }
  const Clock& clock() const { return clock_; }

  // Prints the answer: the word first, then why, then the lookups; or all of it as JSON. Returns the exit status: 0 for
  // a good word, 1 for any other, 75 (EX_TEMPFAIL) for temperror.
  int answer(const CheckAnswer& answer, bool good);

 private:
  std::unique_ptr<boost::program_options::options_description> options_;
  DnsOptions dns_;
  std::string deadline_ = "20s";
  std::chrono::milliseconds time_{0};  // the same, as a time
  bool json_ = false;
  const SystemClock clock_;
  ChosenResolver resolver_;
  std::shared_ptr<Lookups> lookups_;
};

// Tells a mistake in the arguments; 64 (EX_USAGE).
int wrong_usage(const std::string& why);

}  // namespace mailweir
