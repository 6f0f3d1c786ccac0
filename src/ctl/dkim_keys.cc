// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/dkim_keys.h"

#include <ctime>
#include <fstream>
#include <iostream>
#include <optional>

#include <unistd.h>

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "adapter/keys/key_file.h"
#include "adapter/keys/key_folder.h"
#include "adapter/keys/make_key.h"
#include "adapter/keys/openssl_signer.h"
#include "check/key_record.h"
#include "check/signing_keys.h"
#include "ctl/check_command.h"
#include "ctl/key_directory.h"
#include "ctl/usage.h"
#include "mail/domain.h"
#include "start/privileges.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

constexpr std::chrono::seconds patience{10};  // for a folder on a slow disk

// "mw202611": the month in which the key is made says how old it is.
std::string selector_of_today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "mw%Y%m", &parts));
}

// Domains of the command line, or of a file with one a line ("-": the standard input). Nothing: said why.
std::optional<std::vector<std::string>> domains_of(std::vector<std::string> words, const std::string& file) {
  if (!file.empty()) {
    std::ifstream opened;
    if (file != "-") opened.open(file);
    std::istream& in = file == "-" ? std::cin : opened;
    if (!in) {
      std::cerr << "mailweirctl dkim: " << file << " cannot be read\n";
      return {};
    }
    for (std::string line; std::getline(in, line);)
      if (const auto word = trimmed(line.substr(0, line.find('#'))); !word.empty()) words.emplace_back(word);
  }
  bool good = true;
  for (auto& word : words) {
    const auto domain = to_domain(word);
    if (domain && is_plain_name(*domain)) {
      word = *domain;
      continue;
    }
    std::cerr << "mailweirctl dkim: \"" << cleaned(word, false, 300) << "\" is not a valid domain name\n";
    good = false;
  }
  if (words.empty()) std::cerr << "mailweirctl dkim: name at least one domain\n";
  return good && !words.empty() ? std::optional(words) : std::nullopt;
}

struct Forms {
  std::string form = "zone", hoster;

  void add_to(po::options_description& options) {
    options.add_options()(
        "form", po::value(&form)->value_name("FORM"),
        "zone: lines of a zone file (the default); text: name and text, for web forms; cname: a CNAME "
        "to the hoster's zone, and the record there")("hoster", po::value(&hoster)->value_name("DOMAIN"),
                                                      "the domain of the hoster, for cname");
  }
  // Whether they fit; else it was said.
  bool check() {
    if (form != "zone" && form != "text" && form != "cname") return wrong("--form is zone, text or cname");
    if (hoster.empty()) return form != "cname" || wrong("--form cname needs --hoster DOMAIN");
    const auto domain = to_domain(hoster);
    if (!domain) return wrong("--hoster " + hoster + " is not a valid domain name");
    hoster = *domain;
    return true;
  }
  std::string lines(const DkimKey& key) const {
    const std::string name = name_of(key), text = key_record(*key.signer);
    if (form == "text") return name + "\n  " + text + '\n';
    if (form == "zone") return txt_line(name, text) + '\n';
    const std::string there = delegated_name(key, hoster);
    return name + ". IN CNAME " + there + ".\n" + txt_line(there, text) + '\n';
  }

 private:
  static bool wrong(const std::string& why) {
    wrong_usage(why);
    return false;
  }
};

// False: all was said, with this exit status.
bool parsed(po::options_description& options, const Arguments& args, const char* words, int& status) {
  options.add_options()("help,h", "print this");
  po::positional_options_description positions;
  positions.add(words, -1);
  po::variables_map values;
  po::store(po::command_line_parser(args).options(options).positional(positions).run(), values);
  if (values.count("help") != 0) {
    print_help(options);
    status = EXIT_SUCCESS;
    return false;
  }
  po::notify(values);
  return true;
}

struct KindOfKey {
  KeyKind kind;
  std::string selector;
};

std::optional<std::vector<KindOfKey>> kinds_of(const std::string& type, const std::string& selector) {
  if (type == "rsa") return std::vector<KindOfKey>{{KeyKind::rsa, selector}};
  if (type == "ed25519") return std::vector<KindOfKey>{{KeyKind::ed25519, selector}};
  if (type == "both") return std::vector<KindOfKey>{{KeyKind::rsa, selector}, {KeyKind::ed25519, selector + 'e'}};
  return {};
}

}  // namespace

int dkim_keygen(const Arguments& args) {
  std::vector<std::string> words;
  std::string file, selector = selector_of_today(), type = "rsa";
  KeyDirectory place;
  unsigned bits = 2048;
  Forms forms;
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
  if (!parsed(options, args, "domain", status)) return status;
  const auto kinds = kinds_of(type, selector);
  if (!kinds) return wrong_usage("--type " + type + " is unknown; write rsa, ed25519 or both");
  if (!is_plain_name(selector))
    return wrong_usage("--selector " + selector + " is not a name of the DNS in lower case");
  if (!forms.check()) return exit_usage;
  const auto domains = domains_of(words, file);
  if (!domains) return exit_usage;

  if (!place.settle()) return exit_usage;
  KeyFile where{place.folder, {}, {}, {}};
  if (::geteuid() == 0) {
    const auto owner = find_identity(place.user);
    if (!owner) return wrong_usage("--user: " + owner.error().what);
    where.owner = {owner->uid, owner->gid};
  }
  for (const auto& domain : *domains) {
    for (const auto& kind : *kinds) {
      where.domain = domain;
      where.selector = kind.selector;
      const auto pem = make_private_key(kind.kind, bits);
      if (!pem) return wrong_usage(pem.error().what);
      const auto path = write_key_file(where, *pem);
      const auto made = path ? load_signing_key(*path) : Result<LoadedKey>(path.error());
      if (!made) {
        std::cerr << "mailweirctl dkim keygen: " << made.error().what << '\n';
        status = EXIT_FAILURE;
        continue;
      }
      std::cerr << "made " << *path << '\n';
      std::cout << forms.lines({domain, kind.selector, made->signer, false});
    }
  }
  return status;
}

int dkim_record(const Arguments& args) {
  std::vector<std::string> words;
  std::string file;
  KeyDirectory place;
  Forms forms;
  po::options_description options("Usage: mailweirctl dkim record DOMAIN... [OPTION...]");
  options.add_options()("domain", po::value(&words)->value_name("DOMAIN"), "whose keys are to be published")(
      "from", po::value(&file)->value_name("FILE"), "a file with a domain on each line; - is the standard input");
  place.add_to(options);
  forms.add_to(options);
  int status = EXIT_SUCCESS;
  if (!parsed(options, args, "domain", status)) return status;
  if (!forms.check()) return exit_usage;
  const auto domains = domains_of(words, file);
  if (!domains) return exit_usage;
  if (!place.settle()) return exit_usage;
  const auto keys = place.keys();
  for (const auto& domain : *domains) {
    const KeysFound found = keys->find(domain, Deadline::in(patience));
    for (const auto& trouble : found.news) std::cerr << "mailweirctl dkim record: " << trouble << '\n';
    for (const auto& key : found.keys) std::cout << forms.lines(*key);
    if (found.keys.empty() && found.news.empty())
      std::cerr << "mailweirctl dkim record: " << domain << " has no key in " << place.folder << '\n';
    if (found.keys.empty() || !found.troubles.empty()) status = EXIT_FAILURE;
  }
  return status;
}

}  // namespace mailweir
