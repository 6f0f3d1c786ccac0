// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/envelope.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "mail/path.h"

namespace mailweir {
namespace {

using Mailbox = std::optional<std::string>;

// The macro's address in plain form. Sendmail leaves quotes and more where they stood: "c"eo@example.com,
// ceo@example.com@.
Mailbox plain(std::optional<std::string_view> macro, bool sendmail) {
  if (!macro) return {};
  if (auto mailbox = mailbox_in_path(*macro)) {
    const bool whole = sendmail && mailbox->find('@') != mailbox->npos;
    return whole ? meant_mailbox(*mailbox).value_or(*mailbox) : *mailbox;
  }
  std::string text(*macro);
  std::erase_if(text, [](char c) { return c == '"' || c == '\\'; });
  return std::string(trimmed(text));
}

// What the command's text means; nothing when it can't be an address.
Mailbox meant(const Mailbox& mailbox) { return mailbox && !mailbox->empty() ? meant_mailbox(*mailbox) : std::nullopt; }

Address of(const Mailbox& mailbox, const std::string& address, const MailboxSpelling& spelling) {
  return Address::of_envelope(mailbox ? *mailbox : address, address, spelling);
}

// Mail for the host itself goes where the % or ! of its local part says; Sendmail has taken that apart then.
Mailbox at_sendmail(const Mailbox& mailbox, const Mailbox& macro, bool local) {
  auto address = meant(mailbox);
  if (address && local && macro && macro->find_first_of("%!") == macro->npos)
    address = routed_mailbox(*std::move(address), [](std::string_view) { return true; });
  return address;
}

}  // namespace

std::optional<Address> envelope_sender(std::string_view path, const Macros& macros, bool sendmail,
                                       const MailboxSpelling& spelling) {
  const Mailbox mailbox = mailbox_in_path(path), macro = plain(macros.get("{mail_addr}"), sendmail);
  const bool local = macros.text("{mail_mailer}") == "local";
  if (macro && (!sendmail || (!local && macro->find('@') != macro->npos))) return of(mailbox, *macro, spelling);
  if (mailbox && mailbox->empty()) return of(mailbox, {}, spelling);
  const auto address = sendmail ? at_sendmail(mailbox, macro, local) : meant(mailbox);
  return address ? std::optional(of(mailbox, *address, spelling)) : std::nullopt;
}

std::optional<Address> envelope_recipient(std::string_view path, const Macros& macros, bool sendmail,
                                          const MailboxSpelling& spelling) {
  const Mailbox mailbox = mailbox_in_path(path), macro = plain(macros.get("{rcpt_addr}"), sendmail);
  const bool local = macros.text("{rcpt_mailer}") == "local";
  if (macro && !macro->empty() && !sendmail) return of(mailbox, *macro, spelling);
  const bool macro_counts = sendmail && macro && !local && macro->find('@') != macro->npos;
  const auto address = sendmail ? at_sendmail(mailbox, macro, local) : meant(mailbox);
  if (!address) return macro_counts ? std::optional(of(mailbox, *macro, spelling)) : std::nullopt;
  Address recipient = of(mailbox, *address, spelling);
  if (!macro_counts) return recipient;
  const Address resolved = Address::of_envelope(*macro, *macro, spelling);
  if (resolved.text() != recipient.text()) recipient.set_also(resolved);
  return recipient;
}

bool refused_by_the_mta(const Macros& macros, bool sendmail) {
  if (macros.text("{rcpt_mailer}") != "error") return false;
  return sendmail || macros.text("{rcpt_host}").find(' ') == std::string_view::npos;
}

bool is_unknown_at_the_mta(const Macros& macros, bool sendmail) {
  const std::string_view host = macros.text("{rcpt_host}"), address = macros.text("{rcpt_addr}");
  if (sendmail && host.empty()) return !address.empty() && address.find(' ') == std::string_view::npos;
  return host.ends_with(".1.1");
}

Address refused_recipient(std::string_view path, const MailboxSpelling& spelling) {
  const Mailbox mailbox = mailbox_in_path(path);
  const auto address = meant(mailbox);
  return address ? of(mailbox, *address, spelling) : Address::parse(path, spelling);
}

void read_parameters(const std::vector<std::string_view>& args, Transaction& transaction) {
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (starts_folded(args[i], "SIZE=")) {
      if (const auto size = size_in_bytes(args[i].substr(5)); size && *size > 0) transaction.declared_size = *size;
    } else if (equal_folded(args[i], "SMTPUTF8")) {
      transaction.smtputf8 = true;
    } else if (starts_folded(args[i], "XVERP")) {
      transaction.xverp = true;
    }
  }
}

GivenRecipient GivenRecipient::of(const std::vector<std::string_view>& args, const Macros& macros) {
  const std::string_view path = args.empty() ? std::string_view() : args.front();
  GivenRecipient given;
  given.path = path;
  given.mailer = macros.text("{rcpt_mailer}");
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (starts_folded(args[i], "NOTIFY=")) given.notify = args[i];
    if (starts_folded(args[i], "ORCPT=")) given.orcpt = args[i];
  }
  if (const auto address = macros.text("{rcpt_addr}"); !address.empty())
    given.resolved.append("<").append(address).append(">");
  if (given.resolved == path) given.resolved.clear();
  return given;
}

std::string GivenRecipient::mailbox(bool sendmail) const {
  const auto written = meant(mailbox_in_path(path)).value_or("");
  if (sendmail || resolved.size() <= 2) return written;
  // Postfix has it in plain form, in small letters; the brackets are ours.
  const auto known = resolved.substr(1, resolved.size() - 2);
  return equal_folded(written, known) ? written : known;
}

}  // namespace mailweir
