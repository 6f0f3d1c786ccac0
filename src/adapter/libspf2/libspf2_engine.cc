// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/libspf2/libspf2_engine.h"

#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
extern "C" {
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#include <spf2/spf_dns_rr.h>
#include <spf2/spf_log.h>
}

#include "base/handle.h"
#include "base/text.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::Type;

constexpr unsigned most_voids = 2;

// One evaluation as the DNS layer sees it; the layer's hook.
struct Context {
  Lookups& lookups;
  unsigned asked = 0, voids = 0;
  std::vector<std::string> pointers;     // the client's names, whose addresses it asks next, in their order
  std::optional<dns::Question> lacking;  // the first that is not there yet: no wait, and no exception, beneath C
  std::string trouble;                   // of the first lookup that failed
  std::string exceeded;                  // which limit was
};

std::optional<Type> type_of(ns_type type) {
  switch (type) {
    case ns_t_a: return Type::A;
    case ns_t_aaaa: return Type::AAAA;
    case ns_t_mx: return Type::MX;
    case ns_t_ptr: return Type::PTR;
    case ns_t_txt: return Type::TXT;
    default: return {};
  }
}

// False when there is no memory.
bool put(SPF_dns_rr_t& set, const dns::Record& record) {
  const bool address = record.type == Type::A || record.type == Type::AAAA;
  const std::size_t size = address ? sizeof(SPF_dns_rr_data_t) : record.text.size() + 1;
  if (SPF_dns_rr_buf_realloc(&set, set.num_rr, size) != SPF_E_SUCCESS) return false;
  auto* data = set.rr[set.num_rr];
  switch (record.type) {
    case Type::A: std::memcpy(&data->a, record.address.bytes().data() + 12, 4); break;
    case Type::AAAA: std::memcpy(&data->aaaa, record.address.bytes().data(), 16); break;
    default: {  // strings of C: an octet 0 must not hide what follows
      char* text = data->txt;
      for (std::size_t i = 0; i < record.text.size(); ++i) text[i] = record.text[i] == '\0' ? '\x01' : record.text[i];
      text[record.text.size()] = '\0';
    }
  }
  ++set.num_rr;
  return true;
}

int status_of(Answer::Status status) {
  switch (status) {
    case Answer::Status::ok: return NETDB_SUCCESS;
    case Answer::Status::nxdomain: return HOST_NOT_FOUND;
    case Answer::Status::nodata: return NO_DATA;
    case Answer::Status::temperror: return TRY_AGAIN;
  }
  return TRY_AGAIN;
}

// Whether a question is for an address of one of the client's names, which "ptr" and %{p} make right after that for the
// names.
bool is_of_pointer(Context& context, const std::string& name, Type type) {
  const bool next =
      (type == Type::A || type == Type::AAAA) && !context.pointers.empty() && context.pointers.front() == name;
  if (next) context.pointers.erase(context.pointers.begin());
  else context.pointers.clear();
  return next;
}

// RFC 7208 5.5: there a lookup that fails is no match, and the search goes on.
const Answer& nothing_found() {
  static const Answer nothing{Answer::Status::nxdomain, {}, {}, {}};
  return nothing;
}

// Null: not asked, for a limit or because an answer is awaited already.
const Answer* ask(Context& context, const std::string& name, Type type) {
  const bool of_pointer = is_of_pointer(context, name, type);
  if (context.lacking || !context.exceeded.empty()) return nullptr;
  if (++context.asked > most_libspf2_lookups) {
    context.exceeded = "more than " + std::to_string(most_libspf2_lookups) + " lookups";
    return nullptr;
  }
  const auto* answer = context.lookups.at_hand({name, type});
  if (answer == nullptr) {
    context.lacking = dns::Question{name, type};
    return nullptr;
  }
  if ((of_pointer || type == Type::PTR) && answer->status == Answer::Status::temperror) return &nothing_found();
  if (answer->status == Answer::Status::temperror && context.trouble.empty())
    context.trouble =
        cleaned(name, true, 255) + ' ' + std::string(dns::to_string(type)) + ": " + cleaned(answer->detail, true, 100);
  if (type == Type::PTR)
    for (const auto& record : answer->records)
      if (dns::is_askable(record.text)) context.pointers.push_back(record.text);
  const bool nothing =
      !of_pointer && (answer->status == Answer::Status::nxdomain || answer->status == Answer::Status::nodata);
  if (nothing && type != Type::TXT && ++context.voids > most_voids)
    context.exceeded = "more than " + std::to_string(most_voids) + " lookups without an answer (RFC 7208 4.6.4)";
  return answer;
}

SPF_dns_rr_t* look_up(SPF_dns_server_t* layer, const char* domain, ns_type rr_type, int) {
  auto& context = *static_cast<Context*>(layer->hook);
  const auto type = type_of(rr_type);  // nothing: type 99, which RFC 7208 3.1 has done away with
  std::string name = folded(domain);
  if (name.ends_with('.')) name.pop_back();
  if (!type || !dns::is_askable(name))
    return SPF_dns_rr_new_init(layer, domain, rr_type, 0, type ? HOST_NOT_FOUND : NO_DATA);
  const auto* answer = ask(context, name, *type);
  auto* set = SPF_dns_rr_new_init(layer, domain, rr_type, 0, answer != nullptr ? status_of(answer->status) : TRY_AGAIN);
  if (set == nullptr || answer == nullptr) return set;
  for (const auto& record : answer->records) {
    const bool names_host = record.type == Type::MX || record.type == Type::PTR;
    if (names_host && !dns::is_askable(record.text)) continue;
    if (!put(*set, record)) {
      set->herrno = TRY_AGAIN;
      break;
    }
  }
  return set;
}

void say_nothing(const char*, int, const char*) {}

AuthWord word_of(SPF_result_t result) {
  switch (result) {
    case SPF_RESULT_PASS: return AuthWord::pass;
    case SPF_RESULT_FAIL: return AuthWord::fail;
    case SPF_RESULT_SOFTFAIL: return AuthWord::softfail;
    case SPF_RESULT_NEUTRAL: return AuthWord::neutral;
    case SPF_RESULT_TEMPERROR: return AuthWord::temperror;
    case SPF_RESULT_PERMERROR: return AuthWord::permerror;
    default: return AuthWord::none;
  }
}

using Server = CPtr<SPF_server_t, SPF_server_free>;
using Request = CPtr<SPF_request_t, SPF_request_free>;
using Response = CPtr<SPF_response_t, SPF_response_free>;

// What the return code of a query means: of its own, no result tells a syntax error from a missing record.
AuthWord word_of(SPF_errcode_t code, SPF_response_t* response) {
  if (code == SPF_E_SUCCESS) return word_of(SPF_response_result(response));
  if (code == SPF_E_DNS_ERROR) return AuthWord::temperror;
  if (code != SPF_E_NOT_SPF) return AuthWord::permerror;
  for (int i = 0; i < SPF_response_messages(response); ++i)
    if (SPF_error_code(SPF_response_message(response, i)) != SPF_E_NOT_SPF) return AuthWord::permerror;
  return AuthWord::none;
}

class Libspf2Engine final : public SpfEngine {
 public:
  Libspf2Engine() {
    static std::once_flag once;  // its warnings about strangers' records go to stderr otherwise
    std::call_once(once, [] { SPF_warning_handler = SPF_info_handler = SPF_debug_handler = say_nothing; });
  }
  SpfResult check(Lookups& lookups, const SpfRequest& request) const override {
    for (;;) {
      Context context{lookups, 0, 0, {}, {}, {}, {}};
      SpfResult result = evaluate(context, request);
      if (!context.lacking) return result;
      lookups.get(*context.lacking);
    }
  }

 private:
  static SpfResult evaluate(Context& context, const SpfRequest& request);
};

// From the beginning, on the answers that are there: the library waits for none. What it lacked is awaited outside of
// it, and then it is asked again, at most most_libspf2_lookups times.
SpfResult Libspf2Engine::evaluate(Context& context, const SpfRequest& request) {
  SPF_dns_server_t layer{};
  layer.lookup = look_up;
  layer.name = "mailweir";
  layer.hook = &context;
  SpfResult result;
  result.word = AuthWord::temperror;
  result.reason = "libspf2: out of memory";

  const Server server(SPF_server_new_dns(&layer, 0));
  if (!server) return result;
  // Without this, its own advertisement stands in for an explanation that the domain does not give.
  SPF_response_t* told = nullptr;
  SPF_server_set_explanation(server.get(), "none", &told);
  const Response compiled(told);
  SPF_server_set_rec_dom(server.get(), request.receiver.empty() ? "unknown" : request.receiver.c_str());
  const Request asked(SPF_request_new(server.get()));
  if (!asked) return result;
  const auto& bytes = request.client.bytes();
  if (request.client.is_v4()) {
    in_addr four{};
    std::memcpy(&four, bytes.data() + 12, 4);
    SPF_request_set_ipv4(asked.get(), four);
  } else {
    in6_addr six{};
    std::memcpy(&six, bytes.data(), 16);
    SPF_request_set_ipv6(asked.get(), six);
  }
  const std::string sender = (request.local.empty() ? "postmaster" : request.local) + '@' + request.domain;
  SPF_request_set_helo_dom(asked.get(), request.helo.c_str());
  SPF_request_set_env_from(asked.get(), sender.c_str());
  SPF_response_t* answered = nullptr;
  const auto code = SPF_request_query_mailfrom(asked.get(), &answered);
  const Response response(answered);
  if (context.lacking || !response) return result;

  result.word = word_of(code, response.get());
  const char* comment = SPF_response_get_header_comment(response.get());
  result.reason = "libspf2: " + cleaned(comment != nullptr ? comment : SPF_strerror(code), true, 400);
  if (!context.exceeded.empty()) {
    result.word = AuthWord::permerror;
    result.reason = "libspf2: " + request.domain + ": " + context.exceeded;
  } else if (result.word == AuthWord::temperror && !context.trouble.empty()) {
    result.reason = "libspf2: " + context.trouble;
  }
  if (code != SPF_E_SUCCESS && SPF_response_messages(response.get()) > 0) {
    const char* message = SPF_error_message(SPF_response_message(response.get(), 0));
    if (message != nullptr) result.reason += ": " + cleaned(message, true, 200);
  }
  const char* explanation = SPF_response_get_explanation(response.get());
  if (request.explain && result.word == AuthWord::fail && explanation != nullptr &&
      std::strcmp(explanation, "none") != 0)
    result.explanation = cleaned(explanation, true, 400);
  result.domain = request.domain;
  result.voids = context.voids;
  return result;
}

}  // namespace

SpfEnginePtr make_libspf2_engine() { return std::make_shared<const Libspf2Engine>(); }

}  // namespace mailweir
