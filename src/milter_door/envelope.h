// SPDX-License-Identifier: BSD-2-Clause
// Which address of MAIL and RCPT is judged: the one that the MTA will use. Both MTAs tell it in a macro, each in its
// own way:
//
// Postfix: {mail_addr}, and {rcpt_addr} of an accepted recipient, are its cleaned and rewritten address
// (trivial-rewrite(8)). Sendmail: the address only where it holds an @ and the mailer is not local. A local domain is
// taken off ("info"), an extension of a sender, too, and the target of a virtusertable stands in place of its
// recipient. Of a recipient both are judged, and the cleaned one counts.
//
// Without the macro: what we make of the command's own text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.h"
#include "mail/transaction.h"
#include "milter_door/milter_events.h"

namespace mailweir {

// `path`: the argument of the command. Nothing: it is no mailbox, and the MTA has not said what it makes of it. The
// null sender is a mailbox.
std::optional<Address> envelope_sender(std::string_view path, const Macros& macros, bool sendmail,
                                       const MailboxSpelling& spelling);
std::optional<Address> envelope_recipient(std::string_view path, const Macros& macros, bool sendmail,
                                          const MailboxSpelling& spelling);
// Whether the MTA has refused the recipient (SMFIP_RCPT_REJ): {rcpt_mailer} is "error". Postfix says that, too, of a
// recipient in virtual_alias_domains that it takes, whose {rcpt_host} is a code with words behind it; of one refused it
// is the code alone.
bool refused_by_the_mta(const Macros& macros, bool sendmail);
// Of one that is refused: whether such a mailbox does not exist. {rcpt_host} has the enhanced code, and only X.1.1 says
// so (RFC 3463 3.2). Sendmail 8.18 has no code there for a user that its host does not know, and the user's name in
// {rcpt_addr}, where a refusal by a rule has the reply's text.
bool is_unknown_at_the_mta(const Macros& macros, bool sendmail);
// Of a recipient that the MTA has refused: {rcpt_addr} is the text of its reply then.
Address refused_recipient(std::string_view path, const MailboxSpelling& spelling);

// What MAIL's parameters say of the message: SIZE=, SMTPUTF8, XVERP. `args`: all of the command, its path first.
void read_parameters(const std::vector<std::string_view>& args, Transaction& transaction);

// A recipient as the MTA may have it, for its deletion: which of the two, depends on how it was written.
struct GivenRecipient {
  static GivenRecipient of(const std::vector<std::string_view>& args, const Macros& macros);
  std::string path, resolved;  // the command's argument; <{rcpt_addr}> where that is another text
  std::string mailer;          // {rcpt_mailer}: by what its mail is delivered; "": not known
  std::string notify, orcpt;   // "NOTIFY=NEVER", "ORCPT=rfc822;a@example.com"; "": not given

  // As SMTP means it, in plain form and with its case; "": it is no mailbox.
  std::string mailbox(bool sendmail) const;
};

}  // namespace mailweir
