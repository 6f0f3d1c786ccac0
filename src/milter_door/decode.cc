// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/decode.h"

#include <algorithm>

namespace mailweir::milter {
namespace {

std::string named(char kind) {
  if (kind > ' ' && kind < 0x7f) return std::string("'") + kind + '\'';
  return std::to_string(static_cast<unsigned char>(kind));
}

Error malformed(char kind, std::string_view why) {
  return Error{"milter packet " + named(kind) + ": " + std::string(why)};
}

// Macros or parameters of a packet: Postfix and Sendmail send a few dozen; a megabyte of NULs shall cost nothing.
constexpr std::size_t most_texts = 1024;

// Takes a packet's data apart from the left. Once something is wrong it stays so.
class Parts {
 public:
  explicit Parts(std::string_view data) : rest_(data) {}

  std::string_view text() {
    const auto end = rest_.find('\0');
    if (end == rest_.npos) {
      trouble_ = "is cut short";
      return {};
    }
    const auto found = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return found;
  }
  std::vector<std::string_view> texts() {
    std::vector<std::string_view> all;
    all.reserve(std::min<std::size_t>(most_texts, static_cast<std::size_t>(std::ranges::count(rest_, '\0'))));
    while (ok() && !rest_.empty()) {
      if (all.size() == most_texts) trouble_ = "has too many parts";
      all.push_back(text());
    }
    return all;
  }
  // An unsigned number of that many bytes, the highest first.
  std::uint32_t number(std::size_t bytes = 4) {
    std::uint32_t value = 0;
    if (has(bytes))
      for (const char byte : taken(bytes)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  char byte() { return has(1) ? taken(1)[0] : '\0'; }
  std::string_view all() { return taken(rest_.size()); }
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return trouble_ == nullptr; }
  // What is wrong, once all that was expected is taken; nullptr: nothing.
  const char* trouble() const { return ok() && !rest_.empty() ? "has bytes left over" : trouble_; }

 private:
  bool has(std::size_t size) {
    if (ok() && rest_.size() < size) trouble_ = "is cut short";
    return ok();
  }
  std::string_view taken(std::size_t size) {
    const auto found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }

  std::string_view rest_;
  const char* trouble_ = nullptr;
};

template <typename Value>
Result<Value> finished(char kind, const Parts& parts, Value value) {
  if (const char* trouble = parts.trouble()) return malformed(kind, trouble);
  return value;
}

// Result<Options> and the like as a Result of the variant.
template <typename Variant, typename Value>
Result<Variant> widened(Result<Value> from) {
  if (!from) return from.error();
  return Variant(std::move(*from));
}

Result<Options> options_of(const Packet& packet) {
  Parts parts(packet.data);
  Options options;
  options.version = parts.number();
  options.actions = parts.number();
  options.steps = parts.number();
  while (parts.ok() && !parts.at_end()) {
    const auto stage = parts.number();
    const auto names = parts.text();
    if (!parts.ok()) break;
    if (stage >= macro_stage_count)
      return malformed(packet.kind, "macro list for an unknown stage " + std::to_string(stage));
    if (options.macros.size() >= macro_stage_count) return malformed(packet.kind, "has too many macro lists");
    options.macros.push_back({static_cast<MacroStage>(stage), names});
  }
  if (parts.ok() && options.version < lowest_version)
    return malformed(packet.kind, "version " + std::to_string(options.version) + " is not supported");
  return finished(packet.kind, parts, std::move(options));
}

Result<Macros> macros_of(const Packet& packet) {
  Parts parts(packet.data);
  const char of = parts.byte();
  if (parts.ok() && !is_command(of)) return malformed(packet.kind, "is for the unknown command " + named(of));
  Macros macros{.of = static_cast<Command>(of)};
  const auto texts = parts.texts();
  if (parts.ok() && texts.size() % 2 != 0) return malformed(packet.kind, "has a macro without a value");
  macros.values.reserve(texts.size() / 2);
  for (std::size_t i = 0; i + 1 < texts.size(); i += 2) macros.values.push_back({texts[i], texts[i + 1]});
  return finished(packet.kind, parts, std::move(macros));
}

Result<Connect> connect_of(const Packet& packet) {
  Parts parts(packet.data);
  Connect connect{.host = parts.text()};
  const char family = parts.byte();
  if (!parts.ok()) return malformed(packet.kind, parts.trouble());
  if (std::string_view("UL46").find(family) == std::string_view::npos)
    return malformed(packet.kind, "unknown address family " + named(family));
  connect.family = static_cast<Family>(family);
  if (connect.family == Family::unknown) {
    parts.all();  // some MTAs send an empty address even so
    return connect;
  }
  connect.port = static_cast<std::uint16_t>(parts.number(2));
  connect.address = parts.text();
  return finished(packet.kind, parts, connect);
}

template <typename Value>
Result<Value> envelope_of(const Packet& packet) {
  Parts parts(packet.data);
  Value value{parts.text()};
  value.parameters = parts.texts();
  return finished(packet.kind, parts, std::move(value));
}

// A packet that is texts alone, in the order of the struct's members.
template <typename Value>
Result<Value> one_text(const Packet& packet) {
  Parts parts(packet.data);
  const Value value{parts.text()};
  return finished(packet.kind, parts, value);
}
template <typename Value>
Result<Value> two_texts(const Packet& packet) {
  Parts parts(packet.data);
  const auto first = parts.text(), second = parts.text();
  return finished(packet.kind, parts, Value{first, second});
}
template <typename Value>
Result<Value> text_and_parameters(const Packet& packet) {
  Parts parts(packet.data);
  Value value{parts.text()};
  if (parts.ok() && !parts.at_end()) value.parameters = parts.text();
  return finished(packet.kind, parts, value);
}
template <typename Value>
Result<Value> indexed(const Packet& packet) {
  Parts parts(packet.data);
  const auto index = parts.number();
  const auto name = parts.text(), value = parts.text();
  return finished(packet.kind, parts, Value{index, name, value});
}
template <typename Value>
Result<Value> no_data(const Packet& packet, Value value = {}) {
  return finished(packet.kind, Parts(packet.data), value);
}

}  // namespace

Result<Event> decode_event(const Packet& packet) {
  switch (static_cast<Command>(packet.kind)) {
    case Command::options: return widened<Event>(options_of(packet));
    case Command::macros: return widened<Event>(macros_of(packet));
    case Command::connect: return widened<Event>(connect_of(packet));
    case Command::helo: return widened<Event>(one_text<Helo>(packet));
    case Command::mail: return widened<Event>(envelope_of<Mail>(packet));
    case Command::rcpt: return widened<Event>(envelope_of<Rcpt>(packet));
    case Command::data: return widened<Event>(no_data<Data>(packet));
    case Command::header: return widened<Event>(two_texts<Header>(packet));
    case Command::end_of_header: return widened<Event>(no_data<EndOfHeader>(packet));
    case Command::body: return Event(Body{packet.data});
    case Command::end_of_message: return Event(EndOfMessage{packet.data});
    case Command::abort: return widened<Event>(no_data<Abort>(packet));
    case Command::quit: return widened<Event>(no_data<Quit>(packet));
    case Command::quit_for_new_connection: return widened<Event>(no_data<QuitForNewConnection>(packet));
    case Command::unknown: return widened<Event>(one_text<UnknownCommand>(packet));
  }
  return malformed(packet.kind, "is not a command of an MTA");
}

Result<Response> decode_response(const Packet& packet) {
  const auto answer = static_cast<Answer>(packet.kind);
  if (is_plain(answer)) return widened<Response>(no_data(packet, Plain{answer}));
  switch (answer) {
    case Answer::options: return widened<Response>(options_of(packet));
    case Answer::reply: return widened<Response>(one_text<ReplyText>(packet));
    case Answer::add_recipient: return widened<Response>(one_text<AddRecipient>(packet));
    case Answer::add_recipient_with_parameters:
      return widened<Response>(text_and_parameters<AddRecipientWithParameters>(packet));
    case Answer::delete_recipient: return widened<Response>(one_text<DeleteRecipient>(packet));
    case Answer::change_sender: return widened<Response>(text_and_parameters<ChangeSender>(packet));
    case Answer::add_header: return widened<Response>(two_texts<AddHeader>(packet));
    case Answer::insert_header: return widened<Response>(indexed<InsertHeader>(packet));
    case Answer::change_header: return widened<Response>(indexed<ChangeHeader>(packet));
    case Answer::replace_body: return Response(ReplaceBody{packet.data});
    case Answer::quarantine: return widened<Response>(one_text<Quarantine>(packet));
    default: return malformed(packet.kind, "is not an answer of a filter");
  }
}

}  // namespace mailweir::milter
