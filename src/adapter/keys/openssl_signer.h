// SPDX-License-Identifier: BSD-2-Clause
// Private keys from PEM files, signing through OpenSSL's EVP. The file is read once; the signer is then thread-safe and
// signatures of several threads run at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/file_stamp.h"
#include "base/handle.h"
#include "port/signer.h"

namespace mailweir {

struct LoadedKey {
  SignerPtr signer;
  std::vector<std::string> warnings;  // "path: what", for the admin; the key works
  FileStamp stamp;                    // of the file as it was read
};

// How the key may be written. Base64: the DER of a PEM file without its lines, or all of it in one line.
enum class KeyText { pem, pem_or_base64 };

struct KeyReading {
  KeyText accepted = KeyText::pem;
  std::string group{};      // the daemon's, for advice; "": daemon_group()
  std::string objection{};  // to the file, found already; told with what else is wrong
};

// RSA from 1024 bits on (under 2048, and over 4096, with a warning: RFC 8301 3.2) or Ed25519 (RFC 8463), unencrypted,
// in a regular file that others can neither read nor write. Errors name the path, all that is wrong, and what to do.
// `objection`: to the owner of the file; empty: none.
Result<LoadedKey> load_signing_key(const std::string& path, const std::string& group = {},
                                   const std::function<std::string(uid_t owner)>& objection = nullptr);

// The same from a regular file that is open; `path` is its name in messages.
Result<LoadedKey> read_signing_key(const Fd& file, const std::string& path, const KeyReading& how = {});

// From a text in PEM or base64, which `name` stands for in messages; they have nothing of the text.
Result<LoadedKey> parse_signing_key(std::string_view text, const std::string& name);

// A key to be put elsewhere: `pem` is PKCS #8 (RFC 5958), whatever it was written as.
struct PortableKey {
  LoadedKey loaded;
  std::string pem;
};
Result<PortableKey> portable_key(std::string_view text, const std::string& name, KeyText accepted = KeyText::pem);
// From a regular file that others can neither read nor write.
Result<PortableKey> portable_key_from(const std::string& path);

}  // namespace mailweir
