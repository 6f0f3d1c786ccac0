// SPDX-License-Identifier: BSD-2-Clause
// How mailweirctl asks the running daemon: a command's options, and requests at the admin door.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctl/command.h"

namespace mailweir {

struct Asked {
  std::string socket;
  bool json = false;
};
// An option with a value, or a word that may be written as one.
struct TextOption {
  std::string name, value_name, help;
  std::string* value;
  bool may_be_missing = false;  // of a word
};
struct DaemonAnswer {
  int status = 0;  // HTTP's
  std::string body;
};
using Parameters = std::vector<std::pair<std::string, std::string>>;
inline constexpr int exit_no_answer = 69;  // sysexits.h: EX_UNAVAILABLE

// --socket, --json and --help, `options`, and `words` in their order, those wanted that may not be
// missing. Nothing: the help was asked for
// and printed. Throws boost::program_options::error, which main() tells.
std::optional<Asked> parse_asked(const Arguments& args, const std::string& usage,
                                 const std::vector<TextOption>& options = {},
                                 const std::vector<TextOption>& words = {});
// Nothing: there was no answer, and it was said why.
std::optional<DaemonAnswer> ask_daemon(const Asked& asked, const std::string& path, const Parameters& parameters = {});
std::optional<DaemonAnswer> tell_daemon(const Asked& asked, const std::string& path,
                                        const Parameters& parameters = {});  // POST

}  // namespace mailweir
