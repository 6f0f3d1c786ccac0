// SPDX-License-Identifier: BSD-2-Clause
// mailweirctl dkim, mailweirctl dmarc: the checks of a message, by hand.
#include <algorithm>
#include <filesystem>

#include <boost/program_options.hpp>

#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "base/text.h"
#include "check/dkim_verify.h"
#include "check/dmarc.h"
#include "ctl/check_command.h"
#include "ctl/dkim_keys.h"
#include "ctl/message_file.h"
#include "ctl/verifier_choice.h"
#include "mail/address_list.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

// The signatures of a message file. Nothing: told on stderr.
std::optional<DkimResult> verify(const MessageFile& message, const SignatureJudgePtr& judge, Lookups& lookups) {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  const HeaderList headers = message.headers();
  const auto verification = verifier->begin(headers, judge);
  for (const auto& key : verification->keys()) lookups.want(key);
  if (!message.read_body([&](std::string_view piece) { verification->write(piece); })) return {};
  return verification->finish(lookups);
}

void tell_signatures(const DkimResult& result, CheckAnswer& answer) {
  for (std::size_t i = 0; i < result.signatures.size(); ++i) {
    const auto& signature = result.signatures[i];
    answer.more.emplace_back("signature " + std::to_string(i + 1),
                             std::string(to_string(signature.word)) + "  " +
                                 (signature.domain.empty() ? "-" : signature.domain) + ' ' +
                                 (signature.selector.empty() ? "-" : signature.selector) + ' ' + signature.algorithm +
                                 ": " + signature.reason);
  }
}

std::vector<std::string> author_domains(const HeaderList& headers) {
  std::vector<std::string> domains;
  for (const auto& value : headers.values("From"))
    for (const auto& address : parse_address_list(value))
      if (auto domain = to_domain(address.domain());
          domain && domains.size() <= most_author_domains &&
          std::find(domains.begin(), domains.end(), *domain) == domains.end())
        domains.push_back(std::move(*domain));
  return domains;
}

CheckAnswer answer_of(const DmarcResult& result) {
  CheckAnswer answer{std::string(to_string(result.word)), result.reason, {}};
  answer.more.emplace_back("domain", result.domain);
  answer.more.emplace_back("record", result.record);
  answer.more.emplace_back("published", result.published ? std::string(to_string(*result.published)) : std::string());
  answer.more.emplace_back("policy", result.policy ? std::string(to_string(*result.policy)) : std::string());
  return answer;
}

}  // namespace

int dkim_command(const Arguments& args) {
  const std::string first = args.empty() ? std::string() : args.front();
  constexpr std::pair<std::string_view, int (*)(const Arguments&)> commands[] = {
      {"keygen", dkim_keygen}, {"record", dkim_record}, {"check", dkim_check},  {"list", dkim_list},
      {"rotate", dkim_rotate}, {"retire", dkim_retire}, {"import", dkim_import}};
  for (const auto& [name, run] : commands)
    if (first == name) return run({args.begin() + 1, args.end()});
  std::string file, verifier = "builtin";
  CheckCommand command("Usage: mailweirctl dkim FILE [OPTION...]");
  command.options().add_options()("message", po::value(&file)->value_name("FILE")->required(), "the message")(
      "verifier", po::value(&verifier)->value_name("NAME"), verifier_help);
  if (const auto done = command.parse(args, {"message"})) return *done;
  const auto judge = choose_verifier(verifier);
  if (!judge) return wrong_usage(judge.error().what);
  const auto message = read_message(file);
  if (!message) return exit_usage;
  const auto result = verify(*message, *judge, command.lookups());
  if (!result) return wrong_usage(file + " cannot be read to its end");
  CheckAnswer answer{std::string(to_string(result->word)), result->reason, {}};
  tell_signatures(*result, answer);
  return command.answer(answer, result->word == AuthWord::pass);
}

int dmarc_command(const Arguments& args) {
  std::string what, spf_domain, verifier = "builtin";
  std::vector<std::string> signers;
  CheckCommand command("Usage: mailweirctl dmarc FILE|DOMAIN [OPTION...]");
  command.options().add_options()("of", po::value(&what)->value_name("FILE|DOMAIN")->required(),
                                  "the message, or the domain of a From field")(
      "spf-pass", po::value(&spf_domain)->value_name("DOMAIN"), "as if SPF had passed for this domain")(
      "dkim-pass", po::value(&signers)->value_name("DOMAIN")->composing(),
      "as if a signature of this domain had passed; may be given several times")(
      "verifier", po::value(&verifier)->value_name("NAME"), verifier_help);
  if (const auto done = command.parse(args, {"of"})) return *done;
  const auto judge = choose_verifier(verifier);
  if (!judge) return wrong_usage(judge.error().what);

  DmarcEvidence evidence;
  std::vector<std::string> domains;
  std::size_t from_fields = 1;
  std::optional<DkimResult> signatures;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(what, ignored)) {
    const auto message = read_message(what);
    if (!message) return exit_usage;
    const HeaderList headers = message->headers();
    from_fields = headers.count("From");
    domains = author_domains(headers);
    command.lookups().prefetch([domains](Lookups& early) { find_dmarc_records(early, domains, {}); });
    signatures = verify(*message, *judge, command.lookups());
    if (!signatures) return wrong_usage(what + " cannot be read to its end");
    evidence.dkim_domains = signatures->passed();
    evidence.dkim_unasked = signatures->domains(AuthWord::temperror);
  } else {
    const auto domain = to_domain(what);
    if (!domain || what.find('/') != what.npos) return wrong_usage(what + " is not a file or a domain name");
    domains.push_back(*domain);
  }
  for (const auto& signer : signers) {
    const auto domain = to_domain(signer);
    if (!domain) return wrong_usage("--dkim-pass " + signer + " is not a valid domain name");
    evidence.dkim_domains.push_back(*domain);
  }
  if (!spf_domain.empty()) {
    const auto domain = to_domain(spf_domain);
    if (!domain) return wrong_usage("--spf-pass " + spf_domain + " is not a valid domain name");
    evidence.spf_domain = *domain;
    evidence.spf = AuthWord::pass;
  }
  const auto result = dmarc(command.lookups(), from_fields, domains, evidence);
  auto answer = answer_of(result);
  if (signatures) tell_signatures(*signatures, answer);
  return command.answer(answer, result.word == AuthWord::pass);
}

}  // namespace mailweir
