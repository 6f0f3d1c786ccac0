// SPDX-License-Identifier: BSD-2-Clause
// How commands print their options, and what they say of a word that is missing.
#pragma once

#include <stdexcept>

#include "ctl/command.h"

namespace boost::program_options {
class options_description;
class positional_options_description;
class variables_map;
}  // namespace boost::program_options

namespace mailweir {

// Not of a wrong option: main() tells it without the option's name.
class MissingWord : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

// On the standard output. The caption is a usage line ("Usage: mailweirctl dns flush [NAME]").
void print_help(const boost::program_options::options_description& options);

// boost::program_options::notify() for options with such a caption. A required word that is missing is told as a word:
// throws MissingWord "dkim check needs a DOMAIN; write: mailweirctl dkim check DOMAIN [SELECTOR] [OPTION...]".
void take_values(boost::program_options::variables_map& values,
                 const boost::program_options::options_description& options,
                 const boost::program_options::positional_options_description& words);

// Reads the arguments into the values of the options. False: help was asked for, and printed.
bool read_options(const Arguments& args, const boost::program_options::options_description& options,
                  const boost::program_options::positional_options_description& words);

}  // namespace mailweir
