// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/encode.h"

#include "milter_door/packet_reader.h"

namespace mailweir::milter {
namespace {

constexpr std::size_t length_bytes = 4;

// Puts a packet together; the length is filled in at the end.
class Builder {
 public:
  Builder(std::string& out, char kind) : out_(out), start_(out.size()), kind_(kind) {
    out_.append(length_bytes, '\0');
    out_ += kind;
  }
  Builder& text(std::string_view text) {
    if (text.find('\0') != text.npos) has_nul_ = true;
    out_.append(text);
    out_ += '\0';
    return *this;
  }
  Builder& texts(const std::vector<std::string_view>& all) {
    for (const auto one : all) text(one);
    return *this;
  }
  Builder& optional_text(std::string_view text_or_empty) { return text_or_empty.empty() ? *this : text(text_or_empty); }
  Builder& raw(std::string_view bytes) {
    out_.append(bytes);
    return *this;
  }
  Builder& byte(char value) {
    out_ += value;
    return *this;
  }
  Builder& number(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out_ += static_cast<char>(value >> shift);
    return *this;
  }
  Builder& port(std::uint16_t value) { return byte(static_cast<char>(value >> 8)).byte(static_cast<char>(value)); }

  Result<void> done() {
    const std::size_t length = out_.size() - start_ - length_bytes;
    if (has_nul_ || length - 1 > longest_data) {
      out_.resize(start_);
      const auto why = has_nul_ ? "a text holds a NUL" : "is over " + std::to_string(longest_data) + " bytes";
      return Error{"milter packet '" + std::string(1, kind_) + "': " + why};
    }
    for (std::size_t i = 0; i < length_bytes; ++i) out_[start_ + i] = static_cast<char>(length >> (24 - 8 * i));
    return {};
  }

 private:
  std::string& out_;
  std::size_t start_;
  char kind_;
  bool has_nul_ = false;
};

Result<void> append_options(Builder builder, const Options& options) {
  builder.number(options.version).number(options.actions).number(options.steps);
  for (const auto& list : options.macros) builder.number(static_cast<std::uint32_t>(list.stage)).text(list.names);
  return builder.done();
}

struct EventWriter {
  std::string& out;

  Builder with(Command command) const { return Builder(out, static_cast<char>(command)); }
  Result<void> operator()(const Options& e) const { return append_options(with(Command::options), e); }
  Result<void> operator()(const Macros& e) const {
    auto builder = with(Command::macros);
    builder.byte(static_cast<char>(e.of));
    for (const auto& macro : e.values) builder.text(macro.name).text(macro.value);
    return builder.done();
  }
  Result<void> operator()(const Connect& e) const {
    auto builder = with(Command::connect);
    builder.text(e.host).byte(static_cast<char>(e.family));
    if (e.family != Family::unknown) builder.port(e.port).text(e.address);
    return builder.done();
  }
  Result<void> operator()(const Helo& e) const { return with(Command::helo).text(e.name).done(); }
  Result<void> operator()(const Mail& e) const { return with(Command::mail).text(e.sender).texts(e.parameters).done(); }
  Result<void> operator()(const Rcpt& e) const {
    return with(Command::rcpt).text(e.recipient).texts(e.parameters).done();
  }
  Result<void> operator()(const Data&) const { return with(Command::data).done(); }
  Result<void> operator()(const Header& e) const { return with(Command::header).text(e.name).text(e.value).done(); }
  Result<void> operator()(const EndOfHeader&) const { return with(Command::end_of_header).done(); }
  Result<void> operator()(const Body& e) const { return with(Command::body).raw(e.chunk).done(); }
  Result<void> operator()(const EndOfMessage& e) const { return with(Command::end_of_message).raw(e.chunk).done(); }
  Result<void> operator()(const Abort&) const { return with(Command::abort).done(); }
  Result<void> operator()(const Quit&) const { return with(Command::quit).done(); }
  Result<void> operator()(const QuitForNewConnection&) const { return with(Command::quit_for_new_connection).done(); }
  Result<void> operator()(const UnknownCommand& e) const { return with(Command::unknown).text(e.line).done(); }
};

struct ResponseWriter {
  std::string& out;

  Builder with(Answer answer) const { return Builder(out, static_cast<char>(answer)); }
  Result<void> operator()(const Options& r) const { return append_options(with(Answer::options), r); }
  Result<void> operator()(const Plain& r) const {
    if (!is_plain(r.answer))
      return Error{"milter packet '" + std::string(1, static_cast<char>(r.answer)) + "': needs data"};
    return with(r.answer).done();
  }
  Result<void> operator()(const ReplyText& r) const { return with(Answer::reply).text(r.text).done(); }
  Result<void> operator()(const AddRecipient& r) const { return with(Answer::add_recipient).text(r.recipient).done(); }
  Result<void> operator()(const AddRecipientWithParameters& r) const {
    return with(Answer::add_recipient_with_parameters).text(r.recipient).optional_text(r.parameters).done();
  }
  Result<void> operator()(const DeleteRecipient& r) const {
    return with(Answer::delete_recipient).text(r.recipient).done();
  }
  Result<void> operator()(const ChangeSender& r) const {
    return with(Answer::change_sender).text(r.sender).optional_text(r.parameters).done();
  }
  Result<void> operator()(const AddHeader& r) const {
    return with(Answer::add_header).text(r.name).text(r.value).done();
  }
  Result<void> operator()(const InsertHeader& r) const {
    return with(Answer::insert_header).number(r.index).text(r.name).text(r.value).done();
  }
  Result<void> operator()(const ChangeHeader& r) const {
    return with(Answer::change_header).number(r.index).text(r.name).text(r.value).done();
  }
  Result<void> operator()(const ReplaceBody& r) const { return with(Answer::replace_body).raw(r.chunk).done(); }
  Result<void> operator()(const Quarantine& r) const { return with(Answer::quarantine).text(r.reason).done(); }
};

}  // namespace

Result<void> append_event(std::string& out, const Event& event) { return std::visit(EventWriter{out}, event); }
Result<void> append_response(std::string& out, const Response& response) {
  return std::visit(ResponseWriter{out}, response);
}

}  // namespace mailweir::milter
