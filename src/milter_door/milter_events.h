// SPDX-License-Identifier: BSD-2-Clause
// The words between the milter door's session and whatever speaks the milter protocol to the MTA: what comes with an
// event, and what is done to the message at its end. (What is answered: milter_answer.h.) No libmilter in here, so that
// another transport can take its place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// The macros that the MTA sent for this event and, of the session, for those before it. What came with another MAIL or
// RCPT is not among them, also if none came with this one.
class Macros {
 public:
  virtual ~Macros() = default;
  // Nothing when the MTA did not send it, which is not the same as an empty one. Good until the next event.
  virtual std::optional<std::string_view> get(const char* name) const = 0;
  // For what is as good as absent when it is empty.
  std::string_view text(const char* name) const { return get(name).value_or(std::string_view()); }
};

// What may be done to the message at end-of-message. Each returns false when the MTA did not take it.
class MessageEditor {
 public:
  virtual ~MessageEditor() = default;
  virtual bool add_header(const std::string& name, const std::string& value) = 0;
  virtual bool insert_header(int index, const std::string& name, const std::string& value) = 0;
  // `occurrence` from 1 among the fields of this name; an empty value deletes.
  virtual bool change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) = 0;
  virtual bool add_recipient(const std::string& address) = 0;
  // With parameters of RCPT: "NOTIFY=NEVER ORCPT=rfc822;a@example.com".
  virtual bool add_recipient_with(const std::string& address, const std::string& parameters) = 0;
  virtual bool delete_recipient(const std::string& address) = 0;
  virtual bool quarantine(const std::string& reason) = 0;
  // Tells the MTA that we are still at work.
  virtual void progress() = 0;
};

}  // namespace mailweir
