// SPDX-License-Identifier: BSD-2-Clause
// Dialogues of the milter protocol as words. What the MTA says: O (its offer; O2: of version 2, with nothing in it), C
// (C=ADDRESS; C=local: as sendmail(1) comes), H, M=SENDER, R=RECIPIENT, T, L=NAME:VALUE, N, B=TEXT, E (E=TEXT), A, Q, K, U=LINE, DX=NAME:VALUE (a macro
// for the command X). What the filter answers: its packets in the same way, as in "c", "t", "y550 5.7.1 no".
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "milter_door/codec.h"

namespace mailweir::test {

// `~` in a word stands for a blank.
inline std::string mta_bytes(std::string_view words_of_mta) {
  std::string bytes;
  for (const auto word : words(words_of_mta)) {
    const auto equals = word.find('=');
    std::string text(equals == word.npos ? std::string_view() : word.substr(equals + 1));
    for (char& byte : text) byte = byte == '~' ? ' ' : byte;
    const auto colon = text.find(':');
    const auto left = std::string_view(text).substr(0, colon);
    const auto right = colon == text.npos ? std::string_view() : std::string_view(text).substr(colon + 1);
    const std::string address = '<' + text + '>';
    milter::Event event;
    switch (word[0]) {
      case 'O':
        event = word == "O2" ? milter::Options{.version = 2, .actions = milter::action::all & 0x3f, .steps = 0x7f}
                             : milter::Options{.actions = milter::action::all, .steps = milter::step::all};
        break;
      case 'C':
        if (text == "local") event = milter::Connect{"localhost", milter::Family::inet, 0, "127.0.0.1"};
        else event = milter::Connect{"client.example", milter::Family::inet, 4711, text.empty() ? "192.0.2.7" : std::string_view(text)};
        break;
      case 'H': event = milter::Helo{text.empty() ? "client.example" : std::string_view(text)}; break;
      case 'M': event = milter::Mail{address, {"SIZE=100"}}; break;
      case 'R': event = milter::Rcpt{address}; break;
      case 'T': event = milter::Data{}; break;
      case 'L': event = milter::Header{left, right}; break;
      case 'N': event = milter::EndOfHeader{}; break;
      case 'B': event = milter::Body{text}; break;
      case 'E': event = milter::EndOfMessage{text}; break;
      case 'A': event = milter::Abort{}; break;
      case 'Q': event = milter::Quit{}; break;
      case 'K': event = milter::QuitForNewConnection{}; break;
      case 'U': event = milter::UnknownCommand{text}; break;
      case 'D': event = milter::Macros{static_cast<milter::Command>(word[1]), {{left, right}}}; break;
      default: FAIL("what is " << std::string(word));
    }
    REQUIRE(append_event(bytes, event));
  }
  return bytes;
}

inline std::string filter_words(std::string_view bytes) {
  struct Said {
    std::string operator()(const milter::Options&) const { return "O"; }
    std::string operator()(const milter::Plain& it) const { return {static_cast<char>(it.answer)}; }
    std::string operator()(const milter::ReplyText& it) const { return "y" + std::string(it.text); }
    std::string operator()(const milter::AddRecipient& it) const { return "+" + std::string(it.recipient); }
    std::string operator()(const milter::AddRecipientWithParameters& it) const { return "2" + std::string(it.recipient); }
    std::string operator()(const milter::DeleteRecipient& it) const { return "-" + std::string(it.recipient); }
    std::string operator()(const milter::ChangeSender& it) const { return "e" + std::string(it.sender); }
    std::string operator()(const milter::AddHeader& it) const { return "h" + std::string(it.name) + ':' + std::string(it.value); }
    std::string operator()(const milter::InsertHeader& it) const {
      return "i" + std::to_string(it.index) + ' ' + std::string(it.name) + ':' + std::string(it.value);
    }
    std::string operator()(const milter::ChangeHeader& it) const {
      return "m" + std::to_string(it.index) + ' ' + std::string(it.name) + ':' + std::string(it.value);
    }
    std::string operator()(const milter::ReplaceBody& it) const { return "b" + std::string(it.chunk); }
    std::string operator()(const milter::Quarantine& it) const { return "q" + std::string(it.reason); }
  };
  milter::Reader reader;
  std::string all;
  for (;;) {
    const auto packet = reader.next(bytes);
    REQUIRE(packet);
    if (!*packet) break;
    const auto response = milter::decode_response(**packet);
    REQUIRE(response);
    all += (all.empty() ? "" : " | ") + std::visit(Said{}, *response);
  }
  CHECK(reader.pending() == 0);
  return all;
}

}  // namespace mailweir::test
