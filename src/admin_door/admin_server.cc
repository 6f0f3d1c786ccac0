// SPDX-License-Identifier: BSD-2-Clause
#include "admin_door/admin_server.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/socket.h"
#include "base/text.h"

namespace mailweir {
namespace {

class HttpAdminServer final : public AdminServer {
 public:
  explicit HttpAdminServer(AdminFunctions functions) : functions_(std::move(functions)) {
    server_.set_payload_max_length(64 << 10);
    server_.set_read_timeout(5, 0);
    server_.set_write_timeout(5, 0);
    server_.new_task_queue = [] { return new httplib::ThreadPool(2); };
    // What is thrown in a handler ends as a 500 that says why.
    server_.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr failure) {
      response.status = 500;
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& known) {
        response.set_content(std::string(known.what()) + '\n', "text/plain");
      } catch (...) {
        response.set_content("unknown trouble\n", "text/plain");
      }
    });
    routes();
  }
  ~HttpAdminServer() override { stop(); }

  Result<void> open(const std::string& path, unsigned mode) override {
    const SocketName name{SocketName::Kind::unix_path, path, {}, 0};
    struct stat status{};
    if (lstat(path.c_str(), &status) == 0) {
      if (!S_ISSOCK(status.st_mode)) return Error{name.to_string() + ": exists and is no socket; remove it or name another path"};
      if (is_served(name)) return Error{name.to_string() + ": is served by another process; stop that one first"};
      if (::unlink(path.c_str()) != 0) return Error{name.to_string() + ": cannot remove the stale socket: " + std::strerror(errno)};
    }
    server_.set_address_family(AF_UNIX);
    const mode_t before = ::umask(static_cast<mode_t>(~mode & 0777));
    const bool bound = server_.bind_to_port(path.c_str(), 80);
    const int failure = errno;
    ::umask(before);
    if (!bound) return Error{name.to_string() + ": cannot listen: " + std::strerror(failure)};
    path_ = path;
    return {};
  }

  void start() override {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    ::unlink(path_.c_str());  // first: a successor's may stand there as soon as nobody answers
    server_.stop();
    thread_.join();
  }

 private:
  using Handler = httplib::Server::Handler;

  void post(const std::string& path, Handler handler) {
    server_.Post(path, handler);
    posts_[path] = std::move(handler);
  }

  // A request with neither Content-Length nor Transfer-Encoding has no body (RFC 9112 6.3). httplib would read until the
  // client closes, and call it bad when it does not.
  httplib::Server::HandlerResponse without_body(const httplib::Request& request, httplib::Response& response) const {
    using Handled = httplib::Server::HandlerResponse;
    if (request.method != "POST" || request.has_header("Content-Length") || request.has_header("Transfer-Encoding")) return Handled::Unhandled;
    const auto found = posts_.find(request.path);
    if (found == posts_.end()) response.status = 404;
    else found->second(request, response);
    return Handled::Handled;
  }

  // What is refused before a handler sees it has a text, too.
  static void say_status(const httplib::Request& request, httplib::Response& response) {
    if (!response.body.empty()) return;
    const std::string what = cleaned(request.method + ' ' + request.path, false, 100);
    response.set_content(response.status == 404 ? what + ": there is no such request\n"
                         : response.status == 413 ? what + ": the body is larger than 64 KiB\n"
                                                  : what + ": the request could not be read\n", "text/plain");
  }

  void routes() {
    server_.set_pre_routing_handler([this](const auto& request, auto& response) { return without_body(request, response); });
    server_.set_error_handler([](const httplib::Request& request, httplib::Response& response) { say_status(request, response); });
    server_.Get("/status", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(functions_.status(), "application/json");
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(functions_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    post("/reload", [this](const httplib::Request&, httplib::Response& response) {
      const ReloadOutcome outcome = functions_.reload();
      const nlohmann::json answer = {{"ok", outcome.ok}, {"errors", outcome.errors}, {"warnings", outcome.warnings}, {"restart", outcome.restart}};
      response.status = outcome.ok ? 200 : 409;
      response.set_content(answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n', "application/json");
    });
    server_.Get("/counters", [this](const httplib::Request& request, httplib::Response& response) {
      const auto most = to_number(request.get_param_value("most")).value_or(1000);
      answer(response, functions_.counters(key_of(request), most, request.has_param("top")));
    });
    server_.Get("/blocks", [this](const httplib::Request&, httplib::Response& response) { answer(response, functions_.blocks()); });
    post("/alerts/test", [this](const httplib::Request&, httplib::Response& response) { answer(response, functions_.test_alerts()); });
    post("/dns/flush", [this](const httplib::Request& request, httplib::Response& response) {
      answer(response, functions_.flush_dns(request.get_param_value("name")));
    });
    post("/reset", [this](const httplib::Request& request, httplib::Response& response) {
      answer(response, functions_.reset(key_of(request)));
    });
    post("/unblock", [this](const httplib::Request& request, httplib::Response& response) {
      answer(response, functions_.unblock(key_of(request)));
    });
    post("/block", [this](const httplib::Request& request, httplib::Response& response) {
      answer(response, functions_.block(key_of(request), request.get_param_value("time")));
    });
  }

  static KeyOfLimit key_of(const httplib::Request& request) {
    return {request.get_param_value("limit"), request.get_param_value("key")};
  }
  static void answer(httplib::Response& response, const Result<std::string>& text) {
    response.status = text ? 200 : text.error().temporary ? 503 : 400;
    response.set_content(text ? *text : text.error().what + '\n', text ? "application/json" : "text/plain");
  }

  AdminFunctions functions_;
  httplib::Server server_;
  std::map<std::string, Handler> posts_;
  std::thread thread_;
  std::string path_;
};

}  // namespace

std::unique_ptr<AdminServer> make_admin_server(AdminFunctions functions) {
  return std::make_unique<HttpAdminServer>(std::move(functions));
}

}  // namespace mailweir
