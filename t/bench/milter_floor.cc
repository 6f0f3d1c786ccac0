// SPDX-License-Identifier: BSD-2-Clause
// milter_floor [--nr] [--header NAME] SOCKET: the least that a filter on libmilter can do: every callback says
// CONTINUE.
// --nr negotiates the replies away, and the events that a signing filter can do without. --header adds a field to each
// message, as a signer does. What a real filter does is measured against it. Ends on SIGTERM.
#include <cstdio>
#include <cstring>
#include <string>

#include <libmilter/mfapi.h>

namespace {

bool quiet = false;
std::string header;

sfsistat on_negotiate(SMFICTX*, unsigned long offered_actions, unsigned long offered_steps, unsigned long,
                      unsigned long, unsigned long* actions, unsigned long* steps, unsigned long* more1,
                      unsigned long* more2) {
  *actions = header.empty() ? 0 : offered_actions & SMFIF_ADDHDRS;
  *steps = 0;
  if (quiet)
    *steps = offered_steps & (SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
                              SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY);
  *more1 = *more2 = 0;
  return SMFIS_CONTINUE;
}

// libmilter wants SMFIS_NOREPLY where it told the MTA that there will be none.
sfsistat go_on() { return quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE; }

sfsistat on_connect(SMFICTX*, char*, _SOCK_ADDR*) { return go_on(); }
sfsistat on_helo(SMFICTX*, char*) { return go_on(); }
sfsistat on_mail(SMFICTX*, char**) { return go_on(); }
sfsistat on_rcpt(SMFICTX*, char**) { return go_on(); }
sfsistat on_data(SMFICTX*) { return SMFIS_CONTINUE; }
sfsistat on_unknown(SMFICTX*, const char*) { return SMFIS_CONTINUE; }
sfsistat on_header(SMFICTX*, char*, char*) { return go_on(); }
sfsistat on_end_of_header(SMFICTX*) { return go_on(); }
sfsistat on_body(SMFICTX*, unsigned char*, std::size_t) { return go_on(); }
sfsistat on_end_of_message(SMFICTX* context) {
  char value[] = "v=1";
  if (!header.empty() && smfi_insheader(context, 0, header.data(), value) != MI_SUCCESS) return SMFIS_TEMPFAIL;
  return SMFIS_CONTINUE;
}
sfsistat on_abort(SMFICTX*) { return SMFIS_CONTINUE; }
sfsistat on_close(SMFICTX*) { return SMFIS_CONTINUE; }

int usage() {
  std::fprintf(stderr, "usage: milter_floor [--nr] [--header NAME] SOCKET\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string socket;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--nr") quiet = true;
    else if (argument == "--header" && i + 1 < argc) header = argv[++i];
    else if (socket.empty() && !argument.starts_with('-')) socket = argument;
    else return usage();
  }
  if (socket.empty()) return usage();
  char name[] = "milter_floor";
  smfiDesc filter{};
  filter.xxfi_name = name;
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_flags = SMFIF_ADDHDRS;
  filter.xxfi_connect = on_connect;
  filter.xxfi_helo = on_helo;
  filter.xxfi_envfrom = on_mail;
  filter.xxfi_envrcpt = on_rcpt;
  filter.xxfi_header = on_header;
  filter.xxfi_eoh = on_end_of_header;
  filter.xxfi_body = on_body;
  filter.xxfi_eom = on_end_of_message;
  filter.xxfi_abort = on_abort;
  filter.xxfi_close = on_close;
  filter.xxfi_unknown = on_unknown;
  filter.xxfi_data = on_data;
  filter.xxfi_negotiate = on_negotiate;
  if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(socket.data()) != MI_SUCCESS ||
      smfi_opensocket(true) != MI_SUCCESS) {
    std::fprintf(stderr, "milter_floor: cannot listen on %s\n", socket.c_str());
    return 1;
  }
  return smfi_main() == MI_SUCCESS ? 0 : 1;
}
