// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/key_options.h"

#include <ctime>
#include <fstream>
#include <iostream>

#include <boost/program_options.hpp>

#include "base/duration.h"
#include "check/key_record.h"
#include "check/signing_keys.h"
#include "ctl/check_command.h"
#include "ctl/usage.h"
#include "mail/domain.h"

namespace mailweir {

namespace po = boost::program_options;

std::string selector_of_today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "mw%Y%m", &parts));
}

std::optional<std::vector<std::string>> domains_of(std::vector<std::string> words, const std::string& file,
                                                   bool may_be_none) {
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
  if (words.empty() && !may_be_none) {
    std::cerr << "mailweirctl dkim: name at least one domain\n";
    good = false;
  }
  return good ? std::optional(words) : std::nullopt;
}

std::optional<std::chrono::seconds> span_of(std::string_view option, const std::string& text) {
  if (const auto span = parse_duration(text)) return std::chrono::duration_cast<std::chrono::seconds>(*span);
  wrong_usage(std::string(option) + ' ' + text + " is not a time; write 7d, for example");
  return {};
}

void RecordForms::add_to(po::options_description& options) {
  options.add_options()("form", po::value(&form)->value_name("FORM"),
                        "zone: lines of a zone file (the default); text: name and text, for web forms; cname: a CNAME "
                        "to the hoster's zone, and the record there")(
      "hoster", po::value(&hoster)->value_name("DOMAIN"), "the domain of the hoster, for cname");
}

bool RecordForms::check() {
  const auto wrong = [](const std::string& why) {
    wrong_usage(why);
    return false;
  };
  if (form != "zone" && form != "text" && form != "cname") return wrong("--form is zone, text or cname");
  if (hoster.empty()) return form != "cname" || wrong("--form cname needs --hoster DOMAIN");
  const auto domain = to_domain(hoster);
  if (!domain) return wrong("--hoster " + hoster + " is not a valid domain name");
  hoster = *domain;
  return true;
}

std::string RecordForms::lines(const DkimKey& key) const {
  const std::string name = name_of(key), text = key_record(*key.signer);
  if (form == "text") return name + "\n  " + text + '\n';
  if (form == "zone") return txt_line(name, text) + '\n';
  const std::string there = delegated_name(key, hoster);
  return name + ". IN CNAME " + there + ".\n" + txt_line(there, text) + '\n';
}

bool parsed(po::options_description& options, const Arguments& args, std::initializer_list<const char*> words,
            int& status) {
  options.add_options()("help,h", "print this");
  po::positional_options_description positions;
  for (const char* word : words) positions.add(word, word == *(words.end() - 1) ? -1 : 1);
  po::variables_map values;
  po::store(po::command_line_parser(args).options(options).positional(positions).run(), values);
  if (values.count("help") != 0) {
    print_help(options);
    status = EXIT_SUCCESS;
    return false;
  }
  take_values(values, options, positions);
  return true;
}

std::optional<std::vector<KindOfKey>> kinds_of(const std::string& type, const std::string& selector) {
  if (type == "rsa") return std::vector<KindOfKey>{{KeyKind::rsa, selector}};
  if (type == "ed25519") return std::vector<KindOfKey>{{KeyKind::ed25519, selector}};
  if (type == "both") return std::vector<KindOfKey>{{KeyKind::rsa, selector}, {KeyKind::ed25519, selector + 'e'}};
  return {};
}

}  // namespace mailweir
