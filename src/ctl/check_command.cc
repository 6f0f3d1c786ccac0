// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/check_command.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "base/duration.h"
#include "base/text.h"
#include "ctl/lookup_lines.h"
#include "ctl/usage.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;
using nlohmann::ordered_json;

std::string record_text(const dns::Record& record) {
  switch (record.type) {
    case dns::Type::A:
    case dns::Type::AAAA: return record.address.to_string();
    case dns::Type::MX:
      return std::to_string(record.preference) + ' ' + (record.text.empty() ? "." : cleaned(record.text, true, 255));
    default: return cleaned(record.text, true, 1000);
  }
}

ordered_json to_json(const TimedLookup& lookup) {
  ordered_json one{{"name", cleaned(lookup.question.name, true, 255)}, {"type", dns::to_string(lookup.question.type)}};
  one["status"] = lookup.answer ? dns::to_string(lookup.answer->status) : "waiting";
  if (lookup.answer && !lookup.answer->detail.empty()) one["detail"] = cleaned(lookup.answer->detail, true, 200);
  one["took_us"] = lookup.took.count();
  one["cached"] = lookup.cached;
  one["records"] = ordered_json::array();
  if (lookup.answer)
    for (const auto& record : lookup.answer->records) one["records"].push_back(record_text(record));
  return one;
}

}  // namespace

int wrong_usage(const std::string& why) {
  std::cerr << "mailweirctl: " << cleaned(why, false, 300) << '\n';
  return exit_usage;
}

CheckCommand::CheckCommand(const std::string& usage) : options_(std::make_unique<po::options_description>(usage)) {}
CheckCommand::~CheckCommand() = default;

std::optional<int> CheckCommand::parse(const Arguments& args, std::initializer_list<const char*> positional) {
  dns_.add_to(*options_);
  options_->add_options()("deadline", po::value(&deadline_)->value_name("TIME"), "for all lookups together (20s)")(
      "json", po::bool_switch(&json_), "print JSON")("help,h", "print this");
  po::positional_options_description positions;
  for (const char* option : positional) positions.add(option, 1);
  po::variables_map values;
  po::store(po::command_line_parser(args).options(*options_).positional(positions).run(), values);
  if (values.count("help") != 0) {
    print_help(*options_);
    return EXIT_SUCCESS;
  }
  take_values(values, *options_, positions);
  const auto deadline = parse_duration(deadline_);
  if (!deadline || deadline->count() <= 0)
    return wrong_usage("--deadline " + deadline_ + " is not a time; write 5s or 500ms");
  time_ = *deadline;
  return ask_as(DnsConfig());
}

std::optional<int> CheckCommand::ask_as(const DnsConfig& dns) {
  auto chosen = choose_resolver(dns_, dns, clock_);
  if (!chosen) return wrong_usage(chosen.error().what);
  lookups_.reset();  // they refer to the resolver that goes
  resolver_ = std::move(*chosen);
  lookups_ = Lookups::make(*resolver_.resolver, Deadline::in(time_));
  return {};
}

int CheckCommand::answer(const CheckAnswer& answer, bool good) {
  const auto asked = lookups_->trace();
  if (json_) {
    ordered_json all{{"result", answer.word}, {"reason", cleaned(answer.reason, false, 1000)}};
    for (const auto& [name, value] : answer.more)
      if (!value.empty()) all[name] = cleaned(value, false, 2000);
    all["asked"] = resolver_.asked;
    all["lookups"] = ordered_json::array();
    for (const auto& one : asked) all["lookups"].push_back(to_json(one));
    std::cout << all.dump(2) << '\n';
  } else {
    std::cout << answer.word << "  " << cleaned(answer.reason, false, 1000) << '\n';
    std::size_t width = 0;
    for (const auto& [name, value] : answer.more) width = std::max(width, name.size());
    for (const auto& [name, value] : answer.more)
      if (!value.empty())
        std::cout << name << std::string(width - name.size() + 2, ' ') << cleaned(value, false, 2000) << '\n';
    if (!asked.empty()) std::cout << "lookups, asked of " << resolver_.asked << '\n' << lookup_lines(asked);
  }
  if (answer.word == "temperror") return exit_temporary;
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace mailweir
