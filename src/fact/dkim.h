// SPDX-License-Identifier: BSD-2-Clause
// DkimSource: the message's DKIM signatures, verified while it streams by. Begun at the end of the header, fed with the
// body, asked at end-of-message.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fact/family.h"

namespace mailweir {

extern const FactFamily dkim_family;

class DkimSource final : public FactSource {
 public:
  explicit DkimSource(FactReader& reader) : reader_(reader) {}

  // Reads the header and starts the lookups of keys, without waiting. Without a verifier it does not begin.
  void begin_message() override;
  bool begun() const { return begun_; }
  // Between begin_message() and result(): the domains of the signatures that may pass, each once.
  std::vector<std::string> signers() const;
  void body(std::string_view chunk) override {
    if (verification_) verification_->write(chunk);
  }
  // Null when it was not begun. The first call waits for what is still under way.
  const DkimResult* result();
  const std::optional<DkimResult>& found() const { return found_; }

  FactValue get(const FactRef& fact) override;
  std::string_view reason(const FactRef&) const override {
    return found_ ? std::string_view(found_->reason) : std::string_view();
  }
  void forget(FactScope scope) override;

 private:
  FactReader& reader_;
  bool begun_ = false;
  std::unique_ptr<Verification> verification_;
  std::optional<DkimResult> found_;
  std::vector<std::string> signers_;
  std::vector<FactItem> items_;
};

}  // namespace mailweir
