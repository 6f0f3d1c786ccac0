// SPDX-License-Identifier: BSD-2-Clause
// AdminServer: the admin door: HTTP on a unix socket, for mailweirctl and a metrics scraper. It is handed functions and
// knows nothing of the engine.
//
//   GET /status    JSON     GET /metrics   Prometheus text     POST /reload  {"ok", "errors", "warnings", "restart"}
//   GET /counters  JSON: rows of the counter store, ?limit= &key= &most= (the highest first, with &top=1)
//   GET /blocks    JSON: the blocked keys
//   POST /reset, /block, /unblock  limit= &key= (and &time=): JSON, what was done; 400 for what makes no sense
//   GET /suppressed  JSON: recipients that bounced; POST /suppressed/put, /suppressed/remove  for= recipient= (answer=)
//   POST /alerts/test  JSON: what came of a test through each receiver of alerts
//   PUT /dkim/DOMAIN/SELECTOR  the body is a private key in PEM: 201 and JSON with the record to publish
//   DELETE /dkim/DOMAIN/SELECTOR  &force=1 for the only key that signs for its domain
//   POST /dns/flush  name= (or all): JSON, how many answers of the DNS were dropped
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace mailweir {

struct ReloadOutcome {
  bool ok = false;
  std::vector<std::string> errors, warnings;
  std::vector<std::string> restart;  // keys that changed and need a restart
};

// What is asked about one key of a limit.
struct KeyOfLimit {
  std::string limit, key;
};

// What was done, as JSON, or in words why not.
struct AdminAnswer {
  int status = 200;  // HTTP's
  std::string body;
};

struct AdminFunctions {
  std::function<std::string()> status;  // JSON
  std::function<std::string()> metrics;
  std::function<ReloadOutcome()> reload;
  std::function<Result<std::string>(const KeyOfLimit&, std::size_t most, bool top)> counters;  // JSON; empty: all
  // JSON too. A temporary error is the store's, another the request's.
  std::function<Result<std::string>()> blocks;
  std::function<Result<std::string>(const KeyOfLimit&)> reset, unblock;
  std::function<Result<std::string>(const KeyOfLimit&, const std::string& time)> block;
  // Suppressed recipients; `limit`: for whom, `key`: the recipient.
  std::function<Result<std::string>()> suppressed;
  std::function<Result<std::string>(const KeyOfLimit&)> unsuppress;
  std::function<Result<std::string>(const KeyOfLimit&, const std::string& answer)> suppress;
  std::function<Result<std::string>()> test_alerts;
  std::function<AdminAnswer(const std::string& domain, const std::string& selector, const std::string& pem)> put_key;
  std::function<AdminAnswer(const std::string& domain, const std::string& selector, bool force)> delete_key;
  std::function<Result<std::string>(const std::string& name)> flush_dns;  // empty: all
};

class AdminServer {
 public:
  virtual ~AdminServer() = default;
  // Makes the socket; the error names it.
  virtual Result<void> open(const std::string& path, unsigned mode) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;
};

// Up to 64 connections; a request has 10 s to come in whole, 8 KiB of head and 64 KiB of body.
std::unique_ptr<AdminServer> make_admin_server(AdminFunctions functions, const Clock& clock, Log& log);

}  // namespace mailweir
