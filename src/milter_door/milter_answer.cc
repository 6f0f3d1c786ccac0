// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/milter_answer.h"

#include <utility>

namespace mailweir {
namespace {

MilterAnswer::Kind kind_of(const Reply& reply) {
  return reply.klass() == '4' ? MilterAnswer::Kind::tempfail : MilterAnswer::Kind::reject;
}

}  // namespace

MilterAnswer answer_of(const Verdict& verdict, const Transaction& transaction) {
  MilterAnswer answer;
  if (verdict.action == Action::discard) {
    answer.kind = MilterAnswer::Kind::discard;
  } else if (verdict.refuses()) {
    answer = {kind_of(verdict.reply), verdict.reply, transaction.smtputf8};
    // Only 421 and 521 close the connection.
    if (verdict.action == Action::drop) answer.reply->code = verdict.reply.klass() == '4' ? "421" : "521";
  }
  return answer;
}

MilterAnswer answer_of(Reply reply) {
  const auto kind = kind_of(reply);
  return {kind, std::move(reply), false};
}

}  // namespace mailweir
