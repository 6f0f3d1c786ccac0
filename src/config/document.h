// SPDX-License-Identifier: BSD-2-Clause
// Document: the policy file and what it includes, parsed but not yet understood. Not a public header of the floor.
#pragma once

#include <list>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "config/problems.h"

namespace mailweir {

struct Document {
  struct File {
    std::string path;
    toml::table table;
  };
  std::list<File> files;  // the main one first, then the included in the order given, each glob sorted
  std::string directory;  // of the main file: relative names start there
  bool whole = true;      // no file was left out because it cannot be read or understood

  // `name` as a path: absolute stays, else below the main file's directory.
  std::string resolve(std::string_view name) const;
};

Document read_document(const std::string& path, Problems& problems);

}  // namespace mailweir
