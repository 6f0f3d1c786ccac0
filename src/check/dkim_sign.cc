// SPDX-License-Identifier: BSD-2-Clause
#include "check/dkim_sign.h"

#include "base/base64.h"
#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::size_t widest_line = 77;
constexpr std::size_t tab_width = 8;  // a fold's tab, as a reader sees it

// Writes "tag=value; tag=value", folding where a line would get too wide.
class Folder {
 public:
  // Parts that belong to one tag may be torn apart only where the grammar has FWS: the caller cuts them there.
  void part(std::string_view text, bool blank_before) {
    if (!text_.empty() && column_ + (blank_before ? 1 : 0) + text.size() > widest_line) {
      text_ += "\n\t";
      column_ = tab_width;
    } else if (blank_before && !text_.empty()) {
      text_ += ' ';
      ++column_;
    }
    text_ += text;
    column_ += text.size();
  }
  void tag(std::string_view name, std::string_view value) {
    part(std::string(name) + '=' + std::string(value) + ';', true);
  }
  // Base64 may be folded anywhere.
  void base64(std::string_view text) {
    while (!text.empty()) {
      const auto room = column_ + 8 < widest_line ? widest_line - column_ : widest_line - tab_width;
      const auto piece = text.substr(0, room);
      part(piece, false);
      text.remove_prefix(piece.size());
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t column_ = signature_field.size() + 2;
};

// RFC 6376 2.11: dkim-quoted-printable.
std::string quoted_printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string quoted;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != ';' && c != '=') {
      quoted += c;
      continue;
    }
    quoted += '=';
    quoted += digits[byte >> 4];
    quoted += digits[byte & 15];
  }
  return quoted;
}

Result<std::string> identity_tag(std::string_view identity, const std::string& domain) {
  const auto at = identity.rfind('@');
  const auto below = at == identity.npos ? std::nullopt : to_domain(identity.substr(at + 1));
  if (!below || !is_at_or_below(*below, domain))
    return Error{"i=" + cleaned(identity, false, 300) + " is not an address at or below " + domain + " (RFC 6376 3.5)"};
  return quoted_printable(identity.substr(0, at)) + '@' + *below;
}

// A next server adds these two where they are missing (RFC 6409 8.2, 8.3), and may: only those that are there are
// oversigned.
bool is_added_on_the_way(std::string_view name) {
  return equal_folded(name, "Date") || equal_folded(name, "Message-ID");
}

// Appends the fields of a name from the last to the first, as a verifier will look for them (RFC 6376 5.4.2), and names
// each in h=. Returns how many there were.
std::size_t cover_name(CoveredHeaders& covered, const std::vector<HeaderView>& fields, const std::string& name) {
  std::size_t count = 0;
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!equal_folded(field->name, name)) continue;
    append_canonical_header(covered.text, covered.canon, field->name, field->value);
    covered.names.push_back(name);
    ++count;
  }
  return count;
}

}  // namespace

Result<CoveredHeaders> cover(const HeaderList& headers, const SignPolicy& policy) {
  CoveredHeaders covered;
  covered.fell_back = policy.header_canon == Canon::simple && !headers.traits().leading_space;
  covered.canon = covered.fell_back ? Canon::relaxed : policy.header_canon;
  const auto fields = headers.leaving();
  bool from = false;
  const auto each = [&](const std::vector<std::string>& names, bool once_more, bool if_there) {
    for (const auto& name : names) {
      if (is_never_signed(name)) continue;
      const auto count = cover_name(covered, fields, name);
      if (once_more && (count > 0 || !(if_there || is_added_on_the_way(name)))) covered.names.push_back(name);
      from = from || (count > 0 && equal_folded(name, "From"));
    }
  };
  each(policy.oversigned, true, false);
  each(policy.oversigned_if_there, true, true);
  each(policy.signed_if_there, false, true);
  if (!from) return Error{"the message has no From header field to sign (RFC 6376 5.4)"};
  if (covered.names.size() > most_covered)
    return Error{"the message has more than " + std::to_string(most_covered) + " header fields to sign"};
  return covered;
}

Result<std::string> sign(const CoveredHeaders& covered, std::string_view body_hash, const DkimKey& key,
                         const SignPolicy& policy, WallTime now, const std::optional<std::string>& identity) {
  if (body_hash.empty())
    return Error{"no body hash of the canonicalisation " + std::string(to_string(policy.body_canon))};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  Folder value;
  value.tag("v", "1");
  value.tag("a", key.signer->kind() == KeyKind::rsa ? "rsa-sha256" : "ed25519-sha256");
  value.tag("c", std::string(to_string(covered.canon)) + '/' + std::string(to_string(policy.body_canon)));
  value.tag("d", key.domain);
  value.tag("s", key.selector);
  value.tag("t", std::to_string(seconds.count()));
  if (policy.good_for) value.tag("x", std::to_string((seconds + *policy.good_for).count()));
  if (identity || !key.identity.empty()) {
    const auto tag = identity_tag(identity ? *identity : key.identity, key.domain);
    if (!tag) return tag.error();
    value.tag("i", *tag);
  }
  for (std::size_t i = 0; i < covered.names.size(); ++i) {
    const bool last = i + 1 == covered.names.size();
    value.part((i == 0 ? "h=" : "") + covered.names[i] + (last ? ';' : ':'), i == 0);
  }
  value.tag("bh", body_hash);
  value.part("b=", true);

  // The signature's own field comes last, with b= empty and without CRLF (RFC 6376 3.7).
  std::string data = covered.text;
  append_canonical_header(data, covered.canon, signature_field, ' ' + value.text());
  data.resize(data.size() - 2);
  auto signature = key.signer->sign(data);
  if (!signature)
    return Error{"DKIM key " + key.selector + "._domainkey." + key.domain + ": " + signature.error().what, true};
  value.base64(to_base64(*signature));
  return value.text();
}

}  // namespace mailweir
