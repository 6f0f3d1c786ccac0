// SPDX-License-Identifier: BSD-2-Clause
// [follow]: the mail server's log. [bounces]: what is remembered of messages meanwhile.
#include "config/sections.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

void read_mail_log(const KeyPlace& place, std::string& log) {
  if (!place.has(place.key))
    return place.wrong("is missing: where the mail server logs, \"journal\" or a file such as \"/var/log/mail.log\"");
  const auto text = place.text();
  if (!text) return;
  if (text->value == "journal" || (text->value.starts_with('/') && !text->value.ends_with('/'))) log = text->value;
  else place.wrong("must be \"journal\" or the full path of a file, such as \"/var/log/mail.log\"");
}

}  // namespace

SectionRow follow_section() {
  const Keys<FollowConfig> keys = {
      {"mail_log", &FollowConfig::mail_log, Form<std::string>{read_mail_log}, needs_restart}};
  return {"follow", keys, &Config::follow,
          SectionTraits<FollowConfig>{.is_shown = [](const FollowConfig& follow) { return !follow.mail_log.empty(); }}};
}

SectionRow bounces_section() {
  const Keys<BouncesConfig> keys = {
      {"remember", &BouncesConfig::remember, form::duration(1h, 24h * 30), needs_restart},
      {"suppress", &BouncesConfig::suppress, form::duration(0h, 24h * 366), reloads},
      {"suppress_by", &BouncesConfig::suppress_by, form::texts(), reloads},
      {"memory", &BouncesConfig::memory, form::size(1 << 20, std::uint64_t{16} << 30), needs_restart},
  };
  return {"bounces", keys, &Config::bounces,
          SectionTraits<BouncesConfig>{.check = [](Section&, const Makings&, BouncesConfig& of) { of.written = true; },
                                       .is_shown = [](const BouncesConfig& of) { return of.written; }}};
}

void settle_suppression(const toml::table& table, const BouncesConfig& bounces, const Registry& registry,
                        Policy& policy, Problems& problems) {
  const auto* node = table.get("suppress_by");
  const auto wrong = [&](const std::string& why) {
    problems.error(place_of(node != nullptr ? *node : static_cast<const toml::node&>(table)), "bounces.suppress_by",
                   why);
  };
  policy.suppress = bounces.suppress;
  for (const auto& name : bounces.suppress_by) {
    auto fact = registry.fact(name);
    if (!fact) wrong(fact.error().what);
    else if (fact->check() || fact->info().many || (!fact->is_own() && fact->info().known.milter >= Stage::rcpt))
      wrong(name + ": must be a fact of the sending side, such as sasl_username or a fact of [facts]");
    else policy.suppress_by.push_back(*std::move(fact));
  }
  if (bounces.suppress_by.empty())
    wrong("is empty: name the login or the customer; a recipient is never suppressed for all");
}

}  // namespace mailweir
