// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/daemon_client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

#include <grp.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <boost/program_options.hpp>

#include "base/handle.h"
#include "config/config.h"
#include "ctl/usage.h"

namespace mailweir {
namespace {

namespace po = boost::program_options;

httplib::Client client_of(const Asked& asked) {
  httplib::Client client(asked.socket);
  client.set_address_family(AF_UNIX);
  client.set_connection_timeout(5, 0);
  client.set_read_timeout(120, 0);  // a reload may read a million list entries
  // httplib would put the socket's path into Host.
  client.set_default_headers({{"Host", "mailweir"}});
  return client;
}

httplib::Params params_of(const Parameters& parameters) { return {parameters.begin(), parameters.end()}; }

int connect_errno(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  path.copy(address.sun_path, path.size());
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return errno;
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

// Why there is no connection, and what to do; empty: there is one. httplib says no more than "Connection".
std::string why_not(const std::string& path) {
  struct stat status {};
  const int failure = ::stat(path.c_str(), &status) != 0 ? errno
                      : S_ISSOCK(status.st_mode)         ? connect_errno(path)
                                                         : ENOTSOCK;
  switch (failure) {
    case 0: return {};
    case ENOENT:
    case ENOTDIR:
      return "the socket does not exist; is the daemon running, and is this the [admin] socket of its policy file? "
             "--socket names another";
    case ENOTSOCK:
      return std::string("is ") + (S_ISDIR(status.st_mode) ? "a directory" : "a file") +
             ", must be the daemon's admin socket; --socket names it";
    case ECONNREFUSED: return "nothing listens there; the daemon is not running, or has another [admin] socket now";
    case EACCES:
    case EPERM: {
      const bool seen = S_ISSOCK(status.st_mode);
      const group* owner = seen ? ::getgrgid(status.st_gid) : nullptr;
      return "permission denied; " +
             (!seen ? "you have no access to its directory: run as root or as the daemon's user"
                    : "run as root or as a member of the socket's group, " +
                          (owner != nullptr ? std::string(owner->gr_name) : std::to_string(status.st_gid)));
    }
    case ENAMETOOLONG: return "is longer than a socket's path may be";
    default: return std::strerror(failure);
  }
}

std::optional<DaemonAnswer> answer_of(const Asked& asked, const httplib::Result& response) {
  if (response) return DaemonAnswer{response->status, response->body};
  const std::string why = why_not(asked.socket);
  std::cerr << "mailweirctl: " << asked.socket << ": "
            << (why.empty() ? "the daemon does not answer (" + httplib::to_string(response.error()) + ')' : why)
            << '\n';
  return {};
}

}  // namespace

std::optional<Asked> parse_asked(const Arguments& args, const std::string& usage,
                                 const std::vector<TextOption>& options, const std::vector<TextOption>& words) {
  Asked asked;
  asked.socket = AdminConfig().socket.path;
  po::options_description all(usage);
  po::positional_options_description positions;
  for (const auto* each : {&words, &options}) {
    for (const TextOption& option : *each) {
      auto* value = po::value(option.value)->value_name(option.value_name);
      if (each == &words) positions.add(option.name.c_str(), 1);
      all.add_options()(option.name.c_str(), each == &words && !option.may_be_missing ? value->required() : value,
                        option.help.c_str());
    }
  }
  all.add_options()("socket,s", po::value(&asked.socket)->value_name("PATH"), "the daemon's admin socket")(
      "json", po::bool_switch(&asked.json), "print the daemon's own JSON")("help,h", "print this");
  if (!read_options(args, all, positions)) return {};
  if (asked.socket.starts_with("unix:")) asked.socket.erase(0, 5);
  return asked;
}

std::optional<DaemonAnswer> ask_daemon(const Asked& asked, const std::string& path, const Parameters& parameters) {
  auto client = client_of(asked);
  return answer_of(asked, client.Get(path, params_of(parameters), httplib::Headers()));
}

std::optional<DaemonAnswer> tell_daemon(const Asked& asked, const std::string& path, const Parameters& parameters) {
  auto client = client_of(asked);
  return answer_of(asked, client.Post(path, params_of(parameters)));
}

}  // namespace mailweir
