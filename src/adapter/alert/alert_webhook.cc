// SPDX-License-Identifier: BSD-2-Clause
#include <memory>
#include <mutex>
#include <optional>

#include <curl/curl.h>

#include "adapter/alert/alert_receiver.h"
#include "adapter/alert/alert_text.h"
#include "base/shared_library.h"

namespace mailweir {
namespace {

// libcurl's functions. Loaded when the first webhook is made: it brings GnuTLS, LDAP and Kerberos with it, three
// megabytes that a daemon without a webhook has no use for.
struct Curl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
};

Result<Curl> load_curl() {
  const auto library = SharedLibrary::load("libcurl.so.4");  // its binary interface has been the same since 2006
  if (!library) return library.error();
  Curl curl{};
  for (const Result<void>& found :
       {library->find("curl_global_init", curl.global_init), library->find("curl_easy_init", curl.easy_init),
        library->find("curl_easy_setopt", curl.easy_setopt), library->find("curl_easy_perform", curl.easy_perform),
        library->find("curl_easy_getinfo", curl.easy_getinfo), library->find("curl_easy_strerror", curl.easy_strerror),
        library->find("curl_easy_cleanup", curl.easy_cleanup), library->find("curl_slist_append", curl.slist_append),
        library->find("curl_slist_free_all", curl.slist_free_all)})
    if (!found) return found.error();
  if (const CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK)
    return Error{std::string("libcurl: ") + curl.easy_strerror(code)};
  return curl;
}

// Kept until the process ends; tried again when it was not there.
Result<const Curl*> the_curl() {
  static std::mutex mutex;
  static std::optional<Curl> kept;
  const std::lock_guard lock(mutex);
  if (!kept) {
    auto loaded = load_curl();
    if (!loaded) return Error{loaded.error().what + "; a webhook needs libcurl: apt-get install libcurl4"};
    kept = *loaded;
  }
  return &*kept;
}

using Easy = std::unique_ptr<CURL, decltype(Curl::easy_cleanup)>;
using Lines = std::unique_ptr<curl_slist, decltype(Curl::slist_free_all)>;

constexpr std::size_t longest_answer = 64 << 10;  // what answers more is not a webhook

std::size_t throw_away(char*, std::size_t size, std::size_t count, void* user) {
  auto& left = *static_cast<std::size_t*>(user);
  if (size * count > left) return 0;  // ends the transfer
  left -= size * count;
  return count;
}

int look_up(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& give_up = *static_cast<const GiveUp*>(user);
  return give_up && give_up() ? 1 : 0;
}

class Webhook final : public AlertReceiver {
 public:
  Webhook(const Curl& library, std::string url, std::string header, std::string host)
      : library_(library), url_(std::move(url)), header_(std::move(header)), host_(std::move(host)) {}

  Result<void> send(const AlertNotice& notice, Deadline deadline, const GiveUp& give_up) override {
    const Easy curl(library_.easy_init(), library_.easy_cleanup);
    if (!curl) return Error{"webhook: out of memory", true};
    const std::string body = alert_json(notice, host_);
    Lines lines(nullptr, library_.slist_free_all);
    for (const std::string& line : {std::string("Content-Type: application/json"), std::string("Expect:"), header_}) {
      if (line.empty()) continue;
      curl_slist* longer = library_.slist_append(lines.get(), line.c_str());
      if (longer == nullptr) return Error{"webhook: out of memory", true};
      static_cast<void>(lines.release());
      lines.reset(longer);
    }
    std::size_t left = longest_answer;
    char why[CURL_ERROR_SIZE] = "";
    const long span = static_cast<long>(std::max<std::int64_t>(deadline.left().count(), 1));
    const auto set = [&](CURLoption option, auto value) { library_.easy_setopt(curl.get(), option, value); };
    set(CURLOPT_URL, url_.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    set(CURLOPT_POSTFIELDS, body.c_str());
    set(CURLOPT_HTTPHEADER, lines.get());
    set(CURLOPT_USERAGENT, "mailweir");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, span);
    set(CURLOPT_TIMEOUT_MS, span);
    set(CURLOPT_WRITEFUNCTION, throw_away);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&left));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, look_up);
    set(CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<const void*>(&give_up)));
    set(CURLOPT_ERRORBUFFER, why);
    const CURLcode code = library_.easy_perform(curl.get());
    if (code != CURLE_OK) {
      const bool lasting =
          code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_PEER_FAILED_VERIFICATION;
      return Error{"webhook: " + std::string(why[0] != '\0' ? why : library_.easy_strerror(code)), !lasting};
    }
    long status = 0;
    library_.easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return {};
    return Error{"webhook: it answers " + std::to_string(status) +
                     (status >= 300 && status < 400 ? ", and redirects are not followed" : ""),
                 status == 408 || status == 429 || status >= 500};
  }

 private:
  const Curl& library_;
  const std::string url_, header_, host_;
};

}  // namespace

Result<AlertReceiverPtr> make_webhook(std::string url, std::string header, std::string host) {
  const auto library = the_curl();
  if (!library) return library.error();
  return AlertReceiverPtr(std::make_shared<Webhook>(**library, std::move(url), std::move(header), std::move(host)));
}

}  // namespace mailweir
