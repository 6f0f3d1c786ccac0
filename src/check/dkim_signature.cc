// SPDX-License-Identifier: BSD-2-Clause
#include "check/dkim_signature.h"

#include <algorithm>

#include "base/text.h"
#include "mail/domain.h"
#include "mail/tag_list.h"

namespace mailweir {
namespace {

constexpr std::size_t longest_shown = 253;

struct Fault {
  AuthWord word;
  std::string reason;
};
using Read = std::optional<Fault>;  // nothing: it is right

Fault unreadable(std::string reason) { return {AuthWord::neutral, std::move(reason)}; }
Fault invalid(std::string reason) { return {AuthWord::permerror, std::move(reason)}; }

// RFC 6376 3.5: of more than 12 digits a time may be taken as infinite, and so may a longer length.
std::optional<std::uint64_t> digits(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
  return to_number(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

std::optional<Canon> canon_of(std::string_view name) {
  if (name == "simple") return Canon::simple;
  if (name == "relaxed") return Canon::relaxed;
  return {};
}

class Reader {
 public:
  Reader(const TagList& tags, WallTime now, DkimSignature& signature) : tags_(tags), now_(now), signature_(signature) {}

  // What is shown of a signature is read first, whatever is wrong with it.
  void names() {
    const auto shown = [&](std::string_view name) {
      return cleaned(without_blanks(tags_.value(name).value_or("")), true, longest_shown);
    };
    const auto domain = to_domain(without_blanks(tags_.value("d").value_or("")));
    const auto selector = to_domain(without_blanks(tags_.value("s").value_or("")));
    signature_.domain = domain.value_or(folded(shown("d")));
    signature_.selector = selector.value_or(folded(shown("s")));
    names_good_ = domain && selector;
    signature_.algorithm = folded(shown("a"));
    signature_.start = shown("b").substr(0, 8);
  }

  Read all() {
    for (const auto part : {&Reader::complete, &Reader::kind, &Reader::canons, &Reader::list, &Reader::identity,
                            &Reader::times, &Reader::query, &Reader::values})
      if (auto fault = (this->*part)()) return fault;
    return {};
  }

 private:
  Read complete() {
    for (const auto* name : {"v", "a", "b", "bh", "d", "h", "s"})
      if (tags_.value(name).value_or("").empty()) return unreadable(std::string("it has no ") + name + "=");
    if (*tags_.value("v") != "1") return unreadable("it has an unknown version (v=)");
    if (!names_good_) return invalid("d= and s= do not make a DNS name");
    return {};
  }

  Read kind() {
    if (signature_.algorithm == "rsa-sha1") return invalid("rsa-sha1 must not be trusted (RFC 8301)");
    if (signature_.algorithm != "rsa-sha256" && signature_.algorithm != "ed25519-sha256")
      return unreadable("it has an unknown algorithm (a=)");
    signature_.kind = signature_.algorithm == "rsa-sha256" ? KeyKind::rsa : KeyKind::ed25519;
    return {};
  }

  Read canons() {
    const auto text = folded(without_blanks(tags_.value("c").value_or("simple/simple")));
    const auto slash = text.find('/');
    const auto header = canon_of(std::string_view(text).substr(0, slash));
    const auto body = slash == text.npos ? Canon::simple : canon_of(std::string_view(text).substr(slash + 1));
    if (!header || !body) return unreadable("it has an unknown canonicalization (c=)");
    signature_.header_canon = *header;
    signature_.body_canon = *body;
    return {};
  }

  // RFC 6376 5.4: From must be signed.
  Read list() {
    for (const auto name : split(*tags_.value("h"), ':')) signature_.covered.push_back(folded(trimmed(name)));
    if (std::find(signature_.covered.begin(), signature_.covered.end(), "from") == signature_.covered.end())
      return invalid("the From field is not signed");
    return {};
  }

  // RFC 6376 3.5: i= is at d= or below it. The domains are compared as A-labels (RFC 8616 5).
  Read identity() {
    const auto text = tags_.value("i");
    if (!text) return {};
    const auto identity = without_blanks(*text);
    const auto at = identity.rfind('@');
    const auto domain = at == identity.npos ? std::nullopt : to_domain(std::string_view(identity).substr(at + 1));
    if (!domain || !is_at_or_below(*domain, signature_.domain)) return invalid("i= is not of the domain d=");
    signature_.of_subdomain = *domain != signature_.domain;
    return {};
  }

  Read times() {
    const auto made = tags_.value("t"), expires = tags_.value("x"), length = tags_.value("l");
    if ((made && !digits(*made)) || (expires && !digits(*expires)) || (length && !digits(*length)))
      return unreadable("t=, x= or l= is not a number");
    if (length) signature_.body_length = digits(*length);
    if (made) signature_.made = digits(*made);
    const auto since = std::chrono::floor<std::chrono::seconds>(now_.time_since_epoch()).count();
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)),
               drift = static_cast<std::uint64_t>(most_clock_drift.count());
    if (expires && now >= drift && now - drift >= *digits(*expires))
      return Fault{AuthWord::fail, "the signature has expired"};
    if (made && *digits(*made) > now + drift) return Fault{AuthWord::fail, "the signature is dated in the future"};
    if (made && expires && *digits(*expires) <= *digits(*made))
      return invalid("the signature expires before it was made (x=)");
    return {};
  }

  // RFC 6376 3.5: ways that are not known are passed over.
  Read query() {
    const auto ways = tags_.value("q");
    if (ways && !names_word(*ways, "dns/txt")) return invalid("its key is not in the DNS (q=)");
    return {};
  }

  Read values() {
    const auto hash = base64_of_tag(*tags_.value("bh")), signature = base64_of_tag(*tags_.value("b"));
    if (!hash || !signature) return unreadable("b= or bh= is not base64");
    signature_.body_hash = *hash;
    signature_.signature = *signature;
    const auto* tag = tags_.find("b");
    signature_.signature_begin = tag->begin;
    signature_.signature_end = tag->end;
    return {};
  }

  const TagList& tags_;
  const WallTime now_;
  DkimSignature& signature_;
  bool names_good_ = false;
};

}  // namespace

DkimSignature read_dkim_signature(std::string_view value, WallTime now) {
  DkimSignature signature;
  const auto tags = TagList::parse(value);
  Read fault;
  if (tags) {
    Reader reader(*tags, now, signature);
    reader.names();
    fault = reader.all();
  } else {
    fault = unreadable(tags.error().what);
  }
  if (!fault) return signature;
  signature.word = fault->word;
  signature.reason =
      fault->word == AuthWord::neutral ? "the signature cannot be read: " + fault->reason : fault->reason;
  return signature;
}

}  // namespace mailweir
