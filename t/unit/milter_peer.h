// SPDX-License-Identifier: BSD-2-Clause
// What stands around a milter session in tests: an MTA's macros, and its end of the edits.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "milter_door/milter_events.h"

namespace mailweir::test {

struct MacroMap final : Macros {
  std::optional<std::string_view> get(const char* name) const override {
    const auto found = values.find(name);
    if (found == values.end()) return {};
    return found->second;
  }
  std::map<std::string, std::string, std::less<>> values;
};

// Writes down what is done to the message. What begins with `refused` it does not take.
struct Editor final : MessageEditor {
  bool add_header(const std::string& name, const std::string& value) override { return note("add " + name + ":" + value); }
  bool insert_header(int index, const std::string& name, const std::string& value) override {
    return note("insert " + std::to_string(index) + " " + name + ":" + value);
  }
  bool change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) override {
    return note((value ? "change " : "remove ") + name + " " + std::to_string(occurrence));
  }
  bool add_recipient(const std::string& address) override { return note("rcpt " + address); }
  bool delete_recipient(const std::string& address) override { return note("del " + address); }
  bool quarantine(const std::string& reason) override { return note("hold " + reason); }
  void progress() override {}
  bool note(std::string what) {
    if (!refused.empty() && what.starts_with(refused)) return false;
    done.push_back(std::move(what));
    return true;
  }
  std::vector<std::string> done;
  std::string refused;
};

}  // namespace mailweir::test
