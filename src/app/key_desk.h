// SPDX-License-Identifier: BSD-2-Clause
// KeyDesk: signing keys that a hosting panel puts and takes away at the admin door. Names are checked as the directory
// of keys checks them; a key is written so that it is there whole or not at all; none is overwritten. What it changes
// is a line in the log. For one request; may wait for the disk.
#pragma once

#include <memory>
#include <string>

#include "admin_door/admin_server.h"
#include "base/clock.h"
#include "base/log.h"
#include "rule/policy.h"

namespace mailweir {

class KeyDesk {
 public:
  KeyDesk(PolicyPtr policy, const Clock& clock, Log& log) : policy_(std::move(policy)), clock_(clock), log_(log) {}

  // 201: it is there, with its state and the record to publish; 200: the same key was there. 400: a name or the key is
  // not good; 409: another key has this name, or keys have no place; 500: it cannot be written.
  AdminAnswer put(const std::string& domain, const std::string& selector, const std::string& pem);
  // 404: it is not there; 409: the only key that signs for its domain, without `force`; 500: the place cannot be read,
  // or written to.
  AdminAnswer remove(const std::string& domain, const std::string& selector, bool force);

 private:
  const PolicyPtr policy_;
  const Clock& clock_;
  Log& log_;
};

}  // namespace mailweir
