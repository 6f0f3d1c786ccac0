// SPDX-License-Identifier: BSD-2-Clause
#include "options.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include <boost/program_options.hpp>

#include "base/duration.h"
#include "base/text.h"

namespace mailweir::bench {
namespace {

namespace po = boost::program_options;

// The options as the command line spells them, before they are understood.
struct Raw {
  std::string socket, span, warm_up = "1s", pids, expect, body = "2KiB";
};

po::options_description common(LoadOptions& options, Raw& raw, const char* expect) {
  po::options_description all("Options");
  auto add = all.add_options();
  add("help", "this text");
  add("socket", po::value(&raw.socket)->required(), "unix:/path or inet:PORT@HOST of the server");
  add("connections", po::value(&options.connections)->default_value(16), "open at the same time");
  add("time", po::value(&raw.span)->default_value("5s"), "how long is measured");
  add("warm-up", po::value(&raw.warm_up)->default_value("1s"), "before that, not measured");
  add("count", po::value(&options.count)->default_value(0), "end after so many, without a warm-up, within --time");
  add("pid", po::value(&raw.pids), "process ids of the server, separated by commas; their children count too");
  add("expect", po::value(&raw.expect)->default_value(expect), "answers that are no failure, separated by commas");
  add("json", po::bool_switch(&options.json), "print JSON");
  add("logins", po::value(&options.logins)->default_value(options.logins), "size of the pool");
  add("clients", po::value(&options.clients)->default_value(options.clients), "size of the pool");
  add("recipients", po::value(&options.recipients)->default_value(options.recipients), "size of the pool");
  add("login", po::value(&options.login)->default_value(options.login), "pattern; empty: no login");
  add("sender", po::value(&options.sender)->default_value(options.sender), "pattern");
  add("recipient", po::value(&options.recipient)->default_value(options.recipient), "pattern");
  add("client", po::value(&options.client)->default_value(options.client), "first IPv4 address of the pool");
  return all;
}

// True when the options are to be used; false after --help.
Result<bool> parse(int argc, char** argv, const po::options_description& all) {
  try {
    po::variables_map found;
    po::store(po::parse_command_line(argc, argv, all), found);
    if (found.count("help") != 0) {
      std::cout << all;
      return false;
    }
    po::notify(found);
    return true;
  } catch (const po::error& error) {
    return Error{std::string("command line: ") + error.what()};
  }
}

Result<void> understand(LoadOptions& options, const Raw& raw) {
  auto socket = SocketName::parse(raw.socket);
  if (!socket) return socket.error();
  options.socket = *socket;
  const auto span = parse_duration(raw.span), warm_up = parse_duration(raw.warm_up);
  if (!span || span->count() == 0) return Error{"--time " + raw.span + ": no span of time; write 5s, say"};
  if (!warm_up) return Error{"--warm-up " + raw.warm_up + ": no span of time; write 1s, say"};
  options.span = *span;
  options.warm_up = options.count > 0 ? std::chrono::milliseconds(0) : *warm_up;
  if (options.connections == 0 || options.connections > 10'000) return Error{"--connections: must be 1 to 10000"};
  if (options.logins == 0 || options.clients == 0 || options.recipients == 0) return Error{"a pool must not be empty"};
  for (const auto pid : split(raw.pids, ',')) {
    if (pid.empty()) continue;
    const auto number = to_number(pid);
    if (!number || *number == 0 || *number > 1U << 30)
      return Error{"--pid " + raw.pids + ": is no list of process ids"};
    options.pids.push_back(static_cast<int>(*number));
  }
  for (const auto answer : split(raw.expect, ',')) options.expect.emplace_back(trimmed(answer));
  return {};
}

}  // namespace

Result<MilterLoadOptions> milter_load_options(int argc, char** argv) {
  MilterLoadOptions options;
  Raw raw;
  std::string signature;
  auto all = common(options, raw, "accept");
  auto add = all.add_options();
  add("from", po::value(&options.from)->default_value(options.from), "header From, a pattern by the login's number");
  add("body", po::value(&raw.body)->default_value("2KiB"), "size of a message's body");
  add("signature", po::value(&signature)->default_value(""), "file with the value of a DKIM-Signature, put on top");
  add("require-header", po::value(&options.require_header),
      "a message that leaves without this new field is a failure");
  add("require-removal", po::value(&options.require_removal), "a message that keeps this field is a failure");
  const auto use = parse(argc, argv, all);
  if (!use) return use.error();
  options.help = !*use;
  if (options.help) return options;
  const auto body = parse_size(raw.body);
  if (!body || *body > 100'000'000) return Error{"--body " + raw.body + ": no size up to 100 MB; write 2KiB, say"};
  options.body = *body;
  if (!signature.empty()) {
    std::ifstream file(signature, std::ios::binary);
    options.signature.assign(std::istreambuf_iterator<char>(file), {});
    if (options.signature.empty()) return Error{"--signature " + signature + ": cannot be read, or is empty"};
  }
  if (auto understood = understand(options, raw); !understood) return understood.error();
  return options;
}

Result<PolicyLoadOptions> policy_load_options(int argc, char** argv) {
  PolicyLoadOptions options;
  Raw raw;
  auto all = common(options, raw, "dunno");
  std::string states;
  all.add_options()("states", po::value(&states)->default_value("RCPT,DATA"),
                    "at which a message asks: RCPT, DATA, END-OF-MESSAGE, in this order");
  const auto use = parse(argc, argv, all);
  if (!use) return use.error();
  options.help = !*use;
  if (options.help) return options;
  if (auto understood = understand(options, raw); !understood) return understood.error();
  options.states.clear();
  for (const auto state : split(states, ',')) {
    if (state != "RCPT" && state != "DATA" && state != "END-OF-MESSAGE")
      return Error{"--states " + states + ": unknown state"};
    options.states.emplace_back(state);
  }
  return options;
}

}  // namespace mailweir::bench
