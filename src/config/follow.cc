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
      {"memory", &BouncesConfig::memory, form::size(1 << 20, std::uint64_t{16} << 30), needs_restart},
  };
  return {"bounces", keys, &Config::bounces,
          SectionTraits<BouncesConfig>{.check = [](Section&, const Makings&, BouncesConfig& of) { of.written = true; },
                                       .is_shown = [](const BouncesConfig& of) { return of.written; }}};
}

}  // namespace mailweir
