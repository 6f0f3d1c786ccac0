// SPDX-License-Identifier: BSD-2-Clause
// policy_load: N Postfix smtpd processes asking a policy server: connections that stay open, one request outstanding on
// each, the attributes of Postfix 3.7 in its order. A message asks at RCPT and at DATA (or at the states named)
// with the same instance. One thread and epoll. Ends with 1 when an answer was not expected.
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "line.h"
#include "options.h"
#include "people.h"
#include "tally.h"

namespace mailweir::bench {
namespace {

constexpr std::chrono::seconds longest_wait{30};
constexpr std::size_t longest_answer = 4096;

// SMTPD_POLICY_README; size is exact at END-OF-MESSAGE only, recipient_count and queue_id are known from DATA on (the
// queue file is made at the first accepted recipient).
std::string request(const Person& person, std::string_view state) {
  const bool at_rcpt = state == "RCPT";
  return fmt::format(
      "request=smtpd_access_policy\nprotocol_state={}\nprotocol_name=ESMTP\nclient_address={}\nclient_name={}\n"
      "client_port={}\nreverse_client_name={}\nserver_address=127.0.0.1\nserver_port=587\nhelo_name={}\nsender={}\n"
      "recipient={}\nrecipient_count={}\nqueue_id={}\ninstance={:x}.65540cf0.{:x}.0\nsize={}\netrn_domain=\nstress=\n"
      "sasl_method={}\nsasl_username={}\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n"
      "ccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\n"
      "encryption_keysize=256\npolicy_context=submission\n\n",
      state, person.client_address, person.client_name, person.client_port, person.client_name, person.client_name,
      person.sender, person.recipient, at_rcpt ? 0 : 1, at_rcpt ? "" : fmt::format("4B{:08X}z5", person.number),
      person.number & 0xffff, person.number, state == "END-OF-MESSAGE" ? 2480 : 0, person.login.empty() ? "" : "PLAIN",
      person.login);
}

// The kind of an answer: its action's word, "reject" and "defer" for codes; empty: no answer of a policy server.
std::string kind_of(std::string_view answer) {
  if (!answer.starts_with("action=")) return {};
  const auto parts = words(answer.substr(7, answer.find('\n') - 7));
  if (parts.empty()) return {};
  if (parts[0].size() == 3 && to_number(parts[0]))
    return parts[0][0] == '5' ? "reject" : parts[0][0] == '4' ? "defer" : "";
  return folded(parts[0]);
}

class PolicyLoad {
 public:
  explicit PolicyLoad(const PolicyLoadOptions& options)
      : options_(options), people_(options), tally_(options, "requests"), slots_(options.connections) {}

  int run() {
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) connect(slot);
    for (auto now = std::chrono::steady_clock::now(); tally_.go_on(now); now = std::chrono::steady_clock::now()) {
      const std::chrono::milliseconds longest(waiting_.empty() ? 20 : 1);
      for (const auto& event : poller_.wait(longest)) serve(event.data.u32, event.events);
      for (const auto number : std::exchange(waiting_, {})) connect(number);
      end_overdue(now);
    }
    return tally_.report();
  }

 private:
  struct Slot {
    Line line;
    Person person;
    std::size_t next_state = 0;  // of the message; 0: a new one
    std::string answer;
    SteadyTime began{};
    bool asked = false, connecting = false;
  };

  void connect(std::uint32_t number) {
    auto& slot = slots_[number];
    if (!std::exchange(slot.connecting, true)) slot.began = std::chrono::steady_clock::now();
    switch (slot.line.connect(options_.socket, poller_, number)) {
      case Line::State::open:
        slot.connecting = false;
        ask(number);
        break;
      case Line::State::refused_for_now: waiting_.push_back(number); break;
      case Line::State::broken: fail(number, slot.line.trouble()); break;
    }
  }

  void ask(std::uint32_t number) {
    auto& slot = slots_[number];
    if (!tally_.may_begin()) return;
    if (slot.next_state == 0) slot.person = people_.next();
    const auto& state = options_.states[slot.next_state];
    slot.next_state = (slot.next_state + 1) % options_.states.size();
    slot.answer.clear();
    slot.asked = true;
    const auto text = request(slot.person, state);
    slot.began = std::chrono::steady_clock::now();
    if (!slot.line.send(text, poller_, number)) fail(number, slot.line.trouble());
  }

  void serve(std::uint32_t number, std::uint32_t events) {
    auto& slot = slots_[number];
    if (!slot.line.is_open()) return;
    if ((events & EPOLLOUT) != 0 && !slot.line.flush(poller_, number)) return fail(number, slot.line.trouble());
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    bool open = true;
    slot.answer += slot.line.receive(open);
    if (!open) return fail(number, slot.line.trouble());
    const auto end = slot.answer.find("\n\n");
    if (end == std::string::npos && slot.answer.size() < longest_answer) return;
    const auto kind = kind_of(slot.answer);
    if (end == std::string::npos || end + 2 != slot.answer.size() || kind.empty() || !slot.asked)
      return fail(number, "this is no answer to a request: \"" + slot.answer + '"');
    slot.asked = false;
    tally_.finished(kind, slot.began, std::chrono::steady_clock::now());
    ask(number);
  }

  void fail(std::uint32_t number, const std::string& why) {
    auto& slot = slots_[number];
    tally_.failed(why);
    slot.line.close();
    slot.asked = slot.connecting = false;
    slot.next_state = 0;
    waiting_.push_back(number);
  }

  void end_overdue(SteadyTime now) {
    if (now < next_look_) return;
    next_look_ = now + std::chrono::milliseconds(250);
    for (std::uint32_t number = 0; number < slots_.size(); ++number) {
      auto& slot = slots_[number];
      if ((!slot.asked && !slot.connecting) || now - slot.began <= longest_wait) continue;
      const bool queued = slot.connecting;
      fail(number, queued ? "no connection within 30 s: " + slot.line.trouble() : "no answer within 30 s");
      if (queued) waiting_.pop_back();  // it stands in the queue already
    }
  }

  const PolicyLoadOptions& options_;
  People people_;
  Tally tally_;
  Poller poller_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> waiting_;
  SteadyTime next_look_{};
};

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  const auto options = policy_load_options(argc, argv);
  if (!options) {
    std::fprintf(stderr, "policy_load: %s\n", options.error().what.c_str());
    return 2;
  }
  return options->help ? 0 : PolicyLoad(*options).run();
}
