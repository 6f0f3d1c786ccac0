// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/opendkim_verifier.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>

#include <sys/types.h>

#define _Bool bool  // the header is C
#include <dkim.h>
#undef _Bool

#include "base/handle.h"
#include "base/text.h"
#include "mail/dkim_canon.h"

namespace mailweir {
namespace {

constexpr unsigned least_key_bits = 1024;      // RFC 8301 3.2
constexpr std::size_t longest_shown = 253;
constexpr std::string_view signature_name = "DKIM-Signature";
// The library compares each tag of a signature with all before it: 40,000 take 4 s. RFC 6376 has 14 tags; z= may be long.
constexpr std::ptrdiff_t most_tags = 100;
constexpr std::size_t longest_signature = 32 << 10;

using LibraryPtr = CPtr<DKIM_LIB, dkim_close>;
using HandlePtr = CPtr<DKIM, dkim_free>;

std::string text_of(const unsigned char* text) {
  return text == nullptr ? std::string() : cleaned(reinterpret_cast<const char*>(text), true, longest_shown);
}

// A value of the signature's own tag list; "" when it has none.
std::string tag(DKIM_SIGINFO* signature, const char* name) {
  std::string copy(name);
  return text_of(dkim_sig_gettagvalue(signature, false, reinterpret_cast<u_char*>(copy.data())));
}

// What RFC 8601 2.7.1 calls an error of the library: neutral for what cannot be read, permerror for what can and is not to
// be had, fail for what was tried and is wrong.
AuthWord word_of(DKIM_SIGERROR error) {
  switch (error) {
    case DKIM_SIGERROR_EXPIRED:
    case DKIM_SIGERROR_FUTURE:
    case DKIM_SIGERROR_BADSIG:
    case DKIM_SIGERROR_TOOLARGE_L: return AuthWord::fail;
    case DKIM_SIGERROR_KEYTOOSMALL: return AuthWord::policy;
    case DKIM_SIGERROR_DOMAIN:
    case DKIM_SIGERROR_TIMESTAMPS:
    case DKIM_SIGERROR_INVALID_H:
    case DKIM_SIGERROR_SUBDOMAIN:
    case DKIM_SIGERROR_NOKEY:
    case DKIM_SIGERROR_DNSSYNTAX:
    case DKIM_SIGERROR_KEYFAIL:
    case DKIM_SIGERROR_MULTIREPLY:
    case DKIM_SIGERROR_MBSFAILED:
    case DKIM_SIGERROR_KEYVERSION:
    case DKIM_SIGERROR_KEYUNKNOWNHASH:
    case DKIM_SIGERROR_KEYHASHMISMATCH:
    case DKIM_SIGERROR_NOTEMAILKEY:
    case DKIM_SIGERROR_KEYTYPEMISSING:
    case DKIM_SIGERROR_KEYTYPEUNKNOWN:
    case DKIM_SIGERROR_KEYREVOKED:
    case DKIM_SIGERROR_KEYDECODE: return AuthWord::permerror;
    default: return AuthWord::neutral;
  }
}

std::string reason_of(DKIM_SIGERROR error) {
  switch (error) {
    case DKIM_SIGERROR_EXPIRED: return "the signature has expired";
    case DKIM_SIGERROR_FUTURE: return "the signature is dated in the future";
    case DKIM_SIGERROR_BADSIG: return "the signature does not fit the header or the key";
    case DKIM_SIGERROR_KEYREVOKED: return "the key was revoked";
    case DKIM_SIGERROR_INVALID_H: return "the From field is not signed";
    case DKIM_SIGERROR_KEYTOOSMALL: return "the key has less than " + std::to_string(least_key_bits) + " bits";
    default: break;
  }
  const char* text = dkim_sig_geterrorstr(error);
  return text == nullptr ? "cannot be read" : text;
}

// How long the canonical body is: what a signature with l= leaves out, the library does not tell.
class BodyLengths {
 public:
  void write(std::string_view bytes) {
    simple_canon_.feed(bytes);
    relaxed_canon_.feed(bytes);
  }
  void finish() {
    simple_canon_.finish();
    relaxed_canon_.finish();
  }
  std::uint64_t of(dkim_canon_t canon) const { return canon == DKIM_CANON_SIMPLE ? simple_.length : relaxed_.length; }

 private:
  struct Counter final : BodySink {
    void write(std::string_view bytes) override { length += bytes.size(); }
    std::uint64_t length = 0;
  };
  Counter simple_, relaxed_;
  BodyCanon simple_canon_{Canon::simple, simple_}, relaxed_canon_{Canon::relaxed, relaxed_};
};

// RFC 6376 3.6.1, t=s: the domain of i= must be d= itself. Without i= it is.
bool identity_is_domain(DKIM_SIGINFO* signature, std::string_view domain) {
  const auto identity = tag(signature, "i");
  const auto at = identity.rfind('@');
  return identity.empty() || (at != identity.npos && equal_folded(trimmed(std::string_view(identity).substr(at + 1)), domain));
}

class OpendkimVerification final : public Verification {
 public:
  OpendkimVerification(DKIM_LIB* library, const HeaderList& headers);

  const std::vector<dns::Question>& keys() const override { return keys_; }
  void write(std::string_view bytes) override;
  DkimResult finish(Lookups& lookups) override;

  // Called by the library within finish().
  DKIM_CBSTAT find_key(DKIM_SIGINFO* signature, u_char* buffer, std::size_t size) noexcept;
  DKIM_CBSTAT judge_all(DKIM_SIGINFO** signatures, int count) noexcept;

 private:
  // What became of the look-up of one signature's key; the library forgets it.
  struct KeyTrouble {
    AuthWord word = AuthWord::none;
    std::string reason;
  };

  void read(const HeaderList& headers);
  void feed(std::string_view bytes);
  const dns::Answer& answer_of(DKIM_SIGINFO* signature);
  bool key_record(DKIM_SIGINFO* signature, std::string& record);
  SignatureResult judge(DKIM_SIGINFO* signature);
  void judge_outcome(DKIM_SIGINFO* signature, SignatureResult& result);
  std::optional<std::uint64_t> part_covered(DKIM_SIGINFO* signature) const;

  HandlePtr handle_;
  bool any_ = false;             // signatures that the library can read
  std::unique_ptr<BodyLengths> lengths_;  // if a signature says l=
  bool after_cr_ = false;        // the body's last byte so far was CR
  std::vector<dns::Question> keys_;
  Lookups* lookups_ = nullptr;   // within finish()
  KeyTrouble trouble_;           // of the signature being judged
  std::exception_ptr thrown_;    // what must not fly through the library
  DkimResult result_;
};

DKIM_CBSTAT find_key(DKIM* handle, DKIM_SIGINFO* signature, u_char* buffer, std::size_t size) {
  return static_cast<OpendkimVerification*>(dkim_get_user_context(handle))->find_key(signature, buffer, size);
}

DKIM_CBSTAT judge_all(DKIM* handle, DKIM_SIGINFO** signatures, int count) {
  return static_cast<OpendkimVerification*>(dkim_get_user_context(handle))->judge_all(signatures, count);
}

std::string key_name(DKIM_SIGINFO* signature) {
  return folded(text_of(dkim_sig_getselector(signature)) + "._domainkey." + text_of(dkim_sig_getdomain(signature)));
}

OpendkimVerification::OpendkimVerification(DKIM_LIB* library, const HeaderList& headers) {
  DKIM_STAT status = DKIM_STAT_OK;
  handle_.reset(dkim_verify(library, reinterpret_cast<const unsigned char*>("-"), nullptr, &status));
  if (!handle_) throw std::bad_alloc();
  dkim_set_user_context(handle_.get(), this);
  read(headers);
}

// A message without signatures costs nothing: nothing of it is copied.
void OpendkimVerification::read(const HeaderList& headers) {
  if (headers.count(signature_name) == 0) return;
  std::size_t signatures = 0, unreadable = 0;
  std::string field;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    const bool is_signature = equal_folded(name, signature_name);
    if (is_signature && ++signatures > most_signatures) {
      ++result_.unread;
      continue;
    }
    if (is_signature && (value.size() > longest_signature || std::count(value.begin(), value.end(), ';') > most_tags)) {
      result_.signatures.push_back({AuthWord::neutral, {}, {}, {}, {}, "a signature is too long to be read"});
      continue;
    }
    field.assign(name);
    field += ':';
    if (!headers.traits().leading_space) field += ' ';  // which this MTA does not hand over; most senders have one
    for (const char c : value) {
      if (c == '\n' && !field.ends_with('\r')) field += '\r';
      field += c == '\0' ? '?' : c;  // the library's texts end there
    }
    const auto read = dkim_header(handle_.get(), reinterpret_cast<u_char*>(field.data()), field.size());
    if (is_signature && read != DKIM_STAT_OK) ++unreadable;
  }
  for (; unreadable > 0; --unreadable)
    result_.signatures.push_back({AuthWord::neutral, {}, {}, {}, {}, "a signature cannot be read"});
  any_ = dkim_eoh(handle_.get()) == DKIM_STAT_OK;
  DKIM_SIGINFO** list = nullptr;
  int count = 0;
  if (!any_ || dkim_getsiglist(handle_.get(), &list, &count) != DKIM_STAT_OK) return;
  for (int i = 0; i < count; ++i) {
    if (dkim_sig_geterror(list[i]) != DKIM_SIGERROR_UNKNOWN) continue;
    keys_.push_back({key_name(list[i]), dns::Type::TXT});
    if (!lengths_ && !tag(list[i], "l").empty()) lengths_ = std::make_unique<BodyLengths>();
  }
}

void OpendkimVerification::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  // The library does not write to it.
  dkim_body(handle_.get(), reinterpret_cast<u_char*>(const_cast<char*>(bytes.data())), bytes.size());
}

// A bare LF counts as a line end, as the MTA will send it.
void OpendkimVerification::write(std::string_view bytes) {
  if (!any_ || bytes.empty()) return;
  if (lengths_) lengths_->write(bytes);
  std::size_t from = 0;
  for (auto at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 ? after_cr_ : bytes[at - 1] == '\r') continue;
    feed(bytes.substr(from, at - from));
    feed("\r\n");
    from = at + 1;
  }
  feed(bytes.substr(from));
  after_cr_ = bytes.back() == '\r';
}

DkimResult OpendkimVerification::finish(Lookups& lookups) {
  lookups_ = &lookups;
  if (lengths_) lengths_->finish();
  if (any_) dkim_eom(handle_.get(), nullptr);
  handle_.reset();
  if (thrown_) std::rethrow_exception(thrown_);
  settle(result_);
  return std::move(result_);
}

const dns::Answer& OpendkimVerification::answer_of(DKIM_SIGINFO* signature) {
  return lookups_->get({key_name(signature), dns::Type::TXT});
}

// RFC 6376 6.1.2. False: trouble_ says why there is none.
bool OpendkimVerification::key_record(DKIM_SIGINFO* signature, std::string& record) {
  const auto& answer = answer_of(signature);
  const auto name = cleaned(key_name(signature), true, longest_shown);
  if (answer.status == dns::Answer::Status::temperror) {
    trouble_ = {AuthWord::temperror, "key " + name + ": " + cleaned(answer.detail, true, 100)};
    return false;
  }
  std::size_t found = 0;
  for (const auto& one : answer.records) {
    if (one.text.find("p=") == one.text.npos) continue;  // another kind of record at this name
    record = one.text;
    ++found;
  }
  if (found == 1) return true;
  trouble_ = {AuthWord::permerror, "key " + name + (found > 1 ? " has several records" : answer.records.empty() ? " does not exist" : " is no key record")};
  return false;
}

DKIM_CBSTAT OpendkimVerification::find_key(DKIM_SIGINFO* signature, u_char* buffer, std::size_t size) noexcept {
  try {
    std::string record;
    if (!key_record(signature, record)) return trouble_.word == AuthWord::temperror ? DKIM_CBSTAT_TRYAGAIN : DKIM_CBSTAT_NOTFOUND;
    if (record.size() >= size || record.find('\0') != record.npos) {
      trouble_ = {AuthWord::permerror, "the key record is too long or no text"};
      return DKIM_CBSTAT_NOTFOUND;
    }
    std::memcpy(buffer, record.c_str(), record.size() + 1);
    return DKIM_CBSTAT_CONTINUE;
  } catch (...) {
    thrown_ = std::current_exception();
    return DKIM_CBSTAT_ERROR;
  }
}

// The library itself stops at the first signature that passes.
DKIM_CBSTAT OpendkimVerification::judge_all(DKIM_SIGINFO** signatures, int count) noexcept {
  try {
    for (int i = 0; i < count && !thrown_; ++i) {
      result_.signatures.push_back(judge(signatures[i]));
      dkim_sig_ignore(signatures[i]);
    }
  } catch (...) {
    thrown_ = std::current_exception();
  }
  return DKIM_CBSTAT_CONTINUE;
}

SignatureResult OpendkimVerification::judge(DKIM_SIGINFO* signature) {
  SignatureResult result;
  result.domain = folded(text_of(dkim_sig_getdomain(signature)));
  result.selector = folded(text_of(dkim_sig_getselector(signature)));
  result.algorithm = folded(tag(signature, "a"));
  auto value = tag(signature, "b");
  std::erase_if(value, [](char c) { return c == ' ' || c == '\t' || c == '?'; });
  result.start = value.substr(0, 8);
  judge_outcome(signature, result);
  return result;
}

// Of a signature with l=: what it covers, if that is not the whole body.
std::optional<std::uint64_t> OpendkimVerification::part_covered(DKIM_SIGINFO* signature) const {
  const auto covered = to_number(trimmed(tag(signature, "l")));
  dkim_canon_t header = DKIM_CANON_SIMPLE, body = DKIM_CANON_SIMPLE;
  if (!lengths_ || !covered || dkim_sig_getcanons(signature, &header, &body) != DKIM_STAT_OK || *covered >= lengths_->of(body)) return {};
  return covered;
}

void OpendkimVerification::judge_outcome(DKIM_SIGINFO* signature, SignatureResult& result) {
  const auto say = [&](AuthWord word, std::string reason) {
    result.word = word;
    result.reason = std::move(reason);
  };
  if (result.algorithm == "rsa-sha1") return say(AuthWord::permerror, "rsa-sha1 must not be trusted (RFC 8301)");
  trouble_ = {};
  if (dkim_sig_geterror(signature) == DKIM_SIGERROR_UNKNOWN) dkim_sig_process(handle_.get(), signature);
  if (trouble_.word != AuthWord::none) return say(trouble_.word, trouble_.reason);

  const auto flags = dkim_sig_getflags(signature);
  const bool testing = (flags & DKIM_SIGFLAG_TESTKEY) != 0;
  const auto error = dkim_sig_geterror(signature);
  if ((flags & DKIM_SIGFLAG_PASSED) != 0 && dkim_sig_getbh(signature) == DKIM_SIGBH_MATCH) {
    unsigned bits = 0;
    if (result.algorithm.starts_with("rsa") && (dkim_sig_getkeysize(signature, &bits) != DKIM_STAT_OK || bits < least_key_bits))
      return say(AuthWord::policy, reason_of(DKIM_SIGERROR_KEYTOOSMALL));
    // The library lets these pass.
    if ((flags & DKIM_SIGFLAG_NOSUBDOMAIN) != 0 && !identity_is_domain(signature, result.domain))
      return say(AuthWord::permerror, "the key is not for identities below its domain");
    if (const auto covered = part_covered(signature)) return say(AuthWord::policy, "only the first " + std::to_string(*covered) + " octets of the body are signed");
    return say(AuthWord::pass, "the signature is good" + std::string(testing ? " (the key is marked as a test)" : ""));
  }
  if ((flags & DKIM_SIGFLAG_PASSED) != 0 || (error == DKIM_SIGERROR_OK && dkim_sig_getbh(signature) == DKIM_SIGBH_MISMATCH))
    say(AuthWord::fail, "the body was changed");
  else if (error == DKIM_SIGERROR_OK || (error == DKIM_SIGERROR_UNKNOWN && (flags & DKIM_SIGFLAG_PROCESSED) != 0))
    say(AuthWord::fail, reason_of(DKIM_SIGERROR_BADSIG));
  else say(word_of(error), reason_of(error));
  // RFC 6376 3.6.1: mail that fails under a test key is treated as if it had no signature.
  if (testing && result.word == AuthWord::fail) say(AuthWord::neutral, result.reason + " (the key is marked as a test)");
}

class OpendkimVerifier final : public Verifier {
 public:
  explicit OpendkimVerifier(LibraryPtr library) : library_(std::move(library)) {}
  std::unique_ptr<Verification> begin(const HeaderList& headers) const override {
    return std::make_unique<OpendkimVerification>(library_.get(), headers);
  }

 private:
  LibraryPtr library_;  // const to its users once its options are set
};

}  // namespace

Result<VerifierPtr> make_opendkim_verifier() {
  LibraryPtr library(dkim_init(nullptr, nullptr));
  if (!library) return Error{"libopendkim cannot be initialised"};
  unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC;
  unsigned bits = least_key_bits;
  const bool good = dkim_options(library.get(), DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
              dkim_options(library.get(), DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits) == DKIM_STAT_OK &&
              dkim_set_key_lookup(library.get(), find_key) == DKIM_STAT_OK && dkim_set_final(library.get(), judge_all) == DKIM_STAT_OK;
  if (!good) return Error{"libopendkim does not take its options"};
  return VerifierPtr(std::make_shared<OpendkimVerifier>(std::move(library)));
}

}  // namespace mailweir
