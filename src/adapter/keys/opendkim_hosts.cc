// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/opendkim_hosts.h"

#include <unordered_map>
#include <utility>

#include "adapter/keys/data_set.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::size_t most_warnings = 20;

class DataSetHosts final : public HostList {
 public:
  // Why the entry is never found; empty: it may be.
  std::string add(std::string_view entry) {
    const bool in = !entry.starts_with('!');
    if (!in) entry.remove_prefix(1);
    if (auto network = network_of(entry)) {
      networks_.try_emplace(key_of(network->address(), network->prefix()), in);
      return {};
    }
    if (entry.find('/') != entry.npos) return "is not a network: " + cleaned(entry, false, 100);
    const auto name = to_domain(entry.starts_with('.') ? entry.substr(1) : entry);
    if (!name) return "is neither an address nor a host name: " + cleaned(entry, false, 100);
    names_.try_emplace((entry.starts_with('.') ? "." : "") + *name, in);
    return {};
  }

  bool contains(const std::optional<IpAddress>& address, std::string_view name) const override {
    if (const auto domain = to_domain(name)) {
      if (const auto found = names_.find(*domain); found != names_.end()) return found->second;
      for (auto at = domain->find('.'); at != domain->npos; at = domain->find('.', at + 1))
        if (const auto found = names_.find(std::string_view(*domain).substr(at)); found != names_.end())
          return found->second;
    }
    if (!address) return false;
    for (unsigned prefix = address->is_v4() ? 32 : 128;; --prefix) {
      if (const auto found = networks_.find(key_of(address->masked(prefix), prefix)); found != networks_.end())
        return found->second;
      if (prefix == 0) return false;
    }
  }

 private:
  // "[192.0.2.1]" and "[192.0.2.0]/24" are addresses too.
  static std::optional<Network> network_of(std::string_view entry) {
    std::string plain;
    for (const char c : entry)
      if (c != '[' && c != ']') plain += c;
    const auto slash = plain.find('/');
    if (slash != plain.npos && plain.find('.', slash) != plain.npos) return {};  // OpenDKIM knows no netmasks
    return Network::parse(plain);
  }
  static std::string key_of(const IpAddress& address, unsigned prefix) {
    std::string key(address.is_v4() ? "4" : "6");
    key += static_cast<char>(prefix);
    key.append(reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size());
    return key;
  }

  std::unordered_map<std::string, bool, TextHash, std::equal_to<>> names_, networks_;  // the first of an entry counts
};

}  // namespace

Result<LoadedHosts> read_opendkim_hosts(std::string_view setting, std::string_view value) {
  auto place = data_set_place(setting, value);
  if (!place) return place.error();
  if (place->kind == DataSetKind::patterns)
    return Error{std::string(setting) + ": refile: is for tables; write file:PATH"};
  DataSet set;
  if (place->is_file()) {
    auto loaded = read_data_set(*place);
    if (!loaded) return loaded.error();
    set = std::move(loaded->set);
  } else {
    set = DataSet(*place, place->text);
  }
  LoadedHosts result;
  auto hosts = std::make_shared<DataSetHosts>();
  for (const auto& row : set.rows()) {
    const auto why = hosts->add(row.key);
    if (!why.empty() && result.warnings.size() < most_warnings) result.warnings.push_back(set.where(row) + ": " + why);
  }
  result.hosts = std::move(hosts);
  return result;
}

}  // namespace mailweir
