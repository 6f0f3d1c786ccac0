// SPDX-License-Identifier: BSD-2-Clause
// KeyPlaces: where the keys of a policy file stand, for what is found wrong with their values only later: a user that
// does not exist, a server that does not answer.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "config/problems.h"

namespace mailweir {

class KeyPlaces {
 public:
  KeyPlaces() = default;
  // `file`: the main one, named for keys that are not written.
  explicit KeyPlaces(std::string file) : file_(std::move(file)) {}

  void set(const std::string& key, Place place) { places_.insert_or_assign(key, std::move(place)); }
  bool has(std::string_view key) const { return places_.contains(key); }
  // "relay.toml:3:8: general.user"; for the start of a message.
  std::string named(std::string_view key) const;
  // The same error, of this key.
  Error blame(std::string_view key, const Error& error) const {
    return {named(key) + ": " + error.what, error.temporary};
  }

 private:
  std::string file_;
  std::map<std::string, Place, std::less<>> places_;
};

}  // namespace mailweir
