// SPDX-License-Identifier: BSD-2-Clause
#include "admin_door/admin_server.h"

#include <exception>
#include <map>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "base/blocking.h"
#include "base/http_request.h"
#include "base/socket.h"
#include "base/stream_server.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t most_body = 64 << 10, most_connections = 64;
constexpr int backlog = 64;
constexpr std::chrono::milliseconds whole{10'000};  // from a request's first byte to its last
constexpr std::chrono::milliseconds idle{60'000};   // between two requests: a metrics scraper keeps its connection
constexpr std::chrono::seconds stop_wait{5};

struct Reply {
  int status = 200;
  std::string body;
  std::string_view type = "text/plain";
};
using Handler = std::function<Reply(const HttpRequest&)>;
using Routes = std::map<std::string, Handler, std::less<>>;  // by "GET /status"

// Of the target's query, or of the body that a form sends.
std::string parameter(const HttpRequest& request, std::string_view name) {
  const auto query = request.target.find('?');
  if (query != request.target.npos)
    if (auto value = form_value(std::string_view(request.target).substr(query + 1), name)) return *std::move(value);
  return form_value(request.body, name).value_or("");
}

bool has_parameter(const HttpRequest& request, std::string_view name) {
  const auto query = request.target.find('?');
  return query != request.target.npos &&
         form_value(std::string_view(request.target).substr(query + 1), name).has_value();
}

KeyOfLimit key_of(const HttpRequest& request) { return {parameter(request, "limit"), parameter(request, "key")}; }

Reply json(std::string text) { return {200, std::move(text), "application/json"}; }

Reply answer(const Result<std::string>& text) {
  if (text) return json(*text);
  return {text.error().temporary ? 503 : 400, text.error().what + '\n'};
}

Reply answer(const AdminAnswer& done) {
  return {done.status, done.body, done.status < 300 ? "application/json" : "text/plain"};
}

// DOMAIN and SELECTOR of "/dkim/DOMAIN/SELECTOR".
std::optional<std::pair<std::string, std::string>> key_in(const HttpRequest& request) {
  const auto parts = split(request.path(), '/');
  if (parts.size() != 4 || parts[2].empty() || parts[3].empty()) return {};
  return std::pair(std::string(parts[2]), std::string(parts[3]));
}
Reply no_key_named() { return {404, "the path must be /dkim/DOMAIN/SELECTOR\n"}; }

// What is thrown in a handler ends as a 500 that says why. A reload takes seconds and a deep stack, so each runs on a
// thread of the pool; the loop serves its other connections meanwhile.
Reply run(const Handler& handler, const HttpRequest& request) {
  Reply reply{503, "too many requests at once\n"};
  [[maybe_unused]] const bool done = run_blocking(Deadline::in(whole), [&] {
    try {
      reply = handler(request);
    } catch (const std::exception& failure) {
      reply = {500, std::string(failure.what()) + '\n'};
    }
  });
  return reply;
}

// Bytes of one connection into requests, answers into bytes. Nothing is read that is over a bound.
class AdminConversation final : public Conversation {
 public:
  AdminConversation(const Routes& routes, const Clock& clock) : routes_(routes), clock_(clock) {}

  bool received(std::string_view bytes, Output& out) override {
    const auto now = clock_.steady();
    if (!std::exchange(waiting_, true)) begun_ = now;
    reader_.add(bytes);
    for (;;) {
      const auto next = reader_.next();
      if (next.refusal) return refuse(*next.refusal, out);
      if (!next.request) break;
      const Reply reply = reply_to(*next.request);
      out.buffer() += http_answer(reply.status, reply.body, next.request->keep_open, reply.type);
      if (!next.request->keep_open) return false;
      begun_ = clock_.steady();
      waiting_ = !reader_.empty();
    }
    if (reader_.wants_continue()) out.buffer() += "HTTP/1.1 100 Continue\r\n\r\n";
    if (!waiting_ || now - begun_ < whole) return true;
    return refuse({408, "the request came in too slowly"}, out);
  }
  void closed(std::string_view) override {}
  std::chrono::milliseconds patience() const override { return waiting_ ? whole : idle; }
  bool silent(Output&) override { return false; }

 private:
  Reply reply_to(const HttpRequest& request) const {
    const auto path = request.path();
    const bool is_key = path.starts_with("/dkim/");  // and names one
    const std::string what = request.method + ' ' + std::string(is_key ? "/dkim/" : path);
    const auto found = routes_.find(what);
    if (found == routes_.end()) return {404, cleaned(what, false, 100) + ": unknown request\n"};
    return run(found->second, request);
  }
  bool refuse(const HttpRefusal& refusal, Output& out) {
    out.buffer() += http_answer(refusal.status, refusal.why + '\n', false, "text/plain");
    return false;
  }

  const Routes& routes_;
  const Clock& clock_;
  HttpRequestReader reader_{most_body, false};
  bool waiting_ = false;  // in the middle of a request
  SteadyTime begun_{};    // the request that is coming in
};

class HttpAdminServer final : public AdminServer {
 public:
  HttpAdminServer(AdminFunctions functions, const Clock& clock, Log& log)
      : functions_(std::move(functions)), clock_(clock), log_(log) {
    make_routes();
  }
  ~HttpAdminServer() override { stop(); }

  Result<void> open(const std::string& path, unsigned mode) override {
    auto listener = listen_on({SocketName::Kind::unix_path, path, {}, 0}, {mode, {}}, backlog);
    if (!listener) return listener.error();
    path_ = path;
    server_ = std::make_unique<StreamServer>("admin", std::move(*listener),
                                             StreamLimits{.connections = most_connections}, clock_, log_,
                                             [this] { return std::make_unique<AdminConversation>(routes_, clock_); });
    return {};
  }

  void start() override {
    server_->start();
    started_ = true;
  }

  void stop() override {
    if (!std::exchange(started_, false)) return;
    ::unlink(path_.c_str());  // first: a successor's may stand there once this one does not answer
    server_->stop(Deadline::in(stop_wait));
  }

 private:
  void make_routes() {
    routes_["GET /status"] = [this](const HttpRequest&) { return json(functions_.status()); };
    routes_["GET /metrics"] = [this](const HttpRequest&) {
      return Reply{200, functions_.metrics(), "text/plain; version=0.0.4; charset=utf-8"};
    };
    routes_["POST /reload"] = [this](const HttpRequest&) {
      const ReloadOutcome outcome = functions_.reload();
      const nlohmann::json answer = {
          {"ok", outcome.ok}, {"errors", outcome.errors}, {"warnings", outcome.warnings}, {"restart", outcome.restart}};
      return Reply{outcome.ok ? 200 : 409, answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n',
                   "application/json"};
    };
    routes_["GET /counters"] = [this](const HttpRequest& request) {
      const auto most = to_number(parameter(request, "most")).value_or(1000);
      return answer(functions_.counters(key_of(request), most, has_parameter(request, "top")));
    };
    routes_["GET /blocks"] = [this](const HttpRequest&) { return answer(functions_.blocks()); };
    const auto recipient = [](const HttpRequest& request) {
      return KeyOfLimit{parameter(request, "for"), parameter(request, "recipient")};
    };
    routes_["GET /suppressed"] = [this](const HttpRequest&) { return answer(functions_.suppressed()); };
    routes_["POST /suppressed/remove"] = [this, recipient](const HttpRequest& request) {
      return answer(functions_.unsuppress(recipient(request)));
    };
    routes_["POST /suppressed/put"] = [this, recipient](const HttpRequest& request) {
      return answer(functions_.suppress(recipient(request), parameter(request, "answer")));
    };
    routes_["POST /alerts/test"] = [this](const HttpRequest&) { return answer(functions_.test_alerts()); };
    routes_["PUT /dkim/"] = [this](const HttpRequest& request) {
      const auto key = key_in(request);
      return key ? answer(functions_.put_key(key->first, key->second, request.body)) : no_key_named();
    };
    routes_["DELETE /dkim/"] = [this](const HttpRequest& request) {
      const auto key = key_in(request);
      return key ? answer(functions_.delete_key(key->first, key->second, parameter(request, "force") == "1"))
                 : no_key_named();
    };
    routes_["POST /dns/flush"] = [this](const HttpRequest& request) {
      return answer(functions_.flush_dns(parameter(request, "name")));
    };
    routes_["POST /reset"] = [this](const HttpRequest& request) { return answer(functions_.reset(key_of(request))); };
    routes_["POST /unblock"] = [this](const HttpRequest& request) {
      return answer(functions_.unblock(key_of(request)));
    };
    routes_["POST /block"] = [this](const HttpRequest& request) {
      return answer(functions_.block(key_of(request), parameter(request, "time")));
    };
  }

  AdminFunctions functions_;
  const Clock& clock_;
  Log& log_;
  Routes routes_;
  std::unique_ptr<StreamServer> server_;
  std::string path_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<AdminServer> make_admin_server(AdminFunctions functions, const Clock& clock, Log& log) {
  return std::make_unique<HttpAdminServer>(std::move(functions), clock, log);
}

}  // namespace mailweir
