// SPDX-License-Identifier: BSD-2-Clause
#include "config/problems.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace mailweir {
namespace {

std::string line_of(const Place& place, std::string_view key, std::string_view why) {
  std::string line = place.to_string() + ": ";
  if (!key.empty()) line += std::string(key) + ": ";
  line += why;
  return cleaned(line, false, line.size());  // a quoted key may hold anything
}

// Edits that turn one word into the other (Levenshtein), case aside.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Place::to_string() const {
  if (line == 0) return file;
  return file + ':' + std::to_string(line) + ':' + std::to_string(column);
}

void Problems::error(const Place& place, std::string_view key, std::string_view why) {
  errors_.push_back({place, line_of(place, key, why)});
}

void Problems::warning(const Place& place, std::string_view key, std::string_view why) {
  warnings_.push_back({place, line_of(place, key, why)});
}

void Problems::unusable_key(const Place& place, std::string_view key, std::string_view why) {
  warning(place, key, why);
  unusable_keys_.push_back(warnings_.back().line);
}

std::vector<std::string> Problems::in_order(std::vector<Problem> problems, const std::vector<std::string>& files) {
  const auto rank = [&](const Problem& problem) {
    return std::tuple(std::find(files.begin(), files.end(), problem.place.file) - files.begin(), problem.place.line,
                      problem.place.column);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return rank(a) < rank(b); });
  std::vector<std::string> lines;
  for (auto& problem : problems) lines.push_back(std::move(problem.line));
  return lines;
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  if (name.size() > 60) return best;
  for (const auto candidate : candidates) {
    const bool cut_short = name.size() >= 4 && candidate.starts_with(name);  // sasl_user
    const auto edits = cut_short ? 1 : distance(name, candidate);
    // Of a word of two letters one must have stayed.
    if (edits >= least || edits >= name.size()) continue;
    least = edits;
    best = candidate;
  }
  return best;
}

}  // namespace mailweir
