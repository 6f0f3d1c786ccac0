// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/key_import.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "adapter/keys/key_table.h"
#include "adapter/keys/signing_table.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_text = 256 << 20;

Result<std::string> text_of(const std::string& path) {
  std::error_code failure;
  const auto size = fs::file_size(path, failure);
  if (failure) return Error{path + ": " + failure.message()};
  if (size > most_text) return Error{path + ": is too large"};
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{path + ": cannot be read"};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string shown(std::string_view text) { return '"' + cleaned(text, false, 100) + '"'; }

// --- opendkim --------------------------------------------------------------------------------------------------------

// The settings of opendkim.conf(5): NAME VALUE, the names in any letter case.
std::map<std::string, std::string> settings_of(const std::string& text) {
  std::map<std::string, std::string> all;
  for (auto line : split(text, '\n')) {
    line = trimmed(line.substr(0, line.find('#')));
    const auto blank = line.find_first_of(" \t");
    if (blank != line.npos) all[folded(line.substr(0, blank))] = trimmed(line.substr(blank));
  }
  return all;
}

// The author's domain that a row is for: "*@example.com", "example.com", "a@example.com". Empty: not one domain.
struct RowAuthor {
  std::string domain;
  bool one_address = false, below = false;
};
RowAuthor author_of(std::string_view pattern) {
  RowAuthor author;
  const auto at = pattern.rfind('@');
  author.one_address = at != pattern.npos && pattern.substr(0, at) != "*";
  auto name = at == pattern.npos ? pattern : pattern.substr(at + 1);
  author.below = name.starts_with('.') || name.starts_with("*.");
  if (author.below) name.remove_prefix(name.find('.') + 1);
  if (const auto domain = to_domain(name); domain && is_plain_name(*domain)) author.domain = *domain;
  return author;
}

Result<DataSet> data_set(const char* setting, const std::string& value) {
  const auto place = data_set_place(setting, value);
  if (!place) return place.error();
  auto loaded = read_data_set(*place);
  if (!loaded) return loaded.error();
  return std::move(loaded->set);
}

void add_rows(const DataSet& authors, const KeyTable& keys, const DataSet& key_rows, KeysToImport& found) {
  std::set<std::uint32_t> named;
  for (const auto& row : authors.rows()) {
    const std::string where = authors.where(row);
    const RowAuthor author = author_of(row.key);
    const auto choice = SigningTable::choice_of(row, author.domain.empty() ? "%" : author.domain);
    if (!choice) {
      found.left_out.push_back(where + ": " + choice.error().what);
      continue;
    }
    const auto* key = keys.find(choice->key_name);
    if (key == nullptr) {
      found.left_out.push_back(where + ": the key table has no " + shown(choice->key_name));
      continue;
    }
    named.insert(key->number);
    const auto place = KeyTable::place_of(*key, author.domain);
    if (!place) {
      found.left_out.push_back(where + ": " + place.error().what + (author.domain.empty() ? "; name the domains" : ""));
      continue;
    }
    if (author.domain != place->domain || author.below)
      found.remarks.push_back(where + ": mail of " + shown(row.key) + " is signed for " + place->domain +
                              ", which a key in the directory does not do; a [[dkim.key]] or a rule's sign can");
    else if (author.one_address)
      found.remarks.push_back(where + ": the key will sign all mail of " + place->domain + ", not only that of " +
                              shown(row.key));
    if (!choice->signer.empty())
      found.remarks.push_back(where + ": the signer " + shown(choice->signer) + " (i=) is not taken");
    found.add(keys.where(*key), {place->domain, place->selector, place->key, place->is_path});
  }
  for (const auto& row : key_rows.rows())
    if (!named.contains(row.number))
      found.left_out.push_back(key_rows.where(row) + ": the key signs nothing: no row of the signing table names " +
                               shown(row.key));
}

// --- rspamd ----------------------------------------------------------------------------------------------------------

Result<std::map<std::string, std::string>> map_of(const std::string& path) {
  std::map<std::string, std::string> rows;
  if (path.empty()) return rows;
  const auto text = text_of(path);
  if (!text) return text.error();
  for (auto line : split(*text, '\n')) {
    const auto parts = words(trimmed(line.substr(0, line.find('#'))));
    if (parts.size() >= 2) rows.emplace(folded(parts[0]), std::string(parts[1]));
  }
  return rows;
}

std::string filled(std::string text, std::string_view domain, std::string_view selector) {
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>("$domain", domain),
                                    std::pair<std::string_view, std::string_view>("$selector", selector)})
    for (auto at = text.find(name); at != text.npos; at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  return text;
}

// Files DOMAIN.SELECTOR.key; the selector is what the map says, or the last label.
Result<void> add_directory(const std::string& directory, const std::map<std::string, std::string>& selectors,
                           KeysToImport& found) {
  constexpr std::string_view ending = ".key";
  std::error_code failure;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(directory, failure), end; !failure && entry != end; entry.increment(failure))
    names.push_back(entry->path().filename().string());
  if (failure) return Error{directory + ": " + failure.message()};
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    const std::string path = directory + '/' + name;
    if (!name.ends_with(ending) || name.starts_with('.')) continue;
    const std::string stem = name.substr(0, name.size() - ending.size());
    auto dot = stem.rfind('.');
    for (const auto& [domain, selector] : selectors)
      if (stem == domain + '.' + selector) dot = domain.size();
    if (dot == stem.npos || dot == 0) {
      found.left_out.push_back(path + ": the name is not DOMAIN.SELECTOR.key");
      continue;
    }
    const auto other = selectors.find(folded(stem.substr(0, dot)));
    const std::string selector = stem.substr(dot + 1);
    if (other != selectors.end() && other->second != selector)
      found.left_out.push_back(path + ": the key signs nothing: the selector of its domain is " + other->second);
    else found.add(path, {stem.substr(0, dot), selector, path});
  }
  return {};
}

// --- files of opendkim-genkey ----------------------------------------------------------------------------------------

bool is_key_name(const fs::path& path) {
  const auto ending = path.extension();
  return ending == ".private" || ending == ".pem" || ending == ".key";
}

// "...; ----- DKIM key default for example.com"
std::optional<std::string> domain_in(const fs::path& record) {
  constexpr std::string_view before = "DKIM key ", between = " for ";
  const auto text = text_of(record.string());
  if (!text) return {};
  const auto at = text->find(before);
  const auto name = at == text->npos ? text->npos : text->find(between, at);
  if (name == text->npos) return {};
  const auto rest = std::string_view(*text).substr(name + between.size());
  return std::string(rest.substr(0, rest.find_first_of(" \t\r\n")));
}

}  // namespace

void KeysToImport::add(const std::string& where, KeyToImport key) {
  const auto domain = to_domain(key.domain), selector = to_domain(key.selector);
  if (!domain || !is_plain_name(*domain)) {
    left_out.push_back(where + ": " + shown(key.domain) + " is not a valid domain name");
    return;
  }
  if (!selector || !is_plain_name(*selector)) {
    left_out.push_back(where + ": " + shown(key.selector) + " is not a selector");
    return;
  }
  key.domain = *domain;
  key.selector = *selector;
  const auto same = std::ranges::find_if(
      keys, [&](const KeyToImport& one) { return one.domain == key.domain && one.selector == key.selector; });
  if (same == keys.end()) keys.push_back(std::move(key));
  else if (same->key != key.key)
    left_out.push_back(where + ": " + key.selector + "._domainkey." + key.domain + " has another key already");
}

Result<KeysToImport> find_opendkim_keys(const OpendkimSettings& settings) {
  KeysToImport found;
  std::map<std::string, std::string> written;
  if (!settings.config_file.empty()) {
    const auto text = text_of(settings.config_file);
    if (!text) return text.error();
    written = settings_of(*text);
  }
  const std::string key_table = settings.key_table.empty() ? written["keytable"] : settings.key_table;
  const std::string signing_table = settings.signing_table.empty() ? written["signingtable"] : settings.signing_table;
  if (key_table.empty()) {  // one key for a list of domains
    const std::string domains = written["domain"], selector = written["selector"], file = written["keyfile"];
    if (domains.empty() || selector.empty() || file.empty())
      return Error{settings.config_file + ": has neither a KeyTable nor Domain, Selector and KeyFile"};
    for (const auto domain : split(domains, ','))
      found.add(settings.config_file, {std::string(trimmed(domain)), selector, file});
    return found;
  }
  if (signing_table.empty()) return Error{"there is a KeyTable without a SigningTable; it signs nothing"};
  const auto keys = data_set("KeyTable", key_table), authors = data_set("SigningTable", signing_table);
  if (!keys) return keys.error();
  if (!authors) return authors.error();
  const KeyTable table(*keys);
  if (table.has_patterns()) return Error{key_table + ": a KeyTable of patterns does not say which keys there are"};
  add_rows(*authors, table, *keys, found);
  return found;
}

Result<KeysToImport> find_rspamd_keys(const RspamdSettings& settings) {
  KeysToImport found;
  const auto paths = map_of(settings.path_map), selectors = map_of(settings.selector_map);
  if (!paths) return paths.error();
  if (!selectors) return selectors.error();
  std::error_code ignored;
  const bool directory = !settings.path.empty() && fs::is_directory(settings.path, ignored);
  const std::string pattern = directory ? settings.path + "/$domain.$selector.key" : settings.path;
  if (directory && paths->empty()) {
    if (auto added = add_directory(settings.path, *selectors, found); !added) return added.error();
    return found;
  }
  if (!settings.path.empty() && !directory && pattern.find('$') == pattern.npos)
    return Error{settings.path + ": is neither a directory nor a path with $domain"};
  std::set<std::string> domains;
  for (const auto* map : {&*paths, &*selectors})
    for (const auto& [domain, value] : *map) domains.insert(domain);
  if (domains.empty()) return Error{"name a directory of keys, or maps with their domains"};
  for (const auto& domain : domains) {
    const auto selector = selectors->find(domain), path = paths->find(domain);
    const std::string name = selector != selectors->end() ? selector->second : settings.selector;
    const std::string file = path != paths->end() ? path->second : pattern;
    if (file.empty()) found.left_out.push_back(domain + ": the map of paths does not have it");
    else found.add(domain, {domain, name, filled(file, domain, name)});
  }
  return found;
}

Result<KeysToImport> find_genkey_keys(const std::string& directory) {
  KeysToImport found;
  std::error_code failure;
  std::vector<fs::path> files;
  const auto list = [&](const fs::path& place) {
    std::vector<fs::path> entries;
    for (fs::directory_iterator entry(place, failure), end; !failure && entry != end; entry.increment(failure))
      if (!entry->path().filename().string().starts_with('.')) entries.push_back(entry->path());
    std::sort(entries.begin(), entries.end());
    return entries;
  };
  for (const auto& entry : list(directory)) {
    std::error_code ignored;
    if (!fs::is_directory(entry, ignored)) files.push_back(entry);
    else
      for (const auto& inner : list(entry)) files.push_back(inner);
    if (failure) return Error{entry.string() + ": " + failure.message()};
  }
  if (failure) return Error{directory + ": " + failure.message()};
  for (const auto& file : files) {
    if (!is_key_name(file)) continue;
    fs::path record = file;
    record.replace_extension(".txt");
    auto domain = domain_in(record);
    if (!domain && file.parent_path() != fs::path(directory)) domain = file.parent_path().filename().string();
    if (domain) found.add(file.string(), {*domain, file.stem().string(), file.string()});
    else
      found.left_out.push_back(file.string() + ": its domain is not known; " + record.string() + " does not name it");
  }
  std::map<std::string, int> count;
  for (const auto& key : found.keys) ++count[key.domain];
  for (auto& key : found.keys) key.signs = count[key.domain] == 1;
  return found;
}

}  // namespace mailweir
