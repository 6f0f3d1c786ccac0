// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/dkim_keys.h"

#include <iostream>

#include <boost/program_options.hpp>

#include "check/key_life.h"
#include "ctl/check_command.h"
#include "ctl/key_directory.h"
#include "ctl/key_options.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

}  // namespace

int dkim_keygen(const Arguments& args) {
  std::vector<std::string> words;
  std::string file, selector = selector_of_today(), type = "rsa";
  KeyDirectory place;
  unsigned bits = 2048;
  RecordForms forms;
  po::options_description options("Usage: mailweirctl dkim keygen DOMAIN... [OPTION...]");
  options.add_options()("domain", po::value(&words)->value_name("DOMAIN"), "whose mail the key signs")(
      "from", po::value(&file)->value_name("FILE"), "a file with a domain on each line; - is the standard input")(
      "selector", po::value(&selector)->value_name("NAME"), "the first part of the record's name (mwYEARMONTH)")(
      "type", po::value(&type)->value_name("TYPE"),
      "rsa (the default), ed25519, or both: the Ed25519 key has an e behind its selector")(
      "bits", po::value(&bits)->value_name("N"), "of an RSA key: 2048 (the default) to 4096");
  place.add_to(options);
  forms.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, {"domain"}, status)) return status;
  const auto kinds = kinds_of(type, selector);
  if (!kinds) return wrong_usage("--type " + type + " is unknown; write rsa, ed25519 or both");
  if (!is_plain_name(selector))
    return wrong_usage("--selector " + selector + " is not a name of the DNS in lower case");
  if (!forms.check()) return exit_usage;
  const auto domains = domains_of(words, file);
  if (!domains) return exit_usage;

  if (!place.settle()) return exit_usage;
  if (!place.can_write()) return exit_usage;
  for (const auto& domain : *domains) {
    for (const auto& kind : *kinds) {
      const auto made = place.make(domain, kind.selector, kind.kind, bits);
      if (!made) {
        std::cerr << "mailweirctl dkim keygen: " << made.error().what << '\n';
        status = EXIT_FAILURE;
        continue;
      }
      std::cout << forms.lines(*made);
      place.note(new_key_row(*made, KeyState::pending, system_clock().wall()));
    }
  }
  return status;
}

int dkim_record(const Arguments& args) {
  std::vector<std::string> words;
  std::string file;
  KeyDirectory place;
  RecordForms forms;
  po::options_description options("Usage: mailweirctl dkim record DOMAIN... [OPTION...]");
  options.add_options()("domain", po::value(&words)->value_name("DOMAIN"), "whose keys are to be published")(
      "from", po::value(&file)->value_name("FILE"), "a file with a domain on each line; - is the standard input");
  place.add_to(options);
  forms.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, {"domain"}, status)) return status;
  if (!forms.check()) return exit_usage;
  const auto domains = domains_of(words, file);
  if (!domains) return exit_usage;
  if (!place.settle()) return exit_usage;
  for (const auto& domain : *domains) {
    const KeysFound found = place.keys().look(domain, Deadline::in(KeyDirectory::patience));
    for (const auto& trouble : found.troubles) std::cerr << "mailweirctl dkim record: " << trouble << '\n';
    for (const auto& key : found.keys) std::cout << forms.lines(*key);
    if (found.keys.empty() && found.troubles.empty())
      std::cerr << "mailweirctl dkim record: " << domain << " has no key in " << place.name() << '\n';
    if (found.keys.empty() || !found.troubles.empty()) status = EXIT_FAILURE;
  }
  return status;
}

}  // namespace mailweir
