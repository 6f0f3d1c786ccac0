// SPDX-License-Identifier: BSD-2-Clause
#include "libmilter_door/context.h"

#include <array>
#include <utility>

#include <sys/types.h>

#include <libmilter/mfapi.h>

namespace mailweir {
namespace {

// libmilter takes pointers to char that it does not write to.
char* c(const std::string& text) { return const_cast<char*>(text.c_str()); }

// libmilter takes the text as a format: each % stands twice.
std::string doubled(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    if (byte == '%') result += '%';
    result += byte;
  }
  return result;
}

template <std::size_t... I>
void set_lines(SMFICTX* context, char* code, char* enhanced, const std::array<char*, 32>& lines,
               std::index_sequence<I...>) {
  smfi_setmlreply(context, code, enhanced, lines[I]..., static_cast<char*>(nullptr));
}

void set_reply(SMFICTX* context, const Reply& reply, bool utf8) {
  auto texts = reply.lines(utf8);
  std::array<char*, 32> lines{};
  for (std::size_t i = 0; i < texts.size() && i < lines.size(); ++i) {
    texts[i] = doubled(texts[i]);
    lines[i] = texts[i].data();
  }
  auto* enhanced = reply.enhanced.empty() ? nullptr : c(reply.enhanced);
  if (texts.size() > 1) set_lines(context, c(reply.code), enhanced, lines, std::make_index_sequence<32>());
  else smfi_setreply(context, c(reply.code), enhanced, lines[0]);
}

constexpr char crossed_out = '\x01';  // no address begins with it

}  // namespace

std::optional<std::string_view> ContextMacros::get(const char* name) const {
  // A name of one letter is kept by libmilter without braces, and found either way.
  char* value = smfi_getsymval(context_, const_cast<char*>(name));
  if (value == nullptr) return {};
  if (*value == crossed_out) return {};
  return value;
}

ContextMacros::~ContextMacros() {
  for (const char* name : {"{mail_addr}", "{mail_mailer}", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"})
    if (char* value = smfi_getsymval(context_, const_cast<char*>(name)); value != nullptr) *value = crossed_out;
}

bool ContextEditor::add_header(const std::string& name, const std::string& value) {
  return smfi_addheader(context_, c(name), c(value)) == MI_SUCCESS;
}
bool ContextEditor::insert_header(int index, const std::string& name, const std::string& value) {
  return smfi_insheader(context_, index, c(name), c(value)) == MI_SUCCESS;
}
bool ContextEditor::change_header(const std::string& name, int occurrence, const std::optional<std::string>& value) {
  return smfi_chgheader(context_, c(name), occurrence, value ? c(*value) : nullptr) == MI_SUCCESS;
}
bool ContextEditor::add_recipient(const std::string& address) {
  return smfi_addrcpt(context_, c(address)) == MI_SUCCESS;
}
bool ContextEditor::add_recipient_with(const std::string& address, const std::string& parameters) {
  return smfi_addrcpt_par(context_, c(address), c(parameters)) == MI_SUCCESS;
}
bool ContextEditor::delete_recipient(const std::string& address) {
  return smfi_delrcpt(context_, c(address)) == MI_SUCCESS;
}
bool ContextEditor::quarantine(const std::string& reason) { return smfi_quarantine(context_, c(reason)) == MI_SUCCESS; }
void ContextEditor::progress() { smfi_progress(context_); }

int to_status(SMFICTX* context, const MilterAnswer& answer) {
  if (answer.reply && answer.kind != MilterAnswer::Kind::go_on) set_reply(context, *answer.reply, answer.utf8);
  switch (answer.kind) {
    case MilterAnswer::Kind::go_on: return SMFIS_CONTINUE;
    case MilterAnswer::Kind::reject: return SMFIS_REJECT;
    case MilterAnswer::Kind::tempfail: return SMFIS_TEMPFAIL;
    case MilterAnswer::Kind::discard: return SMFIS_DISCARD;
  }
  return SMFIS_CONTINUE;
}

}  // namespace mailweir
