// SPDX-License-Identifier: BSD-2-Clause
// What the commands of mailweirctl dkim that work with keys have in common: how domains are named, which form records
// are printed in, which kinds of keys are made.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.h"
#include "port/key_source.h"

namespace boost::program_options {
class options_description;
}

namespace mailweir {

// "mw202611": the month in which the key is made says how old it is.
std::string selector_of_today();

// Domains of the command line, or of a file with one a line ("-": the standard input). Nothing: said why. With
// `may_be_none` there need not be any.
std::optional<std::vector<std::string>> domains_of(std::vector<std::string> words, const std::string& file,
                                                   bool may_be_none = false);

// The time that an option of this name was given. Nothing: said why.
std::optional<std::chrono::seconds> span_of(std::string_view option, const std::string& text);

struct RecordForms {
  std::string form = "zone", hoster;

  void add_to(boost::program_options::options_description& options);
  // Whether they fit; else it was said.
  bool check();
  std::string lines(const DkimKey& key) const;
};

// False: all was said, with this exit status. `words`: the options that words without a dash stand for, in this order,
// the last for all that follow.
bool parsed(boost::program_options::options_description& options, const Arguments& args,
            std::initializer_list<const char*> words, int& status);

struct KindOfKey {
  KeyKind kind;
  std::string selector;
};
// "rsa", "ed25519", "both": the Ed25519 key then has an e behind its selector. Nothing: another word.
std::optional<std::vector<KindOfKey>> kinds_of(const std::string& type, const std::string& selector);

}  // namespace mailweir
