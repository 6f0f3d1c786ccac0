// SPDX-License-Identifier: BSD-2-Clause
// A DKIM-Signature field and the key record that it asks for: what is read lies within what came, folds and chunks
// change nothing, and what is told of it is printable. A message with another body than the one that was signed never
// passes, nor does it by libopendkim.
#include <algorithm>

#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/verify/opendkim_judge.h"
#include "base/text.h"
#include "check/dkim_key.h"
#include "check/dkim_verify.h"
#include "mail/domain.h"
#include "one_text.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

const ManualClock& now() {
  static const ManualClock clock(WallTime(std::chrono::seconds(1'528'637'950)));
  return clock;
}

void must_be_reason(AuthWord word, std::string_view reason) {
  must(fuzz::is_printable(reason) && is_utf8(reason) && reason.size() < 1000);
  must(word == AuthWord::none || !reason.empty());
}

DkimSignature look_at_signature(std::string_view value) {
  const auto signature = read_dkim_signature(value, now().wall());
  must_be_reason(signature.word, signature.reason);
  must(signature.start.size() <= 8 && signature.domain.size() + signature.selector.size() <= value.size() + 506);
  // RFC 6376 3.2: blanks and folds around a value are no part of it; 3.5 lets them stand within h=, bh= and b=.
  std::string folds;
  for (const char c : value) folds += c == ' ' ? std::string("\r\n ") : std::string(1, c);
  const auto again = read_dkim_signature(folds, now().wall());
  must(again.word == signature.word && again.domain == signature.domain && again.signature == signature.signature);
  if (signature.word != AuthWord::none) return signature;
  must(fits_dns(signature.domain) && !signature.selector.empty());
  must(signature.signature_begin <= signature.signature_end && signature.signature_end <= value.size());
  must(std::find(signature.covered.begin(), signature.covered.end(), "from") != signature.covered.end());
  must(signature.signature.size() <= value.size());
  return signature;
}

std::string verified(const HeaderList& headers, std::string_view key, std::string_view body, std::size_t piece,
                     const SignatureJudgePtr& judge) {
  static const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), now());
  fuzz::OneText resolver(key);
  const auto lookups = Lookups::make(resolver, Deadline::in(std::chrono::hours(1)));
  const auto verification = verifier->begin(headers, judge);
  must(verification->keys().size() <= most_signatures);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) verification->write(body.substr(0, piece));
  const auto result = verification->finish(*lookups);
  must_be_reason(result.word, result.reason);
  must(result.signatures.size() <= most_signatures && result.unread == 2);
  std::string words;
  for (const auto& signature : result.signatures) {
    must_be_reason(signature.word, signature.reason);
    must(signature.word != AuthWord::pass);
    words += std::string(to_string(signature.word)) + ' ' + signature.domain + '\n';
  }
  return words;
}

}  // namespace

const std::size_t fuzz::changes = 4'000;

}  // namespace mailweir

// The field's value, a NUL, the key record.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  const auto end = std::min(text.find('\0'), text.size());
  const auto value = text.substr(0, end), key = text.substr(std::min(end + 1, text.size()));
  const auto signature = look_at_signature(value);
  const auto record = read_dkim_key(key, signature);
  must_be_reason(record.word, record.reason);
  fuzz::must(record.key.size() <= key.size());

  HeaderList headers;
  headers.receive("From", " Joe SixPack <joe@football.example.com>");
  for (std::size_t i = 0; i < most_signatures + 2; ++i) headers.receive("DKIM-Signature", value);
  constexpr std::string_view body = "Hi.\r\n\r\nAnother text than that which was signed. \r\n\r\n";
  static const auto libopendkim = make_opendkim_judge();
  fuzz::must(static_cast<bool>(libopendkim));
  for (const auto& judge : {SignatureJudgePtr(), *libopendkim})
    fuzz::must(verified(headers, key, body, 3, judge) == verified(headers, key, body, body.size(), judge));
  return 0;
}
