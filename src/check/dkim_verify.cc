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

// --- the header --------------------------------------------------------------------------------------------------------

// All that follows the colon: the blank there this MTA may not hand over, and most senders have one.
std::string whole_value(const HeaderList& headers, std::size_t i) {
  return (headers.traits().leading_space ? "" : " ") + std::string(headers[i].value);
}

// The places of fields by their folded name, the last first, as signatures name them (RFC 6376 5.4.2).
class FieldPlaces {
 public:
  explicit FieldPlaces(const HeaderList& headers) {
    for (std::size_t i = 0; i < headers.size(); ++i) places_[folded(headers[i].name)].push_back(i);
  }
  const std::vector<std::size_t>* of(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, std::vector<std::size_t>> places_;
};

// The hash of what a signature covers of the header (RFC 6376 3.7). `own` is the place of the signature's own field.
std::string header_hash(const HeaderList& headers, const FieldPlaces& places, const DkimSignature& signature, std::size_t own, const Digests& digests) {
  const DigestPtr digest = digests.sha256();
  std::unordered_map<std::string_view, std::size_t> used;
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

// --- the body ----------------------------------------------------------------------------------------------------------

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
      if (part.most > length_) part.digest->write(bytes.substr(0, std::min<std::uint64_t>(bytes.size(), part.most - length_)));
    length_ += bytes.size();
  }

  BodyCanon canon_;
  std::vector<BodyPart> parts_;
  std::uint64_t length_ = 0;
};

// --- a message ---------------------------------------------------------------------------------------------------------

class DkimVerification final : public Verification {
 public:
  DkimVerification(const HeaderList& headers, const Digests& digests, PublicKeysPtr keys, WallTime now) : public_keys_(std::move(keys)) {
    if (headers.count(signature_name) > 0) read(headers, digests, now);  // a message without signatures costs nothing
  }

  const std::vector<dns::Question>& keys() const override { return keys_; }
  void write(std::string_view bytes) override {
    for (auto* stream : {simple_.get(), relaxed_.get()})
      if (stream != nullptr) stream->feed(bytes);
  }
  DkimResult finish(Lookups& lookups) override;

 private:
  struct Found {
    DkimSignature signature;
    std::string header_hash;
    std::size_t part = 0;  // of its body stream
  };

  void read(const HeaderList& headers, const Digests& digests, WallTime now);
  std::unique_ptr<BodyStream>& stream(Canon canon) { return canon == Canon::simple ? simple_ : relaxed_; }
  AuthResult judge(const Found& found, Lookups& lookups);

  PublicKeysPtr public_keys_;
  std::vector<Found> found_;
  std::vector<dns::Question> keys_;
  std::unique_ptr<BodyStream> simple_, relaxed_;
  std::size_t unread_ = 0;
};

void DkimVerification::read(const HeaderList& headers, const Digests& digests, WallTime now) {
  const FieldPlaces places(headers);
  const bool author = has_author(headers);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (!equal_folded(headers[i].name, signature_name)) continue;
    if (found_.size() >= most_signatures) {
      ++unread_;
      continue;
    }
    Found& one = found_.emplace_back();
    one.signature = read_dkim_signature(whole_value(headers, i), now);
    if (!author && one.signature.word != AuthWord::neutral) {
      one.signature.word = AuthWord::permerror;
      one.signature.reason = "the message has no address in From that could be signed";
    }
    if (one.signature.word != AuthWord::none) continue;
    one.header_hash = header_hash(headers, places, one.signature, i, digests);
    auto& body = stream(one.signature.body_canon);
    if (!body) body = std::make_unique<BodyStream>(one.signature.body_canon);
    one.part = body->part(one.signature.body_length.value_or(std::numeric_limits<std::uint64_t>::max()), digests);
    keys_.push_back({one.signature.key_name(), dns::Type::TXT});
  }
}

AuthResult DkimVerification::judge(const Found& found, Lookups& lookups) {
  const DkimSignature& signature = found.signature;
  if (signature.word != AuthWord::none) return {signature.word, signature.reason};
  const auto key = find_dkim_key(lookups.get({signature.key_name(), dns::Type::TXT}), signature);
  if (key.word != AuthWord::none) return {key.word, key.reason};

  // RFC 6376 3.6.1: mail that fails under a test key is treated as if it had no signature.
  const auto failed = [&](std::string reason) {
    return key.testing ? AuthResult{AuthWord::neutral, reason + " (the key is marked as a test)"} : AuthResult{AuthWord::fail, std::move(reason)};
  };
  const auto answer = public_keys_->check(signature.kind, key.key, found.header_hash, signature.signature);
  if (answer.word == PublicKeys::Answer::Word::no_key) return {AuthWord::permerror, "the key cannot be read (p=)"};
  if (signature.kind == KeyKind::rsa && answer.bits < PublicKeys::least_rsa_bits)
    return {AuthWord::policy, "the key has less than " + std::to_string(PublicKeys::least_rsa_bits) + " bits"};
  if (signature.kind == KeyKind::rsa && answer.bits > PublicKeys::most_rsa_bits)
    return {AuthWord::policy, "the key has more than " + std::to_string(PublicKeys::most_rsa_bits) + " bits"};
  if (answer.word == PublicKeys::Answer::Word::bad) return failed("the signature does not fit the header or the key");

  const BodyStream& body = *stream(signature.body_canon);
  if (signature.body_length && *signature.body_length > body.length()) return failed("the body is shorter than what is signed (l=)");
  if (body.hash(found.part) != signature.body_hash) return failed("the body was changed");
  if (signature.body_length && *signature.body_length < body.length())
    return {AuthWord::policy, "only the first " + std::to_string(*signature.body_length) + " octets of the body are signed"};
  return {AuthWord::pass, key.testing ? "the signature is good (the key is marked as a test)" : "the signature is good"};
}

DkimResult DkimVerification::finish(Lookups& lookups) {
  for (auto* stream : {simple_.get(), relaxed_.get()})
    if (stream != nullptr) stream->finish();
  DkimResult result;
  result.unread = unread_;
  for (const auto& found : found_) {
    const auto judged = judge(found, lookups);
    const auto& signature = found.signature;
    result.signatures.push_back({judged.word, signature.domain, signature.selector, signature.algorithm, signature.start, judged.reason});
  }
  settle(result);
  return result;
}

class DkimVerifier final : public Verifier {
 public:
  DkimVerifier(DigestsPtr digests, PublicKeysPtr keys, const Clock& clock) : digests_(std::move(digests)), keys_(std::move(keys)), clock_(clock) {}
  std::unique_ptr<Verification> begin(const HeaderList& headers) const override {
    return std::make_unique<DkimVerification>(headers, *digests_, keys_, clock_.wall());
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
