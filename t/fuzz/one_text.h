// SPDX-License-Identifier: BSD-2-Clause
// A resolver that answers each question with one text, as a TXT record.
#pragma once

#include <memory>
#include <string_view>

#include "port/dns.h"

namespace mailweir::fuzz {

class OneText final : public dns::Resolver {
 public:
  explicit OneText(std::string_view text) : answer_(std::make_shared<dns::Answer>()) {
    answer_->status = dns::Answer::Status::ok;
    dns::Record record;
    record.type = dns::Type::TXT;
    record.text = text;
    answer_->records.push_back(std::move(record));
  }
  dns::AnswerPtr ask(const dns::Question&, Deadline, std::function<void(dns::AnswerPtr)>) override { return answer_; }

 private:
  std::shared_ptr<dns::Answer> answer_;
};

}  // namespace mailweir::fuzz
