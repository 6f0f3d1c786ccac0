// SPDX-License-Identifier: BSD-2-Clause
// A message's header and edits of it. The operations for the MTA turn what arrived into what leaves, at an MTA that
// counts removed fields and at one that does not; values of ours are safe; the bounds hold; what arrived stays
// readable.
#include <algorithm>

#include "base/text.h"
#include "mail/dkim_canon.h"
#include "mail/headers.h"
#include "target.h"

namespace mailweir {
namespace {

using fuzz::must;

struct Field {
  std::string name, value;
  bool gone = false;
};

// A header at an MTA, which does what a filter says.
class Mta {
 public:
  // `counts_removed`: a field that was removed still counts as an occurrence (Sendmail; Postfix forgets it).
  Mta(const HeaderList& headers, bool counts_removed) : counts_removed_(counts_removed) {
    for (std::size_t i = 0; i < headers.size(); ++i)
      fields_.push_back({std::string(headers[i].name), std::string(headers[i].value)});
  }
  void take(const HeaderOp& op) {
    switch (op.kind) {
      case HeaderOp::Kind::insert: fields_.insert(fields_.begin(), {op.name, op.value}); return;
      case HeaderOp::Kind::append: fields_.push_back({op.name, op.value}); return;
      case HeaderOp::Kind::change: find(op).value = op.value; return;
      case HeaderOp::Kind::remove: find(op).gone = true; return;
    }
  }
  std::string text() const {
    std::string all;
    for (const auto& field : fields_)
      if (!field.gone) all += field.name + ':' + field.value + '\0';
    return all;
  }

 private:
  Field& find(const HeaderOp& op) {
    std::size_t count = 0;
    for (auto& field : fields_) {
      const bool counts = equal_folded(field.name, op.name) && (counts_removed_ || !field.gone);
      if (counts && ++count == op.occurrence) return field;
    }
    must(false);
    std::abort();
  }

  bool counts_removed_;
  std::vector<Field> fields_;
};

void must_be_safe(std::string_view value, bool utf8) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    must(byte >= ' ' || byte == '\n' || (byte == '\t' && i > 0 && value[i - 1] == '\n'));
    must(byte != 0x7f && (utf8 || byte < 0x80));
    if (byte == '\n') must(i + 1 < value.size() && (value[i + 1] == ' ' || value[i + 1] == '\t'));
    line = byte == '\n' ? 0 : line + 1;
    must(line <= longest_header_line + 2);
  }
  must((!utf8 || is_utf8(value)) && !value.ends_with('\t') && (!value.ends_with(' ') || value == " "));
}

// One edit: "-pattern", "/pattern=value" (the first), "*pattern=value" (all), "^name:value" (on top), "+name:value".
void edit(HeaderList& headers, std::string_view line) {
  const auto rest = line.empty() ? line : line.substr(1);
  const auto mark = rest.find_first_of(":=");
  const auto name = rest.substr(0, mark), value = mark == rest.npos ? rest : rest.substr(mark + 1);
  switch (line.empty() ? '\0' : line.front()) {
    case '-': headers.remove(name, [](std::string_view old) { return old.size() % 3 != 0; }); break;
    case '/': headers.replace(name, value, HeaderList::Which::first); break;
    case '*': headers.replace(name, value, HeaderList::Which::all); break;
    case '^': headers.add(HeaderList::Place::top, name, value); break;
    case '+': headers.add(HeaderList::Place::end, name, value); break;
    default: break;
  }
}

void look_at(std::string_view arriving, std::string_view edits, HeaderTraits traits) {
  const HeaderLimits limits{.bytes = 4000, .fields = 30, .more_bytes = 1500, .more_fields = 5};
  HeaderList headers(traits, limits);
  std::string arrived;
  for (const auto line : split(arriving, '\0')) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon), value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (headers.receive(name, value)) arrived += std::string(name) + ':' + std::string(value) + '\0';
  }
  must(headers.size() <= limits.fields && headers.bytes() <= limits.bytes);
  must(!headers.edited() && headers.ops().empty());
  for (const auto line : split(edits, '\n')) edit(headers, line);
  must(headers.bytes() <= limits.bytes + limits.more_bytes + 64'000);  // a changed value may be changed again
  std::string still, leaves;
  const auto append = [](std::string& to, HeaderView field) {
    to += std::string(field.name) + ':' + std::string(field.value) + '\0';
  };
  for (std::size_t i = 0; i < headers.size(); ++i) append(still, headers[i]);
  must(still == arrived);
  for (const auto& field : headers.leaving()) append(leaves, field);
  for (const bool counts_removed : {false, true}) {
    Mta mta(headers, counts_removed);
    for (const auto& op : headers.ops()) {
      mta.take(op);
      if (op.kind == HeaderOp::Kind::remove) continue;
      must(!traits.leading_space || op.value.starts_with(' '));
      must_be_safe(op.value, traits.utf8);
    }
    must(mta.text() == leaves);
  }
  for (const auto& field : headers.leaving()) {
    std::string relaxed, again;
    append_canonical_header(relaxed, Canon::relaxed, field.name, field.value);
    must(relaxed.size() <= field.name.size() + field.value.size() + 3 && relaxed.ends_with("\r\n"));
    const auto colon = relaxed.find(':');
    const auto value = relaxed.substr(colon + 1, relaxed.size() - colon - 3);
    append_canonical_header(again, Canon::relaxed, relaxed.substr(0, colon), value);
    must(again == relaxed);
  }
}

}  // namespace

const std::size_t fuzz::changes = 30'000;

}  // namespace mailweir

// The header's fields end in NUL; behind an empty one stand the edits, a line each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  const auto end = text.find(std::string_view("\0\0", 2));
  const auto edits = end == text.npos ? std::string_view() : text.substr(end + 2);
  look_at(text.substr(0, end), edits, {.leading_space = size % 2 == 0, .utf8 = size % 3 == 0});
  return 0;
}
