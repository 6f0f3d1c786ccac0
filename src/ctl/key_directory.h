// SPDX-License-Identifier: BSD-2-Clause
// KeyDirectory: the directory of signing keys that a command of the tool works in, and who owns what is put there:
// --dir and
// --user, else what the policy file says.
#pragma once

#include <string>

#include "port/key_source.h"

namespace boost::program_options {
class options_description;
}

namespace mailweir {

struct KeyDirectory {
  std::string folder, user;

  // --config, --dir and --user. The object must outlive the parsing.
  void add_to(boost::program_options::options_description& options);
  // After the parsing: from now on folder and user are what they shall be. False: the policy file has errors, which
  // were told.
  bool settle();
  // The keys there; those that belong to `user` too, whoever runs the tool. It holds one domain at a time.
  KeySourcePtr keys() const;

 private:
  std::string config_;
};

}  // namespace mailweir
