// SPDX-License-Identifier: BSD-2-Clause
// How many SPF evaluations a second one core makes when all answers are in our cache, by record; a fresh Lookups for
// each, as a transaction has. The same of libspf2 through our layer. `bench_spf [SECONDS]`, for each row; prints a
// Markdown table.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "adapter/dns/caching_resolver.h"
#include "adapter/dns/zone_resolver.h"
#include "adapter/libspf2/libspf2_engine.h"
#include "check/spf.h"

using namespace mailweir;

namespace {

// Records as large senders and hosting customers publish them.
constexpr const char* zone_text = R"(
plain.test     TXT "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.7 -all"
small.test     TXT "v=spf1 a mx -all"
               A   192.0.2.1
               MX  10 mx1.test
               MX  20 mx2.test
mx1.test       A   192.0.2.7
mx2.test       A   192.0.2.8
hosted.test    TXT "google-site-verification=0123456789"
               TXT "v=spf1 mx include:_spf.big.test include:mail.other.test ~all"
               MX  10 mx1.test
_spf.big.test  TXT "v=spf1 include:_nb1.big.test include:_nb2.big.test include:_nb3.big.test ~all"
_nb1.big.test  TXT "v=spf1 ip4:203.0.113.0/28 ip4:203.0.113.16/28 ip4:203.0.113.32/28 ip4:198.51.100.0/28 ~all"
_nb2.big.test  TXT "v=spf1 ip6:2001:db8:1000::/36 ip6:2001:db8:2000::/36 ip6:2001:db8:3000::/36 ~all"
_nb3.big.test  TXT "v=spf1 ip4:203.0.113.64/28 ip4:203.0.113.80/28 ip4:203.0.113.96/28 ip4:203.0.113.112/28 ~all"
mail.other.test TXT "v=spf1 ip4:192.0.2.128/25 exists:%{i}._spf.other.test -all"
192.0.2.9._spf.other.test A 127.0.0.2
redirect.test  TXT "v=spf1 redirect=_spf.big.test"
)";

struct Row {
  const char *what, *domain, *client;
};
constexpr Row rows[] = {
    {"two networks, the first matches", "plain.test", "192.0.2.9"},
    {"a, mx of two hosts, none matches", "small.test", "192.0.2.99"},
    {"mx, two includes of which one has three more, a macro matches last", "hosted.test", "192.0.2.9"},
    {"redirect= to three includes, none matches", "redirect.test", "192.0.2.9"}};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Evaluations for each second of CPU.
double rate(const SpfEngine& engine, dns::Resolver& resolver, const Row& row, double seconds) {
  SpfRequest request;
  request.client = *IpAddress::parse(row.client);
  request.local = "user";
  request.domain = row.domain;
  request.helo = "mx.example.com";
  const auto once = [&] {
    return engine.check(*Lookups::make(resolver, Deadline::in(std::chrono::seconds(5))), request).word;
  };
  for (int i = 0; i < 100; ++i) once();
  const double start = cpu_seconds();
  double now = start;
  std::uint64_t count = 0;
  while ((now = cpu_seconds()) - start < seconds)
    for (int i = 0; i < 100; ++i, ++count) once();
  return static_cast<double>(count) / (now - start);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  const SystemClock clock;
  auto zone = make_zone_resolver(zone_text, "bench");
  if (!zone || seconds <= 0) {
    std::fprintf(stderr, "bench_spf: %s\n", zone ? "usage: bench_spf [SECONDS]" : zone.error().what.c_str());
    return EXIT_FAILURE;
  }
  const auto resolver = make_caching_resolver(std::move(*zone), clock);
  const auto ours = spf::make_engine(), libspf2 = make_libspf2_engine();
  std::printf(
      "| SPF, one core, all answers cached | evaluations/s | libspf2 through the same lookups |\n|---|--:|--:|\n");
  for (const auto& row : rows)
    std::printf("| %s | %.0f | %.0f |\n", row.what, rate(*ours, *resolver, row, seconds),
                rate(*libspf2, *resolver, row, seconds));
  return EXIT_SUCCESS;
}
