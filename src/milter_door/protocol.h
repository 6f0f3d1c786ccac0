// SPDX-License-Identifier: BSD-2-Clause
// The words of the milter protocol, versions 2 to 6, as Sendmail 8.14 and later, Postfix and libmilter speak it: what
// an MTA tells a filter (Event) and what the filter answers (Response). Values only; encode.h and decode.h turn them
// into bytes and back. Texts are views of bytes that the caller owns; they hold no NUL.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace mailweir::milter {

inline constexpr std::uint32_t lowest_version = 2;
inline constexpr std::uint32_t highest_version = 6;
// A body goes over in chunks of at most this many bytes.
inline constexpr std::size_t body_chunk = 65535;

// The byte that opens an MTA's packet.
enum class Command : char {
  abort = 'A',
  body = 'B',
  connect = 'C',
  macros = 'D',
  end_of_message = 'E',
  helo = 'H',
  quit_for_new_connection = 'K',
  header = 'L',
  mail = 'M',
  end_of_header = 'N',
  options = 'O',
  quit = 'Q',
  rcpt = 'R',
  data = 'T',
  unknown = 'U',
};

// The byte that opens a filter's packet.
enum class Answer : char {
  add_recipient = '+',
  delete_recipient = '-',
  add_recipient_with_parameters = '2',
  shutdown = '4',
  accept = 'a',
  replace_body = 'b',
  go_on = 'c',
  discard = 'd',
  change_sender = 'e',
  connection_failure = 'f',
  add_header = 'h',
  insert_header = 'i',
  change_header = 'm',
  options = 'O',
  progress = 'p',
  quarantine = 'q',
  reject = 'r',
  skip = 's',
  tempfail = 't',
  reply = 'y',
};

constexpr bool is_command(char byte) {
  return std::string_view("ABCDEHKLMNOQRTU").find(byte) != std::string_view::npos;
}
// Answers of one byte, without data.
constexpr bool is_plain(Answer answer) {
  return std::string_view("acdrtsp4f").find(static_cast<char>(answer)) != std::string_view::npos;
}

// What a filter may do to a message: bits of Options::actions.
namespace action {
inline constexpr std::uint32_t add_headers = 0x01;
inline constexpr std::uint32_t change_body = 0x02;
inline constexpr std::uint32_t add_recipients = 0x04;
inline constexpr std::uint32_t delete_recipients = 0x08;
inline constexpr std::uint32_t change_headers = 0x10;
inline constexpr std::uint32_t quarantine = 0x20;
inline constexpr std::uint32_t change_sender = 0x40;
inline constexpr std::uint32_t add_recipients_with_parameters = 0x80;
inline constexpr std::uint32_t set_macros = 0x100;
inline constexpr std::uint32_t all = 0x1ff;
}  // namespace action

// Which events are sent and which of them are answered: bits of Options::steps. no_X: the MTA does not send X;
// silent_X: the filter does not answer it.
namespace step {
inline constexpr std::uint32_t no_connect = 0x01;
inline constexpr std::uint32_t no_helo = 0x02;
inline constexpr std::uint32_t no_mail = 0x04;
inline constexpr std::uint32_t no_rcpt = 0x08;
inline constexpr std::uint32_t no_body = 0x10;
inline constexpr std::uint32_t no_headers = 0x20;
inline constexpr std::uint32_t no_end_of_header = 0x40;
inline constexpr std::uint32_t silent_header = 0x80;
inline constexpr std::uint32_t no_unknown = 0x100;
inline constexpr std::uint32_t no_data = 0x200;
inline constexpr std::uint32_t skip = 0x400;                 // the MTA knows the answer `skip`
inline constexpr std::uint32_t rejected_recipients = 0x800;  // recipients that the MTA refused are sent too
inline constexpr std::uint32_t silent_connect = 0x1000;
inline constexpr std::uint32_t silent_helo = 0x2000;
inline constexpr std::uint32_t silent_mail = 0x4000;
inline constexpr std::uint32_t silent_rcpt = 0x8000;
inline constexpr std::uint32_t silent_data = 0x10000;
inline constexpr std::uint32_t silent_unknown = 0x20000;
inline constexpr std::uint32_t silent_end_of_header = 0x40000;
inline constexpr std::uint32_t silent_body = 0x80000;
inline constexpr std::uint32_t header_leading_space = 0x100000;  // header values keep the blank after ':'
inline constexpr std::uint32_t all = 0x1fffff;
}  // namespace step

// The stages at which a filter may name the macros it wants. Sendmail and Postfix number them so.
enum class MacroStage : std::uint32_t { connect, helo, mail, rcpt, data, end_of_message, end_of_header };
inline constexpr std::uint32_t macro_stage_count = 7;

struct MacroList {
  MacroStage stage = MacroStage::connect;
  std::string_view names;  // separated by blanks: "j {client_addr} v"
  bool operator==(const MacroList&) const = default;
};

// The first packet each way. `macros` goes from filter to MTA only (smfi_setsymlist) and replaces the MTA's own list.
struct Options {
  std::uint32_t version = highest_version;
  std::uint32_t actions = 0;
  std::uint32_t steps = 0;
  std::vector<MacroList> macros{};
  bool operator==(const Options&) const = default;
};

struct Macro {
  std::string_view name;  // "i" or "{client_addr}"
  std::string_view value;
  bool operator==(const Macro&) const = default;
};

// Sent just before the event that they belong to.
struct Macros {
  Command of = Command::connect;
  std::vector<Macro> values{};
  bool operator==(const Macros&) const = default;
};

enum class Family : char { unknown = 'U', local = 'L', inet = '4', inet6 = '6' };

struct Connect {
  std::string_view host;  // the client's name, or its address in brackets
  Family family = Family::unknown;
  std::uint16_t port = 0;
  std::string_view address{};  // an IP address, or a path; empty when the family is unknown
  bool operator==(const Connect&) const = default;
};
struct Helo {
  std::string_view name;
  bool operator==(const Helo&) const = default;
};
struct Mail {
  std::string_view sender;                     // with its angle brackets
  std::vector<std::string_view> parameters{};  // "SIZE=1234", "BODY=8BITMIME"
  bool operator==(const Mail&) const = default;
};
struct Rcpt {
  std::string_view recipient;
  std::vector<std::string_view> parameters{};
  bool operator==(const Rcpt&) const = default;
};
struct Data {
  bool operator==(const Data&) const = default;
};
struct Header {
  std::string_view name, value;  // folds are LF and a blank
  bool operator==(const Header&) const = default;
};
struct EndOfHeader {
  bool operator==(const EndOfHeader&) const = default;
};
struct Body {
  std::string_view chunk;
  bool operator==(const Body&) const = default;
};
struct EndOfMessage {
  std::string_view chunk{};  // a last piece of the body; mostly empty
  bool operator==(const EndOfMessage&) const = default;
};
struct Abort {
  bool operator==(const Abort&) const = default;
};
struct Quit {
  bool operator==(const Quit&) const = default;
};
struct QuitForNewConnection {
  bool operator==(const QuitForNewConnection&) const = default;
};
struct UnknownCommand {
  std::string_view line;
  bool operator==(const UnknownCommand&) const = default;
};

using Event = std::variant<Options, Macros, Connect, Helo, Mail, Rcpt, Data, Header, EndOfHeader, Body, EndOfMessage,
                           Abort, Quit, QuitForNewConnection, UnknownCommand>;

// An answer that is_plain().
struct Plain {
  Answer answer = Answer::go_on;
  bool operator==(const Plain&) const = default;
};
// "550 5.7.1 text"; lines of a longer reply are separated by CR LF, each with its code.
struct ReplyText {
  std::string_view text;
  bool operator==(const ReplyText&) const = default;
};
struct AddRecipient {
  std::string_view recipient;
  bool operator==(const AddRecipient&) const = default;
};
struct AddRecipientWithParameters {
  std::string_view recipient;
  std::string_view parameters{};  // empty: none
  bool operator==(const AddRecipientWithParameters&) const = default;
};
struct DeleteRecipient {
  std::string_view recipient;
  bool operator==(const DeleteRecipient&) const = default;
};
struct ChangeSender {
  std::string_view sender;
  std::string_view parameters{};  // empty: none
  bool operator==(const ChangeSender&) const = default;
};
struct AddHeader {
  std::string_view name, value;
  bool operator==(const AddHeader&) const = default;
};
struct InsertHeader {
  std::uint32_t index = 0;  // 0: above all
  std::string_view name, value;
  bool operator==(const InsertHeader&) const = default;
};
struct ChangeHeader {
  std::uint32_t index = 1;  // counts the fields of this name, from 1
  std::string_view name;
  std::string_view value{};  // empty: the field is removed
  bool operator==(const ChangeHeader&) const = default;
};
struct ReplaceBody {
  std::string_view chunk;
  bool operator==(const ReplaceBody&) const = default;
};
struct Quarantine {
  std::string_view reason;
  bool operator==(const Quarantine&) const = default;
};

using Response = std::variant<Options, Plain, ReplyText, AddRecipient, AddRecipientWithParameters, DeleteRecipient,
                              ChangeSender, AddHeader, InsertHeader, ChangeHeader, ReplaceBody, Quarantine>;

}  // namespace mailweir::milter
