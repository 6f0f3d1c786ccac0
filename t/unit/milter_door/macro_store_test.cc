// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/macro_store.h"

#include <doctest/doctest.h>

namespace mailweir {
namespace {

TEST_CASE("macros belong to their command") {
  MacroStore store;
  const auto come = [&](milter::Command of, std::vector<milter::Macro> values) {
    CHECK(store.keep({of, std::move(values)}));
  };
  come(milter::Command::connect, {{"j", "mx.example.net"}});
  store.reached(milter::Command::connect);
  come(milter::Command::mail, {{"{mail_addr}", ""}, {"i", "4A1"}});
  store.reached(milter::Command::mail);
  CHECK(store.get("{mail_addr}").has_value());
  CHECK(store.get("{mail_addr}")->empty());
  CHECK_FALSE(store.get("{mail_host}").has_value());
  come(milter::Command::rcpt, {{"{rcpt_addr}", "ceo@victim.example"}});
  store.reached(milter::Command::rcpt);
  CHECK(store.get("{rcpt_addr}") == "ceo@victim.example");
  store.reached(milter::Command::rcpt);  // the next, without
  CHECK_FALSE(store.get("{rcpt_addr}").has_value());
  CHECK(store.get("i") == "4A1");
  store.reached(milter::Command::mail);
  CHECK_FALSE(store.get("i").has_value());
  CHECK(store.get("j") == "mx.example.net");
}

}  // namespace
}  // namespace mailweir
