// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/usage.h"

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>

#include <boost/program_options.hpp>

#include "base/text.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

constexpr std::string_view lead = "Usage: ", program = "mailweirctl ";

std::string text_of(const po::options_description& options) {
  std::ostringstream text;
  text << options;
  return text.str();
}

// "mailweirctl dkim check DOMAIN [SELECTOR] [OPTION...]"; Boost ends it with a colon.
std::string usage_of(const po::options_description& options) {
  const std::string text = text_of(options);
  std::string_view line = std::string_view(text).substr(0, text.find('\n'));
  if (line.starts_with(lead)) line.remove_prefix(lead.size());
  if (line.ends_with(':')) line.remove_suffix(1);
  return std::string(line);
}

// "dkim check": the words in lower case that stand first.
std::string command_in(std::string_view usage) {
  if (usage.starts_with(program)) usage.remove_prefix(program.size());
  std::string command;
  for (const auto word : split(usage, ' ')) {
    if (word.empty() || word[0] < 'a' || word[0] > 'z') break;
    command.append(command.empty() ? "" : " ").append(word);
  }
  return command;
}

}  // namespace

void print_help(const po::options_description& options) {
  std::string text = text_of(options);
  const auto end = text.find('\n');
  if (text.starts_with(lead) && end != text.npos && text[end - 1] == ':') text.replace(end - 1, 1, "\n");
  std::cout << text;
}

void take_values(po::variables_map& values, const po::options_description& options,
                 const po::positional_options_description& words) {
  const auto missing = [&](const std::string& what) {
    const std::string usage = usage_of(options);
    return MissingWord(command_in(usage) + " needs " + what + "; write: " + usage);
  };
  constexpr unsigned most_words = 10;  // the last may stand for any number
  for (unsigned i = 0; i < std::min(words.max_total_count(), most_words); ++i) {
    const std::string name = words.name_for_position(i);
    const auto& option = options.find(name, false);
    if (!option.semantic()->is_required() || values.count(name) != 0) continue;
    const std::string value = option.format_parameter();
    const bool vowel = !value.empty() && std::string_view("AEIOU").find(value[0]) != std::string_view::npos;
    throw missing((vowel ? "an " : "a ") + value);
  }
  try {
    po::notify(values);
  } catch (const po::required_option& option) {
    std::string name = option.get_option_name();
    name.erase(0, name.find_first_not_of('-'));
    throw missing("--" + name + ' ' + options.find(name, false).format_parameter());
  }
}

bool read_options(const Arguments& args, const po::options_description& options,
                  const po::positional_options_description& words) {
  po::variables_map values;
  po::store(po::command_line_parser(args).options(options).positional(words).run(), values);
  if (values.count("help") != 0) {
    print_help(options);
    return false;
  }
  take_values(values, options, words);
  return true;
}

}  // namespace mailweir
