// SPDX-License-Identifier: BSD-2-Clause
#include "app/delivery_watch.h"

#include "adapter/follow/file_source.h"
#include "adapter/follow/journal_source.h"
#include "app/kept_messages.h"
#include "app/kept_suppressions.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds read_every{300};
constexpr std::chrono::seconds save_every{60};

std::unique_ptr<LogSource> make_source(const Config& config) {
  const std::string position = config.general.state_directory + "/mail-log.position";
  if (config.follow.mail_log == "journal") return make_journal_source(position);
  return make_file_source(config.follow.mail_log, position);
}

}  // namespace

DeliveryWatch::DeliveryWatch(const Config& config, Services& services, const Snapshot<Policy>& policy, Log& log)
    : file_(config.general.state_directory + "/accepted"),
      suppressed_file_(config.general.state_directory + "/suppressed"), log_(log),
      messages_({config.bounces.remember, static_cast<std::size_t>(config.bounces.memory)}),
      bounces_(services, policy, messages_), follower_(make_source(config), messages_, bounces_, log) {
  if (const auto restored = restore_messages(file_, messages_); !restored)
    Event("messages-not-restored").with("reason", restored.error().what).to(log_, Severity::error);
  if (const auto restored = restore_suppressions(suppressed_file_, suppressions_); !restored)
    Event("messages-not-restored").with("reason", restored.error().what).to(log_, Severity::error);
  services.accepted = &messages_;
  services.suppressions = &suppressions_;
  const auto guarded = [this](void (DeliveryWatch::*work)()) {
    return [this, work] {
      try {
        (this->*work)();
      } catch (const std::exception& failure) {  // out of memory, say
        Event("mail-log-not-read").with("reason", failure.what()).to(log_, Severity::error);
      }
    };
  };
  reader_ = std::make_unique<Periodic>(read_every, guarded(&DeliveryWatch::read));
  saver_ = std::make_unique<Periodic>(save_every, guarded(&DeliveryWatch::save));
}

void DeliveryWatch::stop() {
  saver_.reset();
  if (!reader_) return;
  reader_.reset();
  save();
}

void DeliveryWatch::read() { follower_.read(); }

void DeliveryWatch::save() {
  if (const auto saved = save_suppressions(suppressions_, suppressed_file_); !saved)
    Event("messages-not-saved").with("reason", saved.error().what).to(log_, Severity::error);
  if (const auto saved = save_messages(messages_, file_); !saved)
    Event("messages-not-saved").with("reason", saved.error().what).to(log_, Severity::error);
}

}  // namespace mailweir
