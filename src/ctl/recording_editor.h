// SPDX-License-Identifier: BSD-2-Clause
// RecordingEditor: takes every edit of a message, as an MTA that can do it all would, and keeps it in words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "milter_door/milter_events.h"

namespace mailweir {

class RecordingEditor final : public MessageEditor {
 public:
  struct Edit {
    std::string what;         // "remove header", "add header on top", "hold", "add recipient", ...
    std::string name, value;  // of a header: its field; else the name is empty
    int occurrence = 0;       // of a header that is changed or removed, among those of its name
    bool operator==(const Edit&) const = default;
  };

  bool add_header(const std::string& name, const std::string& value) override {
    return note({"add header", name, value});
  }
  bool insert_header(int, const std::string& name, const std::string& value) override {
    return note({"add header on top", name, value});
  }
  bool change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) override {
    return note({value ? "change header" : "remove header", name, value.value_or(""), occurrence});
  }
  bool add_recipient(const std::string& address) override { return note({"add recipient", {}, address}); }
  bool add_recipient_with(const std::string& address, const std::string& parameters) override {
    return note({"add recipient", {}, address + ' ' + parameters});
  }
  bool delete_recipient(const std::string& address) override { return note({"delete recipient", {}, address}); }
  bool quarantine(const std::string& reason) override { return note({"hold", {}, reason}); }
  void progress() override {}

  const std::vector<Edit>& edits() const { return edits_; }

 private:
  bool note(Edit edit) {
    edits_.push_back(std::move(edit));
    return true;
  }
  std::vector<Edit> edits_;
};

}  // namespace mailweir
