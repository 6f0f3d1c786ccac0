// SPDX-License-Identifier: BSD-2-Clause
// libmilter's context of a session in our words: its macros, its edits at end-of-message, its replies. Only for
// server.cc.
#pragma once

#include <optional>
#include <string>

#include "milter_door/milter_answer.h"
#include "milter_door/milter_events.h"

struct smfi_str;  // libmilter's SMFICTX

namespace mailweir {

class ContextMacros final : public Macros {
 public:
  explicit ContextMacros(smfi_str* context) : context_(context) {}
  // libmilter keeps the macros of MAIL and RCPT until others come, and gives them for the next command, too: what
  // stands in the envelope's macros is crossed out when its command is done.
  ~ContextMacros() override;
  std::optional<std::string_view> get(const char* name) const override;

 private:
  smfi_str* context_;
};

class ContextEditor final : public MessageEditor {
 public:
  explicit ContextEditor(smfi_str* context) : context_(context) {}
  bool add_header(const std::string& name, const std::string& value) override;
  bool insert_header(int index, const std::string& name, const std::string& value) override;
  bool change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) override;
  bool add_recipient(const std::string& address) override;
  bool add_recipient_with(const std::string& address, const std::string& parameters) override;
  bool delete_recipient(const std::string& address) override;
  bool quarantine(const std::string& reason) override;
  void progress() override;

 private:
  smfi_str* context_;
};

// An answer as a callback returns it (SMFIS_CONTINUE, ...), its reply set.
int to_status(smfi_str* context, const MilterAnswer& answer);

}  // namespace mailweir
