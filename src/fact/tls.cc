// SPDX-License-Identifier: BSD-2-Clause
// Facts of the session's encryption.
#include <optional>
#include <string>

#include "fact/family.h"
#include "mail/tls_version.h"

namespace mailweir {
namespace {

enum class Place : std::uint8_t { protocol, version, cipher, keysize, subject, issuer, fingerprint, tls };

constexpr FactDefinition facts[] = {
    {.name = "encryption_protocol",
     .known = known_at_doors(Stage::helo),
     .meaning = "the TLS protocol in use",
     .scope = FactScope::session},
    {.name = "tls_version",
     .type = FactType::version,
     .known = known_at_doors(Stage::helo),
     .meaning = "the version of encryption_protocol, such as 1.3; of SSLv3 it is 0.3",
     .scope = FactScope::session},
    {.name = "encryption_cipher",
     .known = known_at_doors(Stage::helo),
     .meaning = "the TLS cipher in use",
     .scope = FactScope::session},
    {.name = "encryption_keysize",
     .type = FactType::number,
     .known = known_at_doors(Stage::helo),
     .meaning = "the length of the TLS cipher's key in bits",
     .scope = FactScope::session},
    {.name = "ccert_subject",
     .known = known_at_doors(Stage::helo),
     .meaning = "the common name in the client's certificate",
     .scope = FactScope::session,
     .any_text = true},
    {.name = "ccert_issuer",
     .known = known_at_doors(Stage::helo),
     .meaning = "the issuer of the client's certificate",
     .scope = FactScope::session,
     .any_text = true},
    {.name = "ccert_fingerprint",
     .known = known_at_policy(Stage::helo),
     .meaning = "the fingerprint of the client's certificate",
     .scope = FactScope::session},
    {.name = "tls",
     .type = FactType::boolean,
     .known = known_at_doors(Stage::helo),
     .meaning = "whether the session is encrypted",
     .scope = FactScope::session},
};

class TlsSource final : public FactSource {
 public:
  explicit TlsSource(const FactReader& reader) : client_(reader.client()) {}

  FactValue get(const FactRef& fact) override {
    switch (place_of<Place>(fact)) {
      case Place::protocol: return text_value(client_.encryption_protocol);
      case Place::version: return version();
      case Place::keysize: return client_.encryption_keysize ? number_value(*client_.encryption_keysize) : FactValue();
      case Place::cipher: return text_value(client_.encryption_cipher);
      case Place::subject: return text_value(client_.ccert_subject);
      case Place::issuer: return text_value(client_.ccert_issuer);
      case Place::fingerprint: return text_value(client_.ccert_fingerprint);
      case Place::tls: return boolean_value(!client_.encryption_protocol.empty());
    }
    return {};
  }

 private:
  // From what the mail server says now: STARTTLS may come after a first HELO.
  FactValue version() {
    const auto known = TlsVersion::of_protocol(client_.encryption_protocol);
    if (!known) return {};
    version_ = known->to_string();
    FactValue value = text_value(version_);
    value.one.number = known->number();
    return value;
  }

  const Client& client_;
  std::string version_;
};

}  // namespace

extern const FactFamily tls_family{"tls", facts, "", make_source<TlsSource>};

}  // namespace mailweir
