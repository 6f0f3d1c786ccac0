// SPDX-License-Identifier: BSD-2-Clause
// HttpAnswer: what an HTTP/1.1 server says to one request, on a connection that is used for nothing else (RFC 9112).
// Pure functions of the bytes. Interim answers (1xx) and trailers are passed over; Transfer-Encoding is chunked or
// nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

struct HttpAnswer {
  int status = 0;
  std::string phrase;  // behind the status; from the network
  std::string body;
};

struct HttpAnswerRead {
  std::optional<HttpAnswer> answer;
  std::string wrong;  // why it is no answer; with neither more bytes are needed
};

// `bytes`: all that has come; `closed`: and no more will come.
HttpAnswerRead read_http_answer(std::string_view bytes, bool closed);

}  // namespace mailweir
