// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl explain: runs a described transaction through the engine with a counter store of its own, and tells what
// each rule found, what decided, and what each door would answer. Nothing is charged to the daemon's counters.
#include <algorithm>
#include <iostream>

#include <boost/program_options.hpp>

#include "adapter/counters/memory_counters.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/verify/dmarc_tools.h"
#include "base/text.h"
#include "check/authentication_results.h"
#include "check/dkim_verify.h"
#include "check/signing_keys.h"
#include "ctl/check_command.h"
#include "ctl/command.h"
#include "ctl/dns_options.h"
#include "ctl/policy_file.h"
#include "ctl/verifier_choice.h"
#include "ctl/what_if.h"
#include "engine/session.h"
#include "fact/dnsbl_watch.h"
#include "mail/path.h"
#include "milter_door/envelope.h"
#include "policy_door/action.h"
#include "policy_door/attribute_address.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

struct Options {
  std::string file = default_policy_file(), message, verifier;  // no verifier: the policy's
  DnsOptions dns;
  WhatIf what;
};

// --resolved belongs to the --sender or --recipient before it.
void read_resolved(const po::parsed_options& parsed, WhatIf& what) {
  std::string* last = nullptr;
  std::size_t recipients = 0;
  what.resolved.resize(what.recipients.size());
  for (const auto& option : parsed.options) {
    if (option.string_key == "sender") last = &what.sender_resolved;
    if (option.string_key == "recipient") last = &what.resolved[recipients++];
    if (option.string_key != "resolved") continue;
    if (last == nullptr) throw po::error("--resolved " + option.value.front() + " must follow --sender or --recipient");
    *last = option.value.front();
  }
}

// What the MTA would say of it.
struct ToldMacros final : Macros {
  ToldMacros(std::string name, const std::string& resolved) : name_(std::move(name)), resolved_(resolved) {}
  std::optional<std::string_view> get(const char* name) const override {
    return name == name_ && !resolved_.empty() ? std::optional<std::string_view>(resolved_) : std::nullopt;
  }

 private:
  const std::string name_;
  const std::string& resolved_;
};

std::optional<Options> parse(const Arguments& args) {
  Options options;
  std::string size;
  WhatIf& what = options.what;
  po::options_description all("Usage: mailweirctl explain [OPTION...] [MESSAGE-FILE]\n\nThe transaction");
  all.add_options()("client", po::value(&what.client_address)->value_name("ADDRESS"), "client_address")(
      "client-name", po::value(&what.client_name)->value_name("NAME"), "client_name, as the MTA confirmed it")(
      "reverse-name", po::value(&what.reverse_client_name)->value_name("NAME"), "reverse_client_name")(
      "helo", po::value(&what.helo)->value_name("NAME"), "helo_name")(
      "sender", po::value(&what.sender)->value_name("ADDRESS"),
      "the envelope sender, as MAIL has it; <> is the null sender")(
      "recipient", po::value(&what.recipients)->value_name("ADDRESS")->composing(),
      "a recipient, as RCPT has it; may be given several times")(
      "resolved", po::value<std::vector<std::string>>()->value_name("ADDRESS")->composing(),
      "what the MTA makes of the sender or recipient before it")(
      "login", po::value(&what.sasl_username)->value_name("LOGIN"), "sasl_username")(
      "tls", po::value(&what.encryption_protocol)->value_name("PROTOCOL"), "encryption_protocol, such as TLSv1.3")(
      "service", po::value(&what.service)->value_name("NAME"), "service")(
      "size", po::value(&size)->value_name("BYTES"),
      "the size that the client declares; the message's, if there is no file")("local", po::bool_switch(&what.local),
                                                                               "as from sendmail(1)");
  po::options_description more("Where from");
  more.add_options()("config,c", po::value(&options.file)->value_name("FILE"), "the policy file")(
      "message", po::value(&options.message)->value_name("FILE"), "a message file, for its header and size")(
      "verifier", po::value(&options.verifier)->value_name("NAME"), verifier_help)("help,h", "print this");
  options.dns.add_to(more);
  all.add(more);
  po::positional_options_description positions;
  positions.add("message", 1);
  po::variables_map values;
  const auto parsed = po::command_line_parser(args).options(all).positional(positions).run();
  po::store(parsed, values);
  po::notify(values);
  read_resolved(parsed, what);
  if (values.count("help") != 0) {
    std::cout << all;
    return {};
  }
  if (what.recipients.empty()) what.recipients.emplace_back("recipient@example.net"), what.resolved.emplace_back();
  if (values.count("sender") == 0) what.sender = "sender@example.com";
  if (values.count("size") != 0) {
    what.declared_size = size_in_bytes(size);
    if (!what.declared_size) throw po::error("--size " + size + " is not a number of bytes");
    what.size = *what.declared_size;
  }
  if (what.local) {  // as Postfix introduces it to its milters
    if (values.count("client") == 0) what.client_address = "127.0.0.1";
    for (auto* name : {&what.client_name, &what.reverse_client_name})
      if (name->empty()) *name = "localhost";
    if (values.count("helo") == 0) what.helo = "localhost";
  }
  return options;
}

std::string milter_answer(const Verdict& verdict) {
  if (verdict.refuses()) return verdict.reply.line(true);
  return verdict.action == Action::discard ? "discard" : "continue";
}

std::string answer_of(const Verdict& verdict, Door door) {
  if (door == Door::policy) return "action=" + to_action(verdict, verdict.effects);
  if (door == Door::milter) return milter_answer(verdict);
  return verdict.refuses() ? "status -1: " + verdict.reply.text : "status 0";
}

void print(const Effects& effects) {
  if (effects.hold) std::cout << "      hold: " << *effects.hold << '\n';
  if (effects.redirect) std::cout << "      redirect: " << *effects.redirect << '\n';
  if (effects.route) std::cout << "      route: " << *effects.route << '\n';
  for (const auto& address : effects.bcc) std::cout << "      bcc: " << address << '\n';
  for (const auto& edit : effects.edits) {
    constexpr std::string_view words[] = {"remove header ", "add header ", "replace header "};
    std::cout << "      " << words[static_cast<std::size_t>(edit.kind)] << edit.name
              << (edit.text.empty() ? "" : ": " + edit.text) << '\n';
  }
}

// With which keys, as the milter finds them (message_sign.cc).
void print_keys(const Policy& policy, const Effects& effects, const std::optional<HeaderList>& headers, bool outgoing) {
  if (!effects.signs()) return;
  if (!outgoing) {
    std::cout << "      sign: incoming mail is not signed\n";
    return;
  }
  std::vector<const DkimKey*> keys;
  std::string without;
  const auto take = [&](const std::string& domain) {
    const auto found = keys_of(policy.keys, {domain});
    if (found.empty())
      without +=
          (without.empty() ? "" : ", ") + cleaned(domain.empty() ? "an address without a domain" : domain, false, 100);
    for (const auto* key : found)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  const auto authors = headers ? author_domains(from_fields(*headers)) : std::vector<std::string>();
  if (effects.sign_author)
    for (const auto& domain : authors) take(domain);
  for (const auto& domain : effects.sign_domains) take(domain);
  for (const auto* key : keys) std::cout << "      sign: with the key " << name_of(*key) << '\n';
  if (!without.empty())
    std::cout << "      sign: no key for " << without << (keys.empty() ? "; the message leaves unsigned" : "") << '\n';
  if (effects.sign_author && !headers)
    std::cout << "      sign: by the domain of the From header, which only a message file has\n";
  else if (effects.sign_author && authors.empty())
    std::cout << "      sign: the message has no From header field, and leaves unsigned\n";
}

// What becomes of the message. Held and bounced: local mail, which is deferred or rejected at its end only.
enum class Fate { refused, taken, held, bounced };
constexpr std::string_view fate_words[] = {"not taken", "taken", "held", "bounced"};

class Explainer {
 public:
  Explainer(Services& services, std::shared_ptr<const Policy> policy, const WhatIf& what, std::string asked)
      : policy_(std::move(policy)), what_(what), asked_(std::move(asked)), milter_(services, policy_, Door::milter),
        policy_door_(services, policy_, Door::policy), http_(services, policy_, Door::http) {
    for (Session* session : {&milter_, &policy_door_, &http_}) {
      session->dry_run();
      fill(session->client());
    }
  }

  Fate run() {
    if (!ask(Stage::connect) || !ask(Stage::helo) || !ask_login()) return Fate::refused;
    const auto sender =
        envelope_sender(what_.sender, ToldMacros("{mail_addr}", what_.sender_resolved), false, policy_->spelling);
    if (!sender) return no_mailbox(Stage::mail, what_.sender), Fate::refused;
    for (Session* session : {&milter_, &policy_door_}) {
      session->begin_transaction(policy_);
      Transaction& transaction = session->transaction();
      // Without --resolved both doors have what is known of mail for this host, "user%domain@our-name".
      transaction.sender = session == &milter_ && !what_.sender_resolved.empty() ? *sender : as_attribute(what_.sender);
      transaction.sasl_username = what_.sasl_username;
      transaction.sasl_method = what_.sasl_username.empty() ? "" : "PLAIN";
      if (what_.declared_size) transaction.declared_size = what_.declared_size;
      else if (what_.size > 0 && !what_.local)
        transaction.declared_size = what_.size;  // as clients do, but sendmail(1)
    }
    if (!ask(Stage::mail)) return Fate::refused;
    std::vector<Address> accepted;
    for (std::size_t i = 0; i < what_.recipients.size(); ++i) {
      const std::string& text = what_.recipients[i];
      const auto recipient =
          envelope_recipient(text, ToldMacros("{rcpt_addr}", what_.resolved[i]), false, policy_->spelling);
      if (!recipient) {
        no_mailbox(Stage::rcpt, text);
        continue;
      }
      policy_door_.transaction().recipient = as_attribute(text);
      milter_.transaction().recipient = what_.resolved[i].empty() ? policy_door_.transaction().recipient : *recipient;
      if (!ask(Stage::rcpt, " " + text)) continue;
      accepted.push_back(milter_.transaction().recipient);
      for (Session* session : {&milter_, &policy_door_}) session->recipient_accepted();
    }
    if (accepted.empty()) return Fate::refused;
    if (accepted.size() < what_.recipients.size())
      std::cout << accepted.size() << " of " << what_.recipients.size() << " recipients are accepted.\n\n";
    for (Session* session : {&milter_, &policy_door_}) {
      Transaction& transaction = session->transaction();
      transaction.recipient = accepted.size() == 1 ? accepted.front() : Address();
      transaction.recipient_count = accepted.size();
    }
    if (!ask(Stage::data)) return Fate::refused;
    if (!what_.headers) std::cout << "No message file was given: facts of the header and the body are unknown.\n\n";
    for (Session* session : {&milter_, &policy_door_}) {
      Transaction& transaction = session->transaction();
      transaction.size = what_.size;
      if (what_.headers) transaction.headers = &*what_.headers;
    }
    if (postponed_) return tell_postponed();
    verify();
    if (!ask(Stage::end_of_message)) return postponed_ ? tell_postponed() : Fate::refused;
    if (what_.headers && policy_->has_milter) tell_results();
    return Fate::taken;
  }

 private:
  // As Postfix hands it to the policy door.
  Address as_attribute(const std::string& path) const {
    return attribute_address(mailbox_in_path(path).value_or(path), *policy_);
  }

  static void no_mailbox(Stage stage, const std::string& path) {
    std::cout << to_string(stage) << ' ' << cleaned(path, false, 300) << "\n  is not a valid mail address\n     "
              << (stage == Stage::mail ? "553 5.1.7" : "553 5.1.3") << "\n\n";
  }

  // As the milter does while the message streams by.
  void verify() {
    if (!what_.headers || !policy_->has_milter) return;
    milter_.begin_message_checks(true);
    read_body(what_.file, [&](std::string_view piece) { milter_.facts().message_body(piece); });
  }

  void tell_results() {
    const auto value = milter_.authentication_results();
    if (value) std::cout << authentication_results_field << ": " << *value << "\n\n";
  }

  void fill(Client& client) const {
    client.address = IpAddress::parse(what_.client_address);
    if (!what_.local) client.port = what_.client_port;
    client.name = what_.client_name;
    client.reverse_name = what_.reverse_client_name;
    if (!what_.client_name.empty() && what_.client_name != "unknown") client.resolved = Resolved::ok;
    client.helo_name = what_.helo;
    client.service = what_.service;
    client.encryption_protocol = what_.encryption_protocol;
    if (what_.local) client.origin = Origin::local;
  }

  // As Dovecot asks when the client gives its login.
  bool ask_login() {
    if (!policy_->has_http || what_.sasl_username.empty()) return true;
    http_.client().service = "smtp";
    http_.transaction().sasl_username = what_.sasl_username;
    return ask(Stage::auth);
  }

  bool ask(Stage stage, const std::string& of = {}) {
    const Door door = stage == Stage::auth                                   ? Door::http
                      : policy_->judges(Door::policy, stage) && !what_.local ? Door::policy
                                                                             : Door::milter;
    if (door == Door::milter && !policy_->has_milter) return true;
    Session& session = door == Door::http ? http_ : door == Door::policy ? policy_door_ : milter_;
    Trace trace;
    const Verdict verdict = session.judge(stage, &trace);
    std::cout << to_string(stage) << of << "  (" << to_string(door) << " door)\n";
    if (trace.rules.empty()) std::cout << "  no rules\n";
    for (const auto& traced : trace.rules) {
      std::cout << "  " << traced.rule->name << "  " << traced.rule->where << '\n';
      for (const auto& cell : traced.cells) {
        constexpr std::string_view words[] = {"no", "yes", "unknown", "could not be asked"};
        if (!cell.outcome) {
          std::cout << "    " << cell.text << "  was not asked: the conditions before it have decided\n";
          continue;
        }
        std::cout << "    " << cell.text << "  is "
                  << (cell.value.empty() ? "(absent)" : cleaned(cell.value, false, 300)) << ": "
                  << words[static_cast<std::size_t>(*cell.outcome)]
                  << (cell.reason.empty() ? "" : "  (" + cleaned(cell.reason, false, 300) + ')') << '\n';
      }
      std::cout << "    -> " << traced.outcome << '\n';
    }
    for (const auto* rule : verdict.shadowed)
      std::cout << "  shadow: " << rule->name << " would " << to_string(rule->action) << '\n';
    std::cout << "  => " << to_string(verdict.action) << (verdict.rule != nullptr ? " by " + verdict.rule->name : "")
              << '\n';
    print(verdict.effects);
    print_keys(*policy_, verdict.effects, what_.headers, session.facts().is_outgoing());
    if (const auto off = session.checks_off(stage).names(); !off.empty())
      std::cout << "  checks turned off: " << off << '\n';
    const bool waits = what_.local && door == Door::milter && verdict.refuses();
    if (!waits) std::cout << "     " << answer_of(verdict, door) << "\n\n";
    else if (postponed_) std::cout << "     (an earlier stage has decided)\n\n";
    else
      std::cout << "     " << (stage == Stage::end_of_message ? "" : "waits for the end of the message: ")
                << answer_of(verdict, door) << "\n\n";
    if (stage == Stage::end_of_message || verdict.refuses()) lookups(session);
    if (!waits) return !verdict.refuses();
    if (!postponed_) postponed_ = Postponed{stage, verdict.reply};
    return stage != Stage::end_of_message;
  }

  // Local mail that a stage has refused (mailweir-rules(5), Local mail): what becomes of it at its end.
  Fate tell_postponed() const {
    const bool held = postponed_->reply.klass() == '4';
    std::cout << "end of the message, decided at " << to_string(postponed_->stage) << ": "
              << (held ? "held: " : "bounced: ") << postponed_->reply.line(true) << "\n\n";
    return held ? Fate::held : Fate::bounced;
  }

  void lookups(Session& session) {
    const auto all = session.facts().lookups();
    if (all.empty()) return;
    std::cout << "lookups, asked of " << asked_ << '\n' << lookup_lines(all) << '\n';
  }

  std::shared_ptr<const Policy> policy_;
  const WhatIf& what_;
  const std::string asked_;  // whom the lookups ask
  Session milter_, policy_door_, http_;
  struct Postponed {
    Stage stage;
    Reply reply;
  };
  std::optional<Postponed> postponed_;  // of local mail: the first refusal
};

}  // namespace

int explain_command(const Arguments& args) {
  auto options = parse(args);
  if (!options) return 0;
  if (!IpAddress::parse(options->what.client_address)) {
    std::cerr << "mailweirctl: --client " << options->what.client_address << " is not an IP address\n";
    return 64;
  }
  if (!options->message.empty() && !read_message(options->message, options->what)) return 1;
  const auto loaded = read_policy_file(options->file);
  if (!loaded) return 1;
  if (!options->verifier.empty()) {
    const auto judge = choose_verifier(options->verifier);
    if (!judge) return wrong_usage(judge.error().what);
    loaded->policy->dkim_judge = *judge;
  }
  const SystemClock clock;
  NullLog log;
  const auto resolver = choose_resolver(options->dns, loaded->config->dns, clock);
  if (!resolver) {
    std::cerr << "mailweirctl: " << resolver.error().what << '\n';
    return 1;
  }
  // As the daemon does before a block list counts.
  DnsblWatch(*resolver->resolver, log).step(loaded->policy->dnsbl, clock.steady(), clock.wall());
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), clock);
  const auto tools = make_dmarc_tools();
  if (!tools) {
    std::cerr << "mailweirctl: " << tools.error().what << '\n';
    return 1;
  }
  const auto counters = make_memory_counters({}, clock);
  Leases leases(*counters);
  StageBoard board;
  EngineStats stats;
  Services services{*resolver->resolver, *counters, log, clock, leases, board, stats, {verifier.get(), tools->get()}};
  const Fate fate = Explainer(services, loaded->policy, options->what, resolver->asked).run();
  std::cout << "The message is " << fate_words[static_cast<std::size_t>(fate)] << ".\n";
  return fate == Fate::taken || fate == Fate::held ? 0 : 1;
}

}  // namespace mailweir
