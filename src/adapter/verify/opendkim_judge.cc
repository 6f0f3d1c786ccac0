// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/verify/opendkim_judge.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include <sys/types.h>

#define _Bool bool  // the header is C
#include <dkim.h>
#undef _Bool

#include "base/base64.h"
#include "base/handle.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::uint64_t clock_drift = 300;         // the library's own, and ours
constexpr std::size_t most_comparisons = 1 << 20;  // of names in h= with fields, which it makes one by one

using LibraryPtr = CPtr<DKIM_LIB, dkim_close>;
using HandlePtr = CPtr<DKIM, dkim_free>;
using Opinion = SignatureTrial::Opinion;

// It subtracts the drift from t= without looking: what is below it becomes the far future.
struct Libraries {
  LibraryPtr usual, without_drift;
};
using LibrariesPtr = std::shared_ptr<const Libraries>;

Opinion unreadable(std::string_view why) {
  return {Opinion::Word::unreadable, "libopendkim: " + cleaned(why, true, 200)};
}

std::string record_of(const SignatureTrial::Case& one) {
  return std::string("v=DKIM1; k=") + (one.kind == KeyKind::rsa ? "rsa" : "ed25519") + "; p=" + to_base64(one.key);
}

class OpendkimTrial final : public SignatureTrial {
 public:
  OpendkimTrial(LibrariesPtr libraries, const HeaderList& headers, const std::vector<SignatureField>& fields);

  void write(std::string_view bytes) override;
  std::vector<Opinion> finish(const std::vector<Case>& cases) override;

  // Called by the library within finish().
  DKIM_CBSTAT give_key(u_char* buffer, std::size_t size) const noexcept;
  DKIM_CBSTAT judge_all(DKIM_SIGINFO** signatures, int count) noexcept;

 private:
  void read(const HeaderList& headers, const std::vector<SignatureField>& fields);
  DKIM_STAT read_field(const HeaderList& headers, std::size_t place);
  void feed(std::string_view bytes);
  Opinion judge(const Case& one, DKIM_SIGINFO* signature);

  const LibrariesPtr libraries_;
  HandlePtr handle_;
  std::vector<std::size_t> places_;  // of the fields in the library's list of signatures, in its order
  DKIM_STAT header_ = DKIM_STAT_OK;  // what the library says of it
  bool any_body_ = false, after_cr_ = false, after_lf_ = false;  // what the body's last byte so far was
  const std::vector<Case>* cases_ = nullptr;                     // within finish()
  std::vector<Opinion> opinions_;
  std::string record_;         // of the signature being judged
  std::exception_ptr thrown_;  // what must not fly through the library
};

DKIM_CBSTAT give_key(DKIM* handle, DKIM_SIGINFO*, u_char* buffer, std::size_t size) {
  return static_cast<const OpendkimTrial*>(dkim_get_user_context(handle))->give_key(buffer, size);
}

DKIM_CBSTAT judge_all(DKIM* handle, DKIM_SIGINFO** signatures, int count) {
  return static_cast<OpendkimTrial*>(dkim_get_user_context(handle))->judge_all(signatures, count);
}

OpendkimTrial::OpendkimTrial(LibrariesPtr libraries, const HeaderList& headers,
                             const std::vector<SignatureField>& fields)
    : libraries_(std::move(libraries)) {
  const bool early = std::any_of(fields.begin(), fields.end(),
                                 [](const SignatureField& field) { return field.made && *field.made < clock_drift; });
  DKIM_STAT status = DKIM_STAT_OK;
  auto* library = (early ? libraries_->without_drift : libraries_->usual).get();
  handle_.reset(dkim_verify(library, reinterpret_cast<const unsigned char*>("-"), nullptr, &status));
  if (!handle_) throw std::bad_alloc();
  dkim_set_user_context(handle_.get(), this);
  read(headers, fields);
}

void OpendkimTrial::read(const HeaderList& headers, const std::vector<SignatureField>& fields) {
  auto next = fields.begin();
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto value = headers[i].value;
    if (!equal_folded(headers[i].name, "DKIM-Signature")) {
      read_field(headers, i);
    } else if (next != fields.end() && next->place == i) {
      ++next;
      const auto names = static_cast<std::size_t>(std::count(value.begin(), value.end(), ':')) + 1;
      if (value.size() > longest_judged_signature || names * headers.size() > most_comparisons) continue;
      if (read_field(headers, i) == DKIM_STAT_OK) places_.push_back(i);
    }
  }
  header_ = dkim_eoh(handle_.get());
}

DKIM_STAT OpendkimTrial::read_field(const HeaderList& headers, std::size_t place) {
  std::string field(headers[place].name);
  field += ':';
  if (!headers.traits().leading_space) field += ' ';  // which this MTA does not hand over; most senders have one
  for (const char c : headers[place].value) {
    if (c == '\n' && !field.ends_with('\r')) field += '\r';
    field += c == '\0' ? '?' : c;  // the library's texts end there
  }
  return dkim_header(handle_.get(), reinterpret_cast<u_char*>(field.data()), field.size());
}

void OpendkimTrial::feed(std::string_view bytes) {
  if (bytes.empty()) return;
  // The library does not write to it.
  dkim_body(handle_.get(), reinterpret_cast<u_char*>(const_cast<char*>(bytes.data())), bytes.size());
}

// A bare LF counts as a line end, as the MTA will send it.
void OpendkimTrial::write(std::string_view bytes) {
  if (header_ != DKIM_STAT_OK || bytes.empty()) return;
  std::size_t from = 0;
  for (auto at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 ? after_cr_ : bytes[at - 1] == '\r') continue;
    feed(bytes.substr(from, at - from));
    feed("\r\n");
    from = at + 1;
  }
  feed(bytes.substr(from));
  after_cr_ = bytes.back() == '\r';
  after_lf_ = bytes.back() == '\n';
  any_body_ = true;
}

std::vector<Opinion> OpendkimTrial::finish(const std::vector<Case>& cases) {
  cases_ = &cases;
  if (header_ == DKIM_STAT_OK && any_body_ && !after_lf_) feed("\r\n");  // the library wants it; RFC 6376 3.4.3 adds it
  opinions_.assign(cases.size(),
                   unreadable(header_ == DKIM_STAT_OK || header_ == DKIM_STAT_NOSIG ? "it cannot read the signature"
                                                                                    : "it cannot read the header"));
  if (header_ == DKIM_STAT_OK) dkim_eom(handle_.get(), nullptr);
  handle_.reset();
  if (thrown_) std::rethrow_exception(thrown_);
  return std::move(opinions_);
}

DKIM_CBSTAT OpendkimTrial::give_key(u_char* buffer, std::size_t size) const noexcept {
  if (record_.size() >= size) return DKIM_CBSTAT_NOTFOUND;
  std::memcpy(buffer, record_.c_str(), record_.size() + 1);
  return DKIM_CBSTAT_CONTINUE;
}

// The library itself would stop at the first signature that passes.
DKIM_CBSTAT OpendkimTrial::judge_all(DKIM_SIGINFO** signatures, int count) noexcept {
  try {
    const bool known = static_cast<std::size_t>(count) == places_.size();
    for (std::size_t i = 0; known && i < cases_->size(); ++i) {
      const auto found = std::find(places_.begin(), places_.end(), (*cases_)[i].place);
      if (found != places_.end()) opinions_[i] = judge((*cases_)[i], signatures[found - places_.begin()]);
    }
    for (int i = 0; i < count; ++i) dkim_sig_ignore(signatures[i]);
  } catch (...) {
    thrown_ = std::current_exception();
  }
  return DKIM_CBSTAT_CONTINUE;
}

Opinion OpendkimTrial::judge(const Case& one, DKIM_SIGINFO* signature) {
  using Word = Opinion::Word;
  if (dkim_sig_geterror(signature) == DKIM_SIGERROR_UNKNOWN) {
    record_ = record_of(one);
    dkim_sig_process(handle_.get(), signature);
  }
  const auto error = dkim_sig_geterror(signature);
  const auto flags = dkim_sig_getflags(signature);
  const auto body = dkim_sig_getbh(signature);
  if ((flags & DKIM_SIGFLAG_PASSED) != 0 && body == DKIM_SIGBH_MATCH) return {Word::good, {}};
  if ((flags & DKIM_SIGFLAG_PASSED) != 0 || (error == DKIM_SIGERROR_OK && body == DKIM_SIGBH_MISMATCH))
    return {Word::body_changed, {}};
  if (error == DKIM_SIGERROR_OK || error == DKIM_SIGERROR_BADSIG ||
      (error == DKIM_SIGERROR_UNKNOWN && (flags & DKIM_SIGFLAG_PROCESSED) != 0))
    return {Word::bad, {}};
  const char* why = dkim_sig_geterrorstr(error);
  return unreadable(why == nullptr ? "it cannot read the signature" : why);
}

class OpendkimJudge final : public SignatureJudge {
 public:
  explicit OpendkimJudge(LibrariesPtr libraries) : libraries_(std::move(libraries)) {}
  std::unique_ptr<SignatureTrial> begin(const HeaderList& headers,
                                        const std::vector<SignatureField>& fields) const override {
    return std::make_unique<OpendkimTrial>(libraries_, headers, fields);
  }

 private:
  const LibrariesPtr libraries_;  // const to their users once their options are set
};

LibraryPtr make_library(std::uint64_t drift) {
  LibraryPtr library(dkim_init(nullptr, nullptr));
  unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC, bits = 1024;
  const bool good =
      library && dkim_options(library.get(), DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
      dkim_options(library.get(), DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits) == DKIM_STAT_OK &&
      dkim_options(library.get(), DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof drift) == DKIM_STAT_OK &&
      dkim_set_key_lookup(library.get(), give_key) == DKIM_STAT_OK &&
      dkim_set_final(library.get(), judge_all) == DKIM_STAT_OK;
  return good ? std::move(library) : LibraryPtr();
}

}  // namespace

Result<SignatureJudgePtr> make_opendkim_judge() {
  auto libraries = std::make_shared<Libraries>();
  libraries->usual = make_library(clock_drift);
  libraries->without_drift = make_library(0);
  if (!libraries->usual || !libraries->without_drift)
    return Error{"libopendkim cannot be started, or does not accept its options"};
  return SignatureJudgePtr(std::make_shared<OpendkimJudge>(std::move(libraries)));
}

}  // namespace mailweir
