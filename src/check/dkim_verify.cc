// SPDX-License-Identifier: BSD-2-Clause
#include "check/dkim_verify.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/text.h"
#include "check/dkim_key.h"
#include "mail/address_list.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::string_view signature_name = "DKIM-Signature";

// --- the header ------------------------------------------------------------------------------------------------------

// All that follows the colon: the blank there this MTA may not hand over, and most senders have one.
std::string whole_value(const HeaderList& headers, std::size_t i) {
  return (headers.traits().leading_space ? "" : " ") + std::string(headers[i].value);
}

// The places of fields by their folded name, the last first, as signatures name them (RFC 6376 5.4.2).
class FieldPlaces {
 public:
  explicit FieldPlaces(const HeaderList& headers) {
    for (std::size_t i = 0; i < headers.size(); ++i) places_[folded(trimmed(headers[i].name))].push_back(i);
  }
  const std::vector<std::size_t>* of(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, std::vector<std::size_t>, TextHash> places_;  // strangers choose names
};

// The hash of what a signature covers of the header (RFC 6376 3.7). `own` is the place of the signature's own field.
std::string header_hash(const HeaderList& headers, const FieldPlaces& places, const DkimSignature& signature,
                        std::size_t own, const Digests& digests) {
  const DigestPtr digest = digests.sha256();
  std::unordered_map<std::string_view, std::size_t, TextHash> used;
  std::string text;
  for (const auto& name : signature.covered) {
    const auto* all = places.of(name);
    if (all == nullptr) continue;
    auto& count = used[name];
    if (count < all->size() && (*all)[all->size() - 1 - count] == own) ++count;  // it never covers itself
    if (count >= all->size()) continue;
    const auto place = (*all)[all->size() - 1 - count++];
    text.clear();
    append_canonical_header(text, signature.header_canon, headers[place].name, whole_value(headers, place));
    digest->write(text);
  }
  auto value = whole_value(headers, own);
  value.erase(signature.signature_begin, signature.signature_end - signature.signature_begin);
  text.clear();
  append_canonical_header(text, signature.header_canon, headers[own].name, value);
  text.resize(text.size() - 2);  // without CRLF
  digest->write(text);
  return digest->finish();
}

bool has_author(const HeaderList& headers) {
  for (const auto& value : headers.values("From"))
    for (const auto& address : parse_address_list(value))
      if (!address.domain().empty()) return true;
  return false;
}

// --- the body --------------------------------------------------------------------------------------------------------

// The hash of a canonical body's first octets, and how long it is.
struct BodyPart {
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();  // l=
  DigestPtr digest;
  std::string hash;  // at the end
};

// One canonicalization of the body, for all signatures that have it.
class BodyStream final : public BodySink {
 public:
  explicit BodyStream(Canon canon) : canon_(canon, *this) {}
  void feed(std::string_view bytes) { canon_.feed(bytes); }
  void finish() {
    canon_.finish();
    for (auto& part : parts_) part.hash = part.digest->finish();
  }
  // The place of a part that ends at `most`.
  std::size_t part(std::uint64_t most, const Digests& digests) {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (parts_[i].most == most) return i;
    parts_.push_back({most, digests.sha256(), {}});
    return parts_.size() - 1;
  }
  const std::string& hash(std::size_t part) const { return parts_[part].hash; }
  std::uint64_t length() const { return length_; }

 private:
  void write(std::string_view bytes) override {
    for (auto& part : parts_)
      if (part.most > length_)
        part.digest->write(bytes.substr(0, std::min<std::uint64_t>(bytes.size(), part.most - length_)));
    length_ += bytes.size();
  }

  BodyCanon canon_;
  std::vector<BodyPart> parts_;
  std::uint64_t length_ = 0;
};

// Whether a body has a CR that ends no line.
class LoneCr {
 public:
  void look_at(std::string_view bytes) {
    if (bytes.empty() || seen_) return;
    seen_ = held_ && bytes.front() != '\n';
    for (auto at = bytes.find('\r'); !seen_ && at != bytes.npos && at + 1 < bytes.size(); at = bytes.find('\r', at + 1))
      seen_ = bytes[at + 1] != '\n';
    held_ = bytes.back() == '\r';
  }
  void finish() { seen_ = seen_ || held_; }
  bool seen() const { return seen_; }

 private:
  bool seen_ = false, held_ = false;
};

// --- a message -------------------------------------------------------------------------------------------------------

class DkimVerification final : public Verification {
 public:
  DkimVerification(const HeaderList& headers, const Digests& digests, PublicKeysPtr keys, const SignatureJudge* judge,
                   WallTime now)
      : public_keys_(std::move(keys)) {
    if (headers.count(signature_name) > 0)
      read(headers, digests, judge, now);  // a message without signatures costs nothing
  }

  const std::vector<dns::Question>& keys() const override { return keys_; }
  void write(std::string_view bytes) override {
    for (auto* stream : {simple_.get(), relaxed_.get()})
      if (stream != nullptr) stream->feed(bytes);
    if (!trial_) return;
    trial_->write(bytes);
    lone_cr_.look_at(bytes);
  }
  DkimResult finish(Lookups& lookups) override;

 private:
  struct Found {
    DkimSignature signature;
    std::size_t place = 0;  // of its field
    std::string header_hash;
    std::size_t part = 0;  // of its body stream
    // From finish() on, if it may pass:
    bool testing = false;  // t=y
    std::unique_ptr<const PublicKey> key;
    SignatureTrial::Opinion opinion;

    bool may_pass() const { return signature.word == AuthWord::none; }
    void cannot_pass(AuthWord word, std::string reason) {
      signature.word = word;
      signature.reason = std::move(reason);
    }
  };

  void read(const HeaderList& headers, const Digests& digests, const SignatureJudge* judge, WallTime now);
  std::unique_ptr<BodyStream>& stream(Canon canon) { return canon == Canon::simple ? simple_ : relaxed_; }
  void find_key(Found& one, Lookups& lookups);
  bool body_fits(const Found& one) {
    return stream(one.signature.body_canon)->hash(one.part) == one.signature.body_hash;
  }
  SignatureTrial::Opinion::Word our_opinion(const Found& one);
  void ask_judge();
  AuthResult outcome(const Found& one);

  PublicKeysPtr public_keys_;
  std::vector<Found> found_;
  std::vector<dns::Question> keys_;
  std::unique_ptr<BodyStream> simple_, relaxed_;
  std::unique_ptr<SignatureTrial> trial_;  // null: we hash and compare
  LoneCr lone_cr_;
  std::size_t unread_ = 0;
};

void DkimVerification::read(const HeaderList& headers, const Digests& digests, const SignatureJudge* judge,
                            WallTime now) {
  const FieldPlaces places(headers);
  const bool author = has_author(headers);
  std::vector<SignatureField> fields;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (!equal_folded(headers[i].name, signature_name)) continue;
    if (found_.size() >= most_signatures) {
      ++unread_;
      continue;
    }
    Found& one = found_.emplace_back();
    one.signature = read_dkim_signature(whole_value(headers, i), now);
    one.place = i;
    if (one.signature.word != AuthWord::neutral) fields.push_back({i, one.signature.made});
    if (!author && one.signature.word != AuthWord::neutral)
      one.cannot_pass(AuthWord::permerror, "the message has no address in From that could be signed");
    if (!one.may_pass()) continue;
    if (judge == nullptr) one.header_hash = header_hash(headers, places, one.signature, i, digests);
    auto& body = stream(one.signature.body_canon);
    if (!body) body = std::make_unique<BodyStream>(one.signature.body_canon);
    one.part = body->part(one.signature.body_length.value_or(std::numeric_limits<std::uint64_t>::max()), digests);
    keys_.push_back({one.signature.key_name(), dns::Type::TXT});
  }
  if (judge != nullptr && !keys_.empty()) trial_ = judge->begin(headers, fields);
}

void DkimVerification::find_key(Found& one, Lookups& lookups) {
  auto record = find_dkim_key(lookups.get({one.signature.key_name(), dns::Type::TXT}), one.signature);
  if (record.word != AuthWord::none) return one.cannot_pass(record.word, std::move(record.reason));
  one.key = public_keys_->read(one.signature.kind, record.key);
  if (!one.key) return one.cannot_pass(AuthWord::permerror, "the key cannot be read (p=)");
  const bool rsa = one.signature.kind == KeyKind::rsa;
  if (rsa && one.key->bits() < PublicKey::least_rsa_bits)
    return one.cannot_pass(AuthWord::policy,
                           "the key has less than " + std::to_string(PublicKey::least_rsa_bits) + " bits");
  if (rsa && one.key->bits() > PublicKey::most_rsa_bits)
    return one.cannot_pass(AuthWord::policy,
                           "the key has more than " + std::to_string(PublicKey::most_rsa_bits) + " bits");
  one.testing = record.testing;
}

SignatureTrial::Opinion::Word DkimVerification::our_opinion(const Found& one) {
  using Word = SignatureTrial::Opinion::Word;
  if (!one.key->fits(one.header_hash, one.signature.signature)) return Word::bad;
  return body_fits(one) ? Word::good : Word::body_changed;
}

void DkimVerification::ask_judge() {
  using Word = SignatureTrial::Opinion::Word;
  std::vector<SignatureTrial::Case> cases;
  for (const auto& one : found_)
    if (one.may_pass()) cases.push_back({one.place, one.signature.kind, one.key->text()});
  auto opinions = trial_->finish(cases);
  auto opinion = opinions.begin();
  for (auto& one : found_) {
    if (!one.may_pass()) continue;
    one.opinion = std::move(*opinion++);
    if (one.opinion.word == Word::body_changed && lone_cr_.seen() && body_fits(one)) one.opinion.word = Word::good;
  }
}

AuthResult DkimVerification::outcome(const Found& one) {
  using Word = SignatureTrial::Opinion::Word;
  // RFC 6376 3.6.1: mail that fails under a test key is treated as if it had no signature.
  const auto failed = [&](std::string reason) {
    return one.testing ? AuthResult{AuthWord::neutral, reason + " (the key is marked as a test)"}
                       : AuthResult{AuthWord::fail, std::move(reason)};
  };
  const auto& covered = one.signature.body_length;
  const auto length = stream(one.signature.body_canon)->length();
  if (one.opinion.word == Word::bad) return failed("the signature does not fit the header or the key");
  if (covered && *covered > length) return failed("the body is shorter than what is signed (l=)");
  if (one.opinion.word == Word::unreadable) return {AuthWord::neutral, one.opinion.reason};
  if (one.opinion.word == Word::body_changed) return failed("the body was changed");
  if (covered && *covered < length)
    return {AuthWord::policy, "only the first " + std::to_string(*covered) + " octets of the body are signed"};
  return {AuthWord::pass,
          one.testing ? "the signature is good (the key is marked as a test)" : "the signature is good"};
}

DkimResult DkimVerification::finish(Lookups& lookups) {
  for (auto* stream : {simple_.get(), relaxed_.get()})
    if (stream != nullptr) stream->finish();
  lone_cr_.finish();
  for (auto& one : found_)
    if (one.may_pass()) find_key(one, lookups);
  if (trial_) ask_judge();
  DkimResult result;
  result.unread = unread_;
  for (auto& one : found_) {
    if (one.may_pass() && !trial_) one.opinion.word = our_opinion(one);
    const auto& signature = one.signature;
    const auto judged = one.may_pass() ? outcome(one) : AuthResult{signature.word, signature.reason};
    result.signatures.push_back(
        {judged.word, signature.domain, signature.selector, signature.algorithm, signature.start, judged.reason});
  }
  settle(result);
  return result;
}

class DkimVerifier final : public Verifier {
 public:
  DkimVerifier(DigestsPtr digests, PublicKeysPtr keys, const Clock& clock)
      : digests_(std::move(digests)), keys_(std::move(keys)), clock_(clock) {}
  std::unique_ptr<Verification> begin(const HeaderList& headers, const SignatureJudgePtr& judge) const override {
    return std::make_unique<DkimVerification>(headers, *digests_, keys_, judge.get(), clock_.wall());
  }

 private:
  const DigestsPtr digests_;
  const PublicKeysPtr keys_;
  const Clock& clock_;
};

}  // namespace

VerifierPtr make_dkim_verifier(DigestsPtr digests, PublicKeysPtr keys, const Clock& clock) {
  return std::make_shared<DkimVerifier>(std::move(digests), std::move(keys), clock);
}

}  // namespace mailweir
