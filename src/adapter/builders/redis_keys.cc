// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/redis_keys.h"

#include <map>
#include <utility>

#include <string.h>

#include "adapter/keys/kept_keys.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_signer.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::string_view written_suffix = ":written";
constexpr std::uint64_t most_seconds = 9'000'000'000;  // that a WallTime can have

// What is in a domain's hash, field and value by turns; of one that is too large only the number of its fields, of a
// value that is too large none of it. Both bounds are those of a directory.
constexpr std::string_view read_script = R"(local fields = redis.call('HLEN', KEYS[1])
if fields > 1000 then return {tostring(fields)} end
local all = redis.call('HGETALL', KEYS[1])
for i = 2, #all, 2 do
  if #all[i] > 65536 then all[i] = 'too long' end
end
return all)";

constexpr std::string_view put_script = R"(if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], ARGV[1] .. ':written', ARGV[3])
return 1)";

constexpr std::string_view remove_script = R"(redis.call('HDEL', KEYS[1], ARGV[1] .. ':written')
return redis.call('HDEL', KEYS[1], ARGV[1]))";

// Private keys do not stay in memory that others get later.
void wipe(std::string& text) { ::explicit_bzero(text.data(), text.size()); }

std::int64_t number_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

struct FieldKey {
  std::string digest;  // of what stands there
  DkimKeyPtr key;      // null: cannot be used
  std::string trouble;
  std::vector<std::string> warnings;
};

// What was found in one domain's hash.
struct FoundFields : FoundKeys {
  std::map<std::string, FieldKey> fields;  // by selector
};

class RedisKeys final : public KeyStore {
 public:
  RedisKeys(std::shared_ptr<KeyRedis> redis, std::size_t most_domains, const Clock& clock)
      : redis_(std::move(redis)), clock_(clock), name_("redis:" + redis_->prefix()),
        kept_(most_domains, clock, stats_) {}

  KeysFound find(const std::string& domain, Deadline deadline) override { return find(domain, false, deadline); }
  KeysFound look(const std::string& domain, Deadline deadline) override { return find(domain, true, deadline); }

  Result<std::string> put(const NewKey& key, Deadline deadline) override {
    const std::string where = this->where(key.domain, key.selector);
    std::string pem(key.pem), written = std::to_string(number_of(key.written ? *key.written : clock_.wall()));
    std::vector<std::string> words{key.selector, std::move(pem), std::move(written)};
    const auto reply = redis_->eval(put_script, {redis_->keys_of(key.domain)}, words, deadline);
    wipe(words[1]);
    kept_.doubt(key.domain);
    if (!reply) return Error{where + ": " + reply.error().what, reply.error().temporary};
    if (reply->integer == 0) return Error{where + ": a key is there already; choose another selector"};
    return where;
  }

  Result<bool> remove(const std::string& domain, const std::string& selector, Deadline deadline) override {
    const auto reply = redis_->eval(remove_script, {redis_->keys_of(domain)}, {selector}, deadline);
    kept_.doubt(domain);
    if (!reply) return Error{where(domain, selector) + ": " + reply.error().what, reply.error().temporary};
    return reply->integer > 0;
  }

  Result<std::vector<std::string>> domains(Deadline deadline) override { return redis_->domains(deadline); }
  std::string where(const std::string& domain, const std::string& selector) const override {
    return name_ + ':' + domain + ' ' + selector;
  }
  const std::string& name() const override { return name_; }

 private:
  KeysFound find(const std::string& domain, bool anew, Deadline deadline) {
    if (!is_plain_name(domain)) return {};
    return kept_.find(domain, anew, [&](const FoundKeysPtr& before) { return look(domain, before, deadline); });
  }

  FoundKeysPtr look(const std::string& domain, const FoundKeysPtr& kept, Deadline deadline) {
    const auto* before = static_cast<const FoundFields*>(kept.get());
    ++stats_.looks;
    auto reply = redis_->read(read_script, {redis_->keys_of(domain)}, deadline);
    auto found = std::make_shared<FoundFields>();
    found->looked = clock_.steady();
    if (!reply && reply.error().temporary) {
      if (before != nullptr) *found = *before;
      found->looked = clock_.steady();
      found->unreachable = true;
      found->outage = name_ + ": " + reply.error().what;
    } else if (!reply) {
      found->troubles.push_back(name_ + ':' + domain + ": " + reply.error().what);
    } else if (reply->elements.size() % 2 != 0) {
      found->troubles.push_back(name_ + ':' + domain + ": has " + cleaned(reply->elements.front().text, true, 20) +
                                " fields, and no more than 1000 are looked at");
    } else {
      read(domain, reply->elements, before, *found);
    }
    return found;
  }

  void read(const std::string& domain, std::vector<RedisReply>& all, const FoundFields* before, FoundFields& found) {
    std::map<std::string, std::string*> keys;
    std::map<std::string, std::string, std::less<>> times;
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
      std::string field = std::move(all[i].text);
      if (field.ends_with(written_suffix))
        times[field.substr(0, field.size() - written_suffix.size())] = all[i + 1].text;
      else keys[std::move(field)] = &all[i + 1].text;
    }
    for (const auto& [selector, pem] : keys) {
      if (!is_plain_name(selector)) {
        found.warnings.push_back(name_ + ':' + domain + ": the field " + cleaned(selector, false, 300) +
                                 " is not a selector in lower case, as in the DNS; it is not used");
      } else if (found.fields.size() == most_keys) {
        found.troubles.push_back(name_ + ':' + domain + ": has more than " + std::to_string(most_keys) +
                                 " keys; the rest is not used");
        break;
      } else {
        const auto time = times.find(selector);
        const auto seconds = time == times.end() ? std::optional<std::uint64_t>() : to_number(time->second);
        const WallTime written(std::chrono::seconds(seconds && *seconds < most_seconds ? *seconds : 0));
        const FieldKey* old = nullptr;
        if (before != nullptr)
          if (const auto known = before->fields.find(selector); known != before->fields.end()) old = &known->second;
        take({domain, selector, nullptr, false, written}, *pem, old, found);
      }
    }
    for (const auto& [selector, pem] : keys) wipe(*pem);
  }

  void take(DkimKey named, const std::string& pem, const FieldKey* old, FoundFields& found) {
    auto digest = digests_->sha256();
    digest->write(pem);
    FieldKey made{digest->finish(), nullptr, {}, {}};
    if (old != nullptr && old->digest == made.digest && (!old->key || old->key->written == named.written)) {
      made = *old;
    } else {
      ++stats_.reads;
      auto loaded = parse_signing_key(pem, where(named.domain, named.selector));
      if (!loaded) {
        made.trouble = loaded.error().what;
      } else {
        made.warnings = std::move(loaded->warnings);
        named.signer = std::move(loaded->signer);
        made.key = std::make_shared<const DkimKey>(named);
      }
    }
    if (made.key) found.keys.push_back(made.key);
    if (!made.trouble.empty()) found.troubles.push_back(made.trouble);
    for (const auto& warning : made.warnings) found.warnings.push_back(warning);
    found.fields[named.selector] = std::move(made);
  }

  const std::shared_ptr<KeyRedis> redis_;
  const Clock& clock_;
  const std::string name_;
  const DigestsPtr digests_ = openssl_digests();
  KeyStoreStats stats_;
  KeptKeys kept_;
};

}  // namespace

KeyStorePtr make_redis_keys(std::shared_ptr<KeyRedis> redis, std::size_t most_domains, const Clock& clock) {
  return std::make_shared<RedisKeys>(std::move(redis), most_domains, clock);
}

}  // namespace mailweir
