// SPDX-License-Identifier: BSD-2-Clause
// Signs the message on standard input as the milter door does and writes it, with CRLF line ends, as it leaves.
// dkim_sign_file [-c HEADER/BODY] [-n CHUNK] [-x SECONDS] [-i IDENTITY] [-L] [-r PATTERN]... [-a NAME:VALUE]...
//                -k DOMAIN:SELECTOR:FILE...
// dkim_sign_file -b -k DOMAIN:SELECTOR:FILE...
// -n: the body comes in chunks of that many bytes. -L: the MTA keeps the blank after the colon to itself.
// -r, -a: fields removed and added before signing. -b: many messages, each behind a line
// "LENGTH HEADER/BODY SELECTOR CHUNK BLANK" (BLANK: 1, or 0 as -L); each is written behind a line "LENGTH".
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_signer.h"
#include "base/text.h"
#include "check/body_hashes.h"
#include "check/dkim_sign.h"
#include "check/key_ring.h"
#include "mail/headers.h"

using namespace mailweir;

namespace {

struct Options {
  bool many = false;
  SignPolicy policy;
  std::size_t chunk = 65535;
  bool leading_space = true;
  std::optional<std::string> identity;
  std::vector<std::string> removals;
  std::vector<std::pair<std::string, std::string>> additions;
  std::vector<DkimKey> keys;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "dkim_sign_file: %s\n", why.c_str());
  std::exit(1);
}

Canon canon_of(std::string_view word) {
  for (const Canon canon : {Canon::simple, Canon::relaxed})
    if (to_string(canon) == word) return canon;
  fail("no canonicalisation: " + std::string(word));
}

void set_canons(SignPolicy& policy, std::string_view text) {
  const auto cut = text.find('/');
  policy.header_canon = canon_of(text.substr(0, cut));
  policy.body_canon = canon_of(text.substr(cut + 1));
}

DkimKey key_of(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3) fail("-k DOMAIN:SELECTOR:FILE");
  auto loaded = load_signing_key(std::string(parts[2]));
  if (!loaded) fail(loaded.error().what);
  for (const auto& warning : loaded->warnings) std::fprintf(stderr, "dkim_sign_file: %s\n", warning.c_str());
  return {std::string(parts[0]), std::string(parts[1]), loaded->signer, false};
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int option; (option = ::getopt(argc, argv, "bc:n:x:i:Lr:a:k:")) != -1;) {
    const std::string text = ::optarg ? ::optarg : "";
    const auto cut = text.find(':');
    if (option == 'b') {
      options.many = true;
    } else if (option == 'c') {
      set_canons(options.policy, text);
    } else if (option == 'n') {
      options.chunk = to_number(text).value_or(0);
    } else if (option == 'x') {
      options.policy.good_for = std::chrono::seconds(to_number(text).value_or(0));
    } else if (option == 'i') {
      options.identity = text;
    } else if (option == 'L') {
      options.leading_space = false;
    } else if (option == 'r') {
      options.removals.push_back(text);
    } else if (option == 'a') {
      options.additions.emplace_back(text.substr(0, cut), text.substr(cut + 1));
    } else if (option == 'k') {
      options.keys.push_back(key_of(text));
    } else {
      std::exit(2);
    }
  }
  if (options.chunk == 0) fail("-n wants a number over 0");
  return options;
}

std::string read_all() {
  std::string text;
  char buffer[65536];
  for (std::size_t length; (length = std::fread(buffer, 1, sizeof(buffer), stdin)) > 0;) text.append(buffer, length);
  return text;
}

// Hands the header over as an MTA does: names and values apart, folds as LF. Returns the body.
std::string_view take_header(std::string_view text, HeaderList& headers) {
  std::string name, value;
  const auto end_field = [&] {
    if (!name.empty() && !headers.receive(name, value)) fail("the header is too large");
    name.clear();
  };
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') {
      value += '\n';
      value += line;
      continue;
    }
    end_field();
    const auto colon = line.find(':');
    if (colon == line.npos) fail("no header field: " + std::string(line));
    name = line.substr(0, colon);
    line.remove_prefix(colon + 1);
    if (!headers.traits().leading_space && line.starts_with(' ')) line.remove_prefix(1);
    value = line;
  }
  end_field();
  return text;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 20);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

std::string sign_message(const Options& options, const KeyRing& ring, std::string_view message) {
  HeaderList headers({.leading_space = options.leading_space, .utf8 = true});
  auto body = take_header(message, headers);
  const auto whole_body = body;
  static const auto digests = openssl_digests();
  BodyHashes hashes(*digests, {.simple = options.policy.body_canon == Canon::simple,
                               .relaxed = options.policy.body_canon == Canon::relaxed});
  for (; !body.empty(); body.remove_prefix(std::min(options.chunk, body.size())))
    hashes.write(body.substr(0, options.chunk));
  hashes.finish();

  for (const auto& pattern : options.removals) headers.remove(pattern);
  for (const auto& [name, value] : options.additions)
    if (!headers.add(HeaderList::Place::end, name, value)) fail("cannot add " + name);
  const auto covered = cover(headers, options.policy);
  if (!covered) fail(covered.error().what);
  std::vector<std::string> values;
  for (const auto& key : options.keys) {
    for (const auto& kept : ring.find(key.domain)) {
      const DkimKey& known = *kept;
      if (known.selector != key.selector) continue;
      const auto value = sign(*covered, hashes.hash(options.policy.body_canon), known, options.policy,
                              SystemClock().wall(), options.identity);
      if (!value) fail(value.error().what);
      values.push_back(*value);
    }
  }
  for (const auto& value : values)
    if (!headers.add(HeaderList::Place::top, signature_field, value)) fail("cannot add the signature");
  const char* blank = options.leading_space ? "" : " ";
  std::string out;
  for (const auto& field : headers.leaving())
    out += with_crlf(std::string(field.name) + ':' + blank + std::string(field.value) + '\n');
  out += "\r\n" + with_crlf(whole_body);
  if (!whole_body.empty() && !whole_body.ends_with('\n')) out += "\r\n";  // SMTP knows no last line without one
  return out;
}

// The next of many: its line, read into `options`, and its text.
std::optional<std::string> next_message(Options& options, const std::vector<DkimKey>& keys) {
  unsigned long length = 0, chunk = 0;
  char canons[32], selector[64];
  int blank = 1;
  const int read = std::scanf("%lu %31s %63s %lu %d", &length, canons, selector, &chunk, &blank);
  if (read == EOF) return {};
  if (read != 5 || chunk == 0 || std::getchar() != '\n') fail("-b: not a line LENGTH HEADER/BODY SELECTOR CHUNK BLANK");
  set_canons(options.policy, canons);
  options.chunk = chunk;
  options.leading_space = blank != 0;
  options.keys.clear();
  for (const auto& key : keys)
    if (key.selector == selector) options.keys.push_back(key);
  std::string message(length, '\0');
  if (std::fread(message.data(), 1, length, stdin) != length) fail("-b: a message is cut off");
  return message;
}

}  // namespace

int main(int argc, char** argv) {
  Options options = read_options(argc, argv);
  if (const auto good = options.policy.check(); !good) fail(good.error().what);
  const auto ring = KeyRing::make(options.keys);
  if (!ring) fail(ring.error().what);
  if (!options.many) {
    const auto out = sign_message(options, *ring, read_all());
    std::fwrite(out.data(), 1, out.size(), stdout);
    return 0;
  }
  const auto keys = options.keys;
  while (const auto message = next_message(options, keys)) {
    const auto out = sign_message(options, *ring, *message);
    std::printf("%zu\n", out.size());
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
}
