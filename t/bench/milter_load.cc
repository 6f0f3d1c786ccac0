// SPDX-License-Identifier: BSD-2-Clause
// milter_load: the MTA's side of the milter protocol, N sessions at once, each with one message on a connection of its
// own as Postfix has it. One thread and epoll, so that the load costs little beside what it measures. Latency is from
// the connect to the last answer. Ends with 1 when an answer was not expected.
#include <cstdio>
#include <ctime>
#include <optional>

#include <fmt/format.h>

#include "base/clock.h"
#include "line.h"
#include "mta_session.h"
#include "options.h"
#include "people.h"
#include "tally.h"

namespace mailweir::bench {
namespace {

constexpr std::chrono::seconds longest_session{30};  // Postfix: milter_command_timeout

// Lines of words, CRLF, of about the size asked for.
std::string make_body(std::size_t size) {
  static constexpr std::string_view line = "The measure of a weir is the water that passes over it, no more.\r\n";
  std::string body;
  while (body.size() + line.size() <= size) body += line;
  while (body.size() + 2 < size) body += 'x';
  return body.size() + 2 <= size ? body + "\r\n" : body;
}

// Of this moment, as RFC 5322 3.3 writes it.
std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts));
}

// Eleven fields, as a mail program and a web form write them. Received is missing: Postfix hides its own.
MailToSend make_mail(const MilterLoadOptions& options, const Person& person, std::string_view body,
                     const std::string& date) {
  MailToSend mail;
  mail.client_name = person.client_name;
  mail.client_address = person.client_address;
  mail.client_port = person.client_port;
  mail.helo = person.client_name;
  mail.login = person.login;
  mail.sender = '<' + person.sender + '>';
  mail.recipient = '<' + person.recipient + '>';
  mail.queue_id = fmt::format("4B{:08X}z5", person.number);
  mail.body = body;
  mail.headers = {
      {"Message-ID",
       fmt::format("<{:016x}.{}@mail.example.com>", person.number * 0x9e3779b97f4a7c15, person.login_number)},
      {"Date", date},
      {"MIME-Version", "1.0"},
      {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.15.0"},
      {"Subject", fmt::format("Order {} has been sent", person.number)},
      {"From", filled(options.from, person.login_number)},
      {"To", fmt::format("\"Someone Else\" <{}>", person.recipient)},
      {"References",
       "<5b1c1d3c-1f6c-4a59-8f6e-0d5d2a2f3a10@mail.example.org>\n\t<0a7b8a0e-33d5-4d0b-9a53-1b0c8e9b7f42@mail.example."
       "net>"},
      {"X-Originating-IP", '[' + person.client_address + ']'},
      {"Content-Type", "text/plain; charset=utf-8;\n\tformat=flowed"},
      {"Content-Transfer-Encoding", "7bit"},
  };
  if (!options.signature.empty()) mail.headers.insert(mail.headers.begin(), {"DKIM-Signature", options.signature});
  return mail;
}

class MilterLoad {
 public:
  explicit MilterLoad(const MilterLoadOptions& options)
      : options_(options), people_(options), body_(make_body(options.body)), tally_(options, "messages"),
        slots_(options.connections) {}

  int run() {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) begin(slot);
    for (auto now = std::chrono::steady_clock::now(); tally_.go_on(now); now = std::chrono::steady_clock::now()) {
      const std::chrono::milliseconds longest(waiting_.empty() ? 20 : 1);
      for (const auto& event : poller_.wait(longest)) serve(event.data.u32, event.events);
      connect_waiting();
      end_overdue();
    }
    return tally_.report();
  }

 private:
  struct Slot {
    Line line;
    std::optional<MtaSession> session;
    SteadyTime began;
  };

  void begin(std::uint32_t number) {
    auto& slot = slots_[number];
    slot.session.reset();
    if (!tally_.may_begin()) return;
    slot.session.emplace(make_mail(options_, people_.next(), body_, date_));
    slot.began = std::chrono::steady_clock::now();
    connect(number);
  }

  void connect(std::uint32_t number) {
    auto& slot = slots_[number];
    switch (slot.line.connect(options_.socket, poller_, number)) {
      case Line::State::open: pass_on(number); break;
      case Line::State::refused_for_now: waiting_.push_back(number); break;
      case Line::State::broken: fail(number, slot.line.trouble()); break;
    }
  }

  void connect_waiting() {
    for (const auto number : std::exchange(waiting_, {}))
      if (slots_[number].session && !slots_[number].line.is_open()) connect(number);
  }

  void serve(std::uint32_t number, std::uint32_t events) {
    auto& slot = slots_[number];
    if (!slot.line.is_open() || !slot.session) return;
    if ((events & EPOLLOUT) != 0 && !slot.line.flush(poller_, number)) return fail(number, slot.line.trouble());
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    bool open = true;
    const auto bytes = slot.line.receive(open);
    if (!open) return fail(number, slot.line.trouble());
    if (bytes.empty()) return;
    if (auto taken = slot.session->receive(bytes); !taken) return fail(number, taken.error().what);
    pass_on(number);
  }

  // Sends what the session has to say; closes when it is done.
  void pass_on(std::uint32_t number) {
    auto& slot = slots_[number];
    if (!slot.line.send(slot.session->take_output(), poller_, number)) return fail(number, slot.line.trouble());
    if (!slot.session->done()) return;
    std::string kind = slot.session->verdict();
    if (!options_.require_header.empty() && kind == "accept" && !slot.session->added_header(options_.require_header))
      kind += "-without-" + options_.require_header;
    if (!options_.require_removal.empty() && kind == "accept" &&
        !slot.session->removed_header(options_.require_removal))
      kind += "-with-" + options_.require_removal;
    tally_.finished(kind, slot.began, std::chrono::steady_clock::now());
    slot.line.close();
    begin_later_.push_back(number);
  }

  void fail(std::uint32_t number, const std::string& why) {
    tally_.failed(why);
    slots_[number].line.close();
    begin_later_.push_back(number);
  }

  void end_overdue() {
    // Beginning here and not where one ended keeps the calls from nesting.
    for (const auto number : std::exchange(begin_later_, {})) begin(number);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return;
    next_look_ = now + std::chrono::milliseconds(250);
    for (std::uint32_t number = 0; number < slots_.size(); ++number) {
      const auto& slot = slots_[number];
      if (!slot.session || now - slot.began <= longest_session) continue;
      fail(number, slot.line.is_open() ? "no answer within 30 s" : "no connection within 30 s: " + slot.line.trouble());
    }
  }

  const MilterLoadOptions& options_;
  People people_;
  std::string body_, date_ = date_now();
  Tally tally_;
  Poller poller_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> waiting_, begin_later_;
  SteadyTime next_look_{};
};

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  const auto options = milter_load_options(argc, argv);
  if (!options) {
    std::fprintf(stderr, "milter_load: %s\n", options.error().what.c_str());
    return 2;
  }
  return options->help ? 0 : MilterLoad(*options).run();
}
