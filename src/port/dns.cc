// SPDX-License-Identifier: BSD-2-Clause
#include "port/dns.h"

#include <algorithm>

#include "mail/domain.h"

namespace mailweir::dns {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::A: return "A";
    case Type::NS: return "NS";
    case Type::CNAME: return "CNAME";
    case Type::PTR: return "PTR";
    case Type::MX: return "MX";
    case Type::TXT: return "TXT";
    case Type::AAAA: return "AAAA";
  }
  return "?";
}

std::string_view to_string(Answer::Status status) {
  switch (status) {
    case Answer::Status::ok: return "ok";
    case Answer::Status::nxdomain: return "nxdomain";
    case Answer::Status::nodata: return "nodata";
    case Answer::Status::temperror: return "temperror";
  }
  return "?";
}

// A blank can be asked for, though no host has one: SPF's macros make such names (RFC 7208 7.3).
bool is_askable(std::string_view name) {
  if (name.find('\\') != name.npos) return false;
  if (name.find(' ') == name.npos) return fits_dns(name);
  std::string filled(name);
  std::replace(filled.begin(), filled.end(), ' ', '_');
  return fits_dns(filled);
}

AnswerPtr temperror(std::string detail) {
  auto answer = std::make_shared<Answer>();
  answer->status = Answer::Status::temperror;
  answer->detail = std::move(detail);
  return answer;
}

AnswerPtr nxdomain(std::string detail) {
  auto answer = std::make_shared<Answer>();
  answer->status = Answer::Status::nxdomain;
  answer->detail = std::move(detail);
  return answer;
}

}  // namespace mailweir::dns
