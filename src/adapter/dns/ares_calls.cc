// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/ares_calls.h"

#include <algorithm>
#include <string_view>

#include <ares.h>

#include "base/handle.h"

namespace mailweir {

void AresClose::operator()(ares_channeldata* channel) const { ares_destroy(channel); }

AresChannel open_ares(const ares_options& wanted, int mask, int& status) {
  ares_options options = wanted;
#ifdef ARES_OPT_QUERY_CACHE
  options.qcache_max_ttl = 0;
  mask |= ARES_OPT_QUERY_CACHE;
#endif
  ares_channeldata* raw = nullptr;
  status = ares_init_options(&raw, &options, mask);
  return AresChannel(status == ARES_SUCCESS ? raw : nullptr);
}

std::size_t ares_server_count(ares_channeldata* channel) {
#if ARES_VERSION >= 0x011800
  const CPtr<char, ares_free_string> text(ares_get_servers_csv(channel));
  if (text == nullptr || *text == '\0') return 0;
  const std::string_view servers(text.get());
  return 1 + static_cast<std::size_t>(std::count(servers.begin(), servers.end(), ','));
#else
  ares_addr_port_node* first = nullptr;
  if (ares_get_servers_ports(channel, &first) != ARES_SUCCESS) return 0;
  std::size_t count = 0;
  for (const auto* server = first; server != nullptr; server = server->next) ++count;
  ares_free_data(first);
  return count;
#endif
}

void ares_ask(ares_channeldata* channel, const std::string& name, int type, AresAsker& asker) {
#if ARES_VERSION >= 0x011c00
  const auto answered = [](void* of, ares_status_t status, std::size_t, const ares_dns_record_t* answer) {
    unsigned char* bytes = nullptr;
    std::size_t length = 0;
    if (answer != nullptr && ares_dns_write(answer, &bytes, &length) != ARES_SUCCESS) length = 0;
    static_cast<AresAsker*>(of)->on_answer(static_cast<int>(status), {bytes, length});
    ares_free_string(bytes);
  };
  ares_query_dnsrec(channel, name.c_str(), ARES_CLASS_IN, static_cast<ares_dns_rec_type_t>(type), answered, &asker,
                    nullptr);
#else
  const auto answered = [](void* of, int status, int, unsigned char* bytes, int length) {
    static_cast<AresAsker*>(of)->on_answer(status, {bytes, bytes != nullptr ? static_cast<std::size_t>(length) : 0});
  };
  constexpr int class_in = 1;
  ares_query(channel, name.c_str(), class_in, type, answered, &asker);
#endif
}

}  // namespace mailweir
