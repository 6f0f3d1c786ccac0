// SPDX-License-Identifier: BSD-2-Clause
// An envelope's address and its path, a domain, and the addresses of a header field. Each has one spelling, which is
// its own spelling; nothing grows beyond what came; folds change nothing; an address at the end is found whatever
// stands before it.
#include <algorithm>

#include "base/text.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/domain.h"
#include "mail/path.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

constexpr std::size_t longest_domain = 253;

void look_at_domain(std::string_view text) {
  static_cast<void>(is_fully_qualified(text));
  const auto domain = to_domain(text);
  if (!domain) return;
  must(fits_dns(*domain) && fuzz::is_printable(*domain) && folded(*domain) == *domain);
  must(to_domain(*domain) == domain && to_domain(*domain + '.') == domain);
  const auto parent = parent_of(*domain);
  must(is_at_or_below(*domain, *domain) && (parent.empty() || is_at_or_below(*domain, parent)));
}

void look_at(const Address& address, std::size_t size) {
  must(!address.is_absent() && address.is_null() == address.text().empty());
  must(address.text().size() <= size + longest_domain && address.original().size() <= size);
  must(folded(address.text()) == address.text());
  if (address.domain().empty()) must(address.local() == address.text() || address.text().ends_with('@'));
  else must(std::string(address.local()) + '@' + std::string(address.domain()) == address.text());
  if (const auto domain = to_domain(address.domain())) must(*domain == address.domain());
  const std::string plain = address.plain();
  must(address.is_plain() == (plain == address.text()) && plain.size() <= address.text().size());
  // A local part that needs no quotes is spelled as it is read.
  const auto local = address.local();
  const bool plain_local = !local.empty() && local.find_first_of("\"\\@<>:;,()[] \t\r\n") == local.npos;
  if (plain_local && to_domain(address.domain())) must(Address::parse(address.text()).text() == address.text());
}

std::string texts(const std::vector<Address>& addresses) {
  std::string all;
  for (const auto& address : addresses) all += address.text() + '\n';
  return all;
}

// The path of MAIL or RCPT, and the address that it means.
void look_at_path(std::string_view text) {
  const auto mailbox = mailbox_in_path(text);
  if (!mailbox) return;
  must(mailbox->size() <= text.size() + 1);  // the ] of a literal that nothing closes
  const auto meant = meant_mailbox(*mailbox);
  if (!meant) return;
  must(mailbox_in_path('<' + quoted_mailbox(*meant) + '>') == meant);
  must(meant->size() <= mailbox->size() && meant_mailbox(*meant) == meant);
  const Address address = Address::of_envelope(*mailbox, *meant, {});
  must(address.is_null() == meant->empty() && address.text().size() <= text.size() + longest_domain);
  must(folded(address.text()) == address.text() && folded(address.key()) == address.key());
  must(address.plain().size() <= address.text().size());
}

void look_at_list(std::string_view text) {
  const auto addresses = parse_address_list(text);
  must(addresses.size() <= text.size() / 2 + 1);
  for (const auto& address : addresses) look_at(address, text.size());
  must(addresses.size() <= at_most_addresses(text));
  const auto at_sendmail = parse_address_list(text, {}, "mx.example.net");
  must(at_sendmail.size() <= at_most_addresses(text));
  for (const auto& address : at_sendmail) {
    look_at(address, text.size());
    if (address.also() != nullptr) look_at(*address.also(), text.size() + 15);
    else must(!address.domain().empty());  // Sendmail leaves no author without one
  }
  const std::string read = texts(addresses);
  // A fold before a blank is no part of the text (RFC 5322 2.2.3).
  std::string folds;
  for (const char c : text) folds += c == ' ' ? std::string("\r\n ") : std::string(1, c);
  must(texts(parse_address_list(folds)) == read);
  if (text.find_first_of("(<\"[\\") != text.npos) return;
  const auto more = parse_address_list(std::string(text) + ",\n last@fuzz.example");
  const auto is_last = [](const Address& address) { return address.text() == "last@fuzz.example"; };
  must(std::any_of(more.begin(), more.end(), is_last));
}

}  // namespace

const std::size_t fuzz::changes = 30'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  look_at(Address::parse(text), text.size());
  look_at_domain(text);
  look_at_path(text);
  look_at_list(text);
  return 0;
}
