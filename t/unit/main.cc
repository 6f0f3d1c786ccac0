// SPDX-License-Identifier: BSD-2-Clause
// The main of every doctest program. It speaks TAP, one point for each test case; what failed stands before the point,
// in doctest's own words. All doctest options work (-tc="ip*", -ltc, --no-run).
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>
#include <string>
#include <utility>

#include "fixture/skip.h"

namespace {

std::string skip_reason;

std::string on_one_line(std::string text) {
  for (auto& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
    if (c == '#') c = '.';  // it would begin a TAP directive
  }
  return text;
}

class TapReporter final : public doctest::IReporter {
 public:
  explicit TapReporter(const doctest::ContextOptions& options) : out_(*options.cout) {}

  void test_case_start(const doctest::TestCaseData& data) override {
    test_ = &data;
    skip_reason.clear();
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    out_ << (stats.testCaseSuccess ? "ok " : "not ok ") << ++number_ << " - " << on_one_line(test_->m_name);
    if (!skip_reason.empty()) out_ << " # SKIP " << on_one_line(skip_reason);
    out_ << std::endl;
  }
  void test_run_end(const doctest::TestRunStats&) override { out_ << "1.." << number_ << std::endl; }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  std::ostream& out_;
  const doctest::TestCaseData* test_ = nullptr;
  int number_ = 0;
};

REGISTER_REPORTER("tap", 1, TapReporter);

}  // namespace

void mailweir::skip_test(std::string reason) { skip_reason = std::move(reason); }

[[gnu::weak]] std::string mailweir::cannot_run() { return {}; }

int main(int argc, char** argv) {
  if (const auto reason = mailweir::cannot_run(); !reason.empty()) {
    std::cout << "1..0 # SKIP " << on_one_line(reason) << std::endl;
    return 77;
  }
  doctest::Context context;
  context.setOption("reporters", "console,tap");
  context.setOption("minimal", true);
  context.setOption("no-intro", true);
  context.applyCommandLine(argc, argv);
  return context.run();
}
