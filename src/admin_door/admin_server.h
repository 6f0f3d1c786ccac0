// SPDX-License-Identifier: BSD-2-Clause
// AdminServer: the admin door: HTTP on a unix socket, for mailweirctl and a metrics scraper. It is handed functions and
// knows nothing of the engine.
//
//   GET /status    JSON     GET /metrics   Prometheus text     POST /reload  {"ok", "errors", "warnings", "restart"}
//   GET /counters  JSON: rows of the counter store, ?limit= &key= &most=
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct ReloadOutcome {
  bool ok = false;
  std::vector<std::string> errors, warnings;
  std::vector<std::string> restart;   // keys that changed and need a restart
};

struct AdminFunctions {
  std::function<std::string()> status;    // JSON
  std::function<std::string()> metrics;
  std::function<ReloadOutcome()> reload;
  std::function<Result<std::string>(const std::string& limit, const std::string& key, std::size_t most)> counters;  // JSON
};

class AdminServer {
 public:
  virtual ~AdminServer() = default;
  // Makes the socket; the error names it.
  virtual Result<void> open(const std::string& path, unsigned mode) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;
};

std::unique_ptr<AdminServer> make_admin_server(AdminFunctions functions);

}  // namespace mailweir
