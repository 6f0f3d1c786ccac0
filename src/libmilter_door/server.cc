// SPDX-License-Identifier: BSD-2-Clause
#include "libmilter_door/server.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "libmilter_door/context.h"
#include "libmilter_door/guard.h"
#include "milter_door/door_session.h"
#include "milter_door/negotiation.h"

namespace mailweir {
namespace {

class LibmilterServer;
LibmilterServer* the_server = nullptr;  // libmilter's callbacks have no argument of ours
// smfi_stop does not wait for libmilter's workers: what they still call must find the door shut, not services that are
// gone. A callback passes with the gate shared; stop() shuts it alone.
std::shared_mutex gate;

template <typename Call>
sfsistat through_gate(Call call) {
  const std::shared_lock pass(gate);
  return the_server == nullptr ? static_cast<sfsistat>(SMFIS_TEMPFAIL) : call(*the_server);
}

using milter::Command;

// What libmilter keeps for us with a session.
struct Held {
  std::unique_ptr<MilterDoorSession> session;
  MilterAgreement agreed;
  bool failed = false;  // an event without an answer went wrong: the message is deferred at its end
};

Held* held(SMFICTX* context) { return static_cast<Held*>(smfi_getpriv(context)); }

std::vector<std::string_view> arguments(char** argv) {
  std::vector<std::string_view> args;
  for (; argv != nullptr && *argv != nullptr; ++argv) args.emplace_back(*argv);
  return args;
}

class LibmilterServer final : public MilterServer {
 public:
  LibmilterServer(Services& services, const Digests& digests, const Snapshot<Policy>& policy, MilterLimits limits)
      : door_{services, digests, policy, limits, stats_, draining_} {
    smfi_setmaxdatasize(longest_packet(limits));  // else 64 KB: a longer field would end the connection
    the_server = this;
  }
  ~LibmilterServer() override { stop(Deadline()); }

  void start() override;
  void stop(Deadline deadline) override;
  const MilterStats& stats() const override { return stats_; }
  bool running() const override { return running_; }
  bool draining() const { return draining_; }
  void bad_packet() {
    mailweir::Event("bad-milter-packet")
        .with("reason", "has a macro without a value")
        .to(door_.services.log, Severity::warning);
  }

  sfsistat negotiate(SMFICTX* context, unsigned long f0, unsigned long f1, unsigned long* pf0, unsigned long* pf1);

  // Runs an event; what is thrown ends here, as a deferral.
  template <typename Event>
  sfsistat run(SMFICTX* context, Command command, Event event) {
    Held* state = held(context);
    if (state == nullptr || !state->session) return SMFIS_TEMPFAIL;
    const bool no_reply = state->agreed.silent(command);
    try {
      const MilterAnswer answer =
          state->failed && command == Command::end_of_message ? trouble_while_reading() : event(*state->session);
      if (command == Command::end_of_message || command == Command::mail) state->failed = false;
      return no_reply ? SMFIS_NOREPLY : to_status(context, answer);
    } catch (const std::exception& failure) {
      ++stats_.exceptions;
      state->failed = true;
      mailweir::Event("milter-exception")
          .with("reason", failure.what())
          .with("answer", "tempfail")
          .to(door_.services.log, Severity::error);
    }
    return no_reply ? SMFIS_NOREPLY : SMFIS_TEMPFAIL;
  }

 private:
  MilterStats stats_;
  std::atomic<bool> running_{false}, draining_{false}, stopped_{false};
  const MilterDoor door_;
  std::thread thread_;
};

// --- callbacks -------------------------------------------------------------------------------------------------------

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address == nullptr) return {};
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  else if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  return IpAddress::parse(text);
}

std::uint16_t port_of(const sockaddr* address) {
  if (address == nullptr) return 0;
  if (address->sa_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
  if (address->sa_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
  return 0;
}

sfsistat on_negotiate(SMFICTX* context, unsigned long f0, unsigned long f1, unsigned long, unsigned long,
                      unsigned long* pf0, unsigned long* pf1, unsigned long* pf2, unsigned long* pf3) {
  *pf2 = *pf3 = 0;
  return through_gate([&](LibmilterServer& server) {
    try {
      return server.negotiate(context, f0, f1, pf0, pf1);
    } catch (const std::exception&) {
      return static_cast<sfsistat>(SMFIS_TEMPFAIL);
    }
  });
}

template <typename Event>
sfsistat run(SMFICTX* context, Command command, Event event) {
  return through_gate([&](LibmilterServer& server) { return server.run(context, command, event); });
}

sfsistat on_connect(SMFICTX* context, char* host, sockaddr* address) {
  return run(context, Command::connect, [&](MilterDoorSession& session) {
    return session.connect(host == nullptr ? "" : host, address_of(address), port_of(address), ContextMacros(context));
  });
}

sfsistat on_helo(SMFICTX* context, char* name) {
  return run(context, Command::helo, [&](MilterDoorSession& session) {
    return session.helo(name == nullptr ? "" : name, ContextMacros(context));
  });
}

sfsistat on_mail(SMFICTX* context, char** argv) {
  return run(context, Command::mail, [&](MilterDoorSession& session) -> MilterAnswer {
    if (the_server->draining()) return restarting();
    return session.mail(arguments(argv), ContextMacros(context));
  });
}

sfsistat on_rcpt(SMFICTX* context, char** argv) {
  return run(context, Command::rcpt,
             [&](MilterDoorSession& session) { return session.rcpt(arguments(argv), ContextMacros(context)); });
}

sfsistat on_data(SMFICTX* context) {
  return run(context, Command::data, [&](MilterDoorSession& session) { return session.data(ContextMacros(context)); });
}

sfsistat on_header(SMFICTX* context, char* name, char* value) {
  return run(context, Command::header, [&](MilterDoorSession& session) {
    return session.header(name == nullptr ? "" : name, value == nullptr ? "" : value);
  });
}

sfsistat on_end_of_header(SMFICTX* context) {
  return run(context, Command::end_of_header,
             [&](MilterDoorSession& session) { return session.end_of_header(ContextMacros(context)); });
}

sfsistat on_body(SMFICTX* context, unsigned char* bytes, size_t size) {
  return run(context, Command::body, [&](MilterDoorSession& session) {
    return session.body({reinterpret_cast<const char*>(bytes), size});
  });
}

sfsistat on_end_of_message(SMFICTX* context) {
  return run(context, Command::end_of_message, [&](MilterDoorSession& session) {
    ContextEditor editor(context);
    return session.end_of_message(editor, ContextMacros(context));
  });
}

sfsistat on_abort(SMFICTX* context) {
  return through_gate([&](LibmilterServer&) {
    if (Held* state = held(context); state != nullptr && state->session) {
      state->session->abort();
      state->failed = false;
    }
    return static_cast<sfsistat>(SMFIS_CONTINUE);
  });
}

sfsistat on_close(SMFICTX* context) {
  // With the gate shut the session is left as it is: what it would give back to is gone, and the process ends.
  return through_gate([&](LibmilterServer&) {
    const std::unique_ptr<Held> state(held(context));
    smfi_setpriv(context, nullptr);
    return static_cast<sfsistat>(SMFIS_CONTINUE);
  });
}

// --- negotiation -----------------------------------------------------------------------------------------------------

sfsistat LibmilterServer::negotiate(SMFICTX* context, unsigned long f0, unsigned long f1, unsigned long* pf0,
                                    unsigned long* pf1) {
  PolicyPtr policy = door_.policy.get();
  auto agreed = mailweir::negotiate(
      {.actions = static_cast<std::uint32_t>(f0), .steps = static_cast<std::uint32_t>(f1)}, milter_needs(*policy));
  if (!agreed) {
    Event("milter-negotiation-failed").with("reason", agreed.error().what).to(door_.services.log, Severity::error);
    return SMFIS_REJECT;
  }
  for (const auto& list : agreed->options.macros)
    smfi_setsymlist(context, static_cast<int>(list.stage), const_cast<char*>(list.names.data()));
  *pf0 = agreed->options.actions;
  *pf1 = agreed->options.steps;
  auto state = std::make_unique<Held>();
  state->agreed = std::move(*agreed);
  state->session = std::make_unique<MilterDoorSession>(door_, std::move(policy), state->agreed.traits);
  const std::unique_ptr<Held> old(held(context));
  smfi_setpriv(context, state.release());
  return SMFIS_CONTINUE;
}

// --- life ------------------------------------------------------------------------------------------------------------

void LibmilterServer::start() {
  running_ = true;
  thread_ = std::thread([this] {
    const int status = smfi_main();
    running_ = false;
    if (status != MI_SUCCESS && !draining_)
      Event("milter-door-ended")
          .with("reason", "libmilter gave up; see its own syslog lines")
          .to(door_.services.log, Severity::error);
  });
}

void LibmilterServer::stop(Deadline deadline) {
  if (stopped_.exchange(true)) return;
  draining_ = true;
  if (!thread_.joinable()) return;
  while (stats_.in_flight > 0 && !deadline.over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  smfi_stop();
  thread_.join();
  const std::unique_lock alone(gate);
  the_server = nullptr;
}

}  // namespace

Result<void> open_libmilter_socket(const SocketName& name, const SocketAccess& access) {
  if (is_served(name)) return Error{name.to_string() + ": is served by another process; stop that one first"};
  smfiDesc description{};
  description.xxfi_name = const_cast<char*>("mailweir");
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags =
      SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;
  description.xxfi_connect = on_connect;
  description.xxfi_helo = on_helo;
  description.xxfi_envfrom = on_mail;
  description.xxfi_envrcpt = on_rcpt;
  description.xxfi_header = on_header;
  description.xxfi_eoh = on_end_of_header;
  description.xxfi_body = on_body;
  description.xxfi_eom = on_end_of_message;
  description.xxfi_abort = on_abort;
  description.xxfi_close = on_close;
  description.xxfi_data = on_data;
  description.xxfi_negotiate = on_negotiate;
  guard_libmilter([] {
    through_gate([](LibmilterServer& server) {
      server.bad_packet();
      return static_cast<sfsistat>(SMFIS_CONTINUE);
    });
  });
  if (smfi_register(description) != MI_SUCCESS)
    return Error{name.to_string() + ": libmilter does not accept the registration"};
  if (smfi_setconn(const_cast<char*>(name.libmilter_string().c_str())) != MI_SUCCESS)
    return Error{name.to_string() + ": libmilter does not accept this socket"};
  smfi_setbacklog(200);
  smfi_settimeout(
      10);  // seconds that an MTA's stop within a packet may hold one of the few workers; between packets: no matter
  if (name.kind == SocketName::Kind::unix_path) {
    struct stat status {};
    if (lstat(name.path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
      return Error{name.to_string() + ": exists and is not a socket; remove it or name another path"};
  }
  // libmilter makes the socket with the process's umask.
  const mode_t before = umask(static_cast<mode_t>(~access.mode.value_or(0660) & 0777));
  const int opened = smfi_opensocket(true);
  const int failure = errno;
  umask(before);
  if (opened != MI_SUCCESS)
    return Error{name.to_string() + ": cannot listen: " + std::strerror(failure) +
                 (name.kind == SocketName::Kind::unix_path ? "; does the directory exist?" : "")};
  if (name.kind == SocketName::Kind::unix_path && access.group) return give_to_group(name, *access.group);
  return {};
}

std::unique_ptr<MilterServer> make_libmilter_server(Services& services, const Digests& digests,
                                                    const Snapshot<Policy>& policy, MilterLimits limits) {
  return std::make_unique<LibmilterServer>(services, digests, policy, limits);
}

}  // namespace mailweir
