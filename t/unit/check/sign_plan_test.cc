// SPDX-License-Identifier: BSD-2-Clause
// Which keys sign a message, in which order, and what becomes of it when there is none.
#include "check/sign_plan.h"

#include <map>

#include <doctest/doctest.h>

#include "../fixture/no_signer.h"
#include "base/text.h"

namespace mailweir {
namespace {

// A place that has what the test puts there.
struct Place final : KeySource {
  std::map<std::string, KeysFound> domains;
  std::string called = "dir:/keys";

  KeysFound find(const std::string& domain, Deadline) override { return domains[domain]; }
  const std::string& name() const override { return called; }
};

// "esp.example" -> "s1 s2": domains and their selectors.
struct Selectors final : Table {
  std::map<std::string, std::string, std::less<>> values;
  bool down = false;

  Found find(const IpAddress&) const override { return {}; }
  Found find(const Address&) const override { return {}; }
  Found find_word(std::string_view) const override { return {}; }
  Found find_domain(std::string_view domain) const override {
    if (down) return Found::outage();
    const auto found = values.find(domain);
    return found == values.end() ? Found() : Found(found->second);
  }
  std::size_t size() const override { return values.size(); }
  void each(const std::function<void(std::string_view, std::string_view)>&) const override {}
};

DkimKeyPtr key(const std::string& domain, const std::string& selector) {
  return std::make_shared<const DkimKey>(DkimKey{domain, selector, std::make_shared<NoSigner>(), false});
}

SigningKeys keys_of_test() {
  auto place = std::make_shared<Place>();
  for (const std::string domain : {"a.example", "b.example", "esp.example", "mail.a.example"})
    place->domains[domain].keys = {key(domain, "r"), key(domain, "e")};
  place->domains["esp.example"].keys.pop_back();
  place->domains["torn.example"].troubles = {"torn.example/s.pem: holds no private key"};
  place->domains["slow.example"].unreachable = true;
  return SigningKeys(KeyRing(), place);
}

std::string told(const SignPlan& plan) {
  std::string text;
  for (const auto& one : plan.found.keys) text += one->selector + '/' + one->domain + ' ';
  if (!plan.without.empty()) text += "without";
  for (const auto& domain : plan.without) text += ' ' + domain;
  if (!plan.why.empty()) text += " (" + plan.why + ')';
  if (plan.by_provider) text += " by the provider";
  constexpr const char* words[] = {"", " -> defer", " -> reject"};
  return text + words[static_cast<std::size_t>(plan.refusal)];
}

const Deadline soon = Deadline::in(std::chrono::seconds(5));

TEST_CASE("sign plan: the author's keys first, then the provider's, and what without_key says") {
  struct Row {
    std::vector<std::string> authors;
    SignWish wish;
    OtherSigners others;
    const char* want;
  };
  const SignWish author{true, {}}, named{false, {"esp.example"}}, nowhere{false, {"no.example"}};
  const OtherSigners plain, provider{WithoutKey::provider, "esp.example", {}}, defer{WithoutKey::defer, "", {}},
      reject{WithoutKey::reject, "", {}}, also{WithoutKey::go_on, "", {"esp.example"}},
      both{WithoutKey::provider, "esp.example", {"esp.example", "b.example"}};
  const Row rows[] = {
      {{"a.example"}, author, plain, "r/a.example e/a.example "},
      {{"a.example"}, author, reject, "r/a.example e/a.example "},
      {{"a.example"}, author, provider, "r/a.example e/a.example "},
      {{"a.example"}, author, also, "r/a.example e/a.example r/esp.example "},
      {{"a.example"}, {true, {"esp.example"}}, also, "r/a.example e/a.example r/esp.example "},
      {{"a.example"}, named, plain, "r/esp.example "},
      {{"esp.example"}, author, both, "r/esp.example r/b.example e/b.example "},
      {{"a.example", "no.example"}, author, reject, "r/a.example e/a.example without no.example"},
      {{"no.example"}, author, plain, "without no.example (no key)"},
      {{"no.example"}, author, also, "r/esp.example without no.example (no key)"},
      {{"no.example"}, author, provider, "r/esp.example without no.example (no key) by the provider"},
      {{"no.example"},
       author,
       both,
       "r/esp.example r/b.example e/b.example without no.example (no key) by the provider"},
      {{"no.example"}, author, {WithoutKey::provider, "none.example", {}}, "without no.example none.example (no key)"},
      {{"no.example"}, author, defer, "without no.example (no key) -> defer"},
      {{"no.example"}, author, reject, "without no.example (no key) -> reject"},
      {{"a.example"}, nowhere, reject, "without no.example (no key) -> reject"},
      {{}, author, reject, " (no key) -> reject"},
      // What is ours to mend is no reason to refuse mail for good.
      {{"torn.example"}, author, plain, "without torn.example (its key cannot be used)"},
      {{"torn.example"}, author, reject, "without torn.example (its key cannot be used) -> defer"},
      {{"slow.example"}, author, reject, "without slow.example (the keys cannot be read) -> defer"},
      {{"slow.example"}, author, plain, "without slow.example (the keys cannot be read)"},
      {{"slow.example"}, author, defer, "without slow.example (the keys cannot be read) -> defer"},
      {{"slow.example"},
       author,
       provider,
       "r/esp.example without slow.example (the keys cannot be read) by the provider"},
      {{"no.example", "slow.example"},
       author,
       reject,
       "without no.example slow.example (the keys cannot be read) -> defer"},
      {{"slow.example", "a.example"}, author, reject, "r/a.example e/a.example without slow.example"},
  };
  const SigningKeys keys = keys_of_test();
  for (const auto& row : rows) {
    CAPTURE(row.want);
    CHECK(told(plan_signatures(row.wish, row.authors, keys, row.others, soon)) == row.want);
  }
}

TEST_CASE("sign plan: a rule chooses the domain and the selector") {
  const auto selectors = std::make_shared<Selectors>();
  selectors->values = {{"a.example", "E"}, {"b.example", "r, e"}, {"esp.example", "gone"}};
  const auto broken = std::make_shared<Selectors>();
  broken->down = true;
  struct Row {
    std::vector<std::string> authors;
    SignChoice choice;
    const char* want;
  };
  const SignChoice author{true, "", false, {}, nullptr};
  const auto with = [](std::vector<std::string> select) {
    return SignChoice{true, "", false, std::move(select), nullptr};
  };
  const auto by = [](const TablePtr& table) { return SignChoice{true, "", false, {}, table}; };
  const auto of = [](const char* domain, bool named) { return SignChoice{false, domain, named, {}, nullptr}; };
  const Row rows[] = {
      {{"a.example", "b.example"}, author, "r/a.example e/a.example r/b.example e/b.example "},
      {{"a.example"}, with({"e"}), "e/a.example "},
      {{"a.example"}, with({"x", "y"}), "without a.example (no key x._domainkey.a.example)"},
      {{"a.example"}, by(selectors), "e/a.example "},
      {{"a.example", "b.example"}, by(selectors), "e/a.example r/b.example e/b.example "},
      {{"mail.a.example"}, by(selectors), "r/mail.a.example e/mail.a.example "},
      {{"esp.example"}, by(selectors), "without esp.example (no key gone._domainkey.esp.example)"},
      {{"a.example"}, by(broken), "without a.example (the keys cannot be read)"},
      // A domain that mail brings along must be aligned with From; one of the policy file need not.
      {{"a.example"}, of("A.example", false), "r/a.example e/a.example "},
      {{"mail.a.example"}, of("a.example", false), "r/a.example e/a.example "},
      {{"a.example"}, of("mail.a.example", false), "r/mail.a.example e/mail.a.example "},
      {{"b.example"}, of("a.example", false), " (a.example is not aligned with From)"},
      {{}, of("a.example", false), " (a.example is not aligned with From)"},
      {{"b.example"}, of("a.example", true), "r/a.example e/a.example "},
      {{"a.example"}, of("", false), " (the rule names no domain)"},
      {{"a.example"}, of("a.example, b.example", false), " (a.example, b.example is not a domain)"},
      {{"b.example"}, of("no.example", true), "without no.example (no key)"},
  };
  const SigningKeys keys = keys_of_test();
  for (const auto& row : rows) {
    CAPTURE(row.want);
    CHECK(told(plan_signatures({false, {}, {row.choice}}, row.authors, keys, {}, soon)) == row.want);
  }
}

TEST_CASE("sign plan: which domains are aligned") {
  struct Row {
    const char *domain, *author;
    bool want;
  };
  const Row rows[] = {
      {"a.example", "a.example", true},  {"a.example", "x.a.example", true}, {"x.a.example", "a.example", true},
      {"a.example", "b.example", false}, {"a.example", "ba.example", false}, {"x.a.example", "y.a.example", false},
      {"example", "a.example", false},   {"a.example", "example", false},    {"", "a.example", false},
      {"a.example", "", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.domain);
    CAPTURE(row.author);
    CHECK(is_aligned(row.domain, row.author) == row.want);
  }
}

}  // namespace
}  // namespace mailweir
