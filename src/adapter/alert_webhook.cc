// SPDX-License-Identifier: BSD-2-Clause
#include <mutex>

#include <curl/curl.h>

#include "adapter/alert_receiver.h"
#include "adapter/alert_text.h"
#include "base/handle.h"

namespace mailweir {
namespace {

using Easy = CPtr<CURL, curl_easy_cleanup>;
using Lines = CPtr<curl_slist, curl_slist_free_all>;

constexpr std::size_t longest_answer = 64 << 10;  // whoever answers more is no webhook

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
  Webhook(std::string url, std::string header, std::string host) : url_(std::move(url)), header_(std::move(header)), host_(std::move(host)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  Result<void> send(const AlertNotice& notice, Deadline deadline, const GiveUp& give_up) override {
    const Easy curl(curl_easy_init());
    if (!curl) return Error{"webhook: out of memory", true};
    const std::string body = alert_json(notice, host_);
    Lines lines;
    for (const std::string& line : {std::string("Content-Type: application/json"), std::string("Expect:"), header_}) {
      if (line.empty()) continue;
      curl_slist* longer = curl_slist_append(lines.get(), line.c_str());
      if (longer == nullptr) return Error{"webhook: out of memory", true};
      static_cast<void>(lines.release());
      lines.reset(longer);
    }
    std::size_t left = longest_answer;
    char why[CURL_ERROR_SIZE] = "";
    const long span = static_cast<long>(std::max<std::int64_t>(deadline.left().count(), 1));
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
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
    const CURLcode code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) {
      const bool lasting = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_PEER_FAILED_VERIFICATION;
      return Error{"webhook: " + std::string(why[0] != '\0' ? why : curl_easy_strerror(code)), !lasting};
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return {};
    return Error{"webhook: it answers " + std::to_string(status) + (status >= 300 && status < 400 ? ", and redirects are not followed" : ""),
                 status == 408 || status == 429 || status >= 500};
  }

 private:
  const std::string url_, header_, host_;
};

}  // namespace

AlertReceiverPtr make_webhook(std::string url, std::string header, std::string host) {
  return std::make_shared<Webhook>(std::move(url), std::move(header), std::move(host));
}

}  // namespace mailweir
