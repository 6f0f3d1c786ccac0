// SPDX-License-Identifier: BSD-2-Clause
// DkimKey: a private key under its name in the DNS, SELECTOR._domainkey.DOMAIN. KeySource: a place that has the keys of
// many domains, which come and go while the daemon runs. AuthorKeySource: one that knows them by the author's whole
// address. All are thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "port/signer.h"

namespace mailweir {

struct DkimKey {
  std::string domain, selector;  // d=, s=: in to_domain's spelling (A-labels: RFC 8616)
  SignerPtr signer;
  bool subdomains = false;  // signs mail from below the domain too
  WallTime written{};       // when its file was last changed; 1970: not known
  std::string identity{};   // i=, at or below the domain; "": none
};
using DkimKeyPtr = std::shared_ptr<const DkimKey>;

// What a place has for one domain.
struct KeysFound {
  std::vector<DkimKeyPtr> keys;       // in the order of their selectors
  std::vector<DkimKeyPtr> pending;    // do not sign yet: their records are not yet seen in the DNS (key_states.h)
  std::vector<std::string> troubles;  // "PLACE: why", a key that is there and cannot be used
  bool unreachable = false;           // the place could not be asked: it may have keys
  std::vector<std::string> news;      // what the log should have once: given to the first that asks after it was found

  void add(KeysFound other);
};

class KeySource {
 public:
  virtual ~KeySource() = default;
  // The keys of exactly this domain, which is in to_domain's spelling. Never fails: see KeysFound. May wait, not longer
  // than until the deadline.
  virtual KeysFound find(const std::string& domain, Deadline deadline) = 0;
  // "dir:/var/lib/mailweir/dkim", for messages.
  virtual const std::string& name() const = 0;
};
using KeySourcePtr = std::shared_ptr<KeySource>;

class AuthorKeySource {
 public:
  virtual ~AuthorKeySource() = default;
  // The keys for mail from local@domain, in the order in which they sign: the local part as it stands in the From
  // field, the domain in to_domain's spelling. Never fails: see KeysFound. May wait, not longer than until the
  // deadline.
  virtual KeysFound find_for(std::string_view local, std::string_view domain, Deadline deadline) = 0;
  // "opendkim:file:/etc/opendkim/SigningTable", for messages.
  virtual const std::string& name() const = 0;
};
using AuthorKeySourcePtr = std::shared_ptr<AuthorKeySource>;

// OpenDKIM's tables, as opendkim.conf(5) names them.
struct OpendkimTablesPlace {
  std::string key_table{}, signing_table{};  // "": none
  bool multiple_signatures = false;
  std::size_t most_keys = 20'000;  // in memory
};

}  // namespace mailweir
