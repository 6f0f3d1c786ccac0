// SPDX-License-Identifier: BSD-2-Clause
// HeaderList: a message's header fields as the MTA gave them, the edits made to them, and the list as it will leave.
//
// Owned by one thread at a time. Memory is bounded by HeaderLimits: beyond it `receive` returns false and the caller
// decides. What arrived stays readable after edits, so that conditions judge the message as it came.
// Limit: Postfix drops blanks between a name and its colon before we see them, and hides its own Received field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mailweir {

struct HeaderLimits {
  std::size_t bytes = 1 << 20;  // names and values; each field counts 100 more, its own cost here
  std::size_t fields = 5000;
  // For edits beyond these, so that a message that just fits can still be signed.
  std::size_t more_bytes = 64 * 1024, more_fields = 100;
};

// What the session and the message allow.
struct HeaderTraits {
  bool leading_space = true;  // SMFIP_HDR_LEADSPC: values hold the blank after the colon, and must when they go back
  bool utf8 = false;          // SMTPUTF8 (RFC 6532): values of ours may hold UTF-8
};

struct HeaderField {
  std::string name;
  std::string value;  // byte for byte as received: folds as LF and blank; the leading blank as HeaderTraits says
};

struct HeaderView {
  std::string_view name, value;
};

// One operation for the MTA. In the order given they turn the header as it arrived into the header as it leaves: values
// change and go from the last occurrence to the first (deleting forward removes the wrong ones in some MTAs and not in
// others), and only then come new fields.
struct HeaderOp {
  enum class Kind {
    change,  // smfi_chgheader(name, occurrence, value)
    remove,  // smfi_chgheader(name, occurrence, NULL)
    insert,  // smfi_insheader(0, name, value): on top of all, above the MTA's own Received field too
    append,  // smfi_addheader(name, value)
  };
  Kind kind;
  std::string name;
  std::size_t occurrence = 0;  // change, remove: counted from 1 among the fields of this name
  std::string value;           // with a leading blank if HeaderTraits says so; LF only before a blank or tab
  bool operator==(const HeaderOp&) const = default;
};

class HeaderList {
 public:
  enum class Place { top, end };
  enum class Which { first, all };

  explicit HeaderList(HeaderTraits traits = {}, HeaderLimits limits = {}) : traits_(traits), limits_(limits) {}

  // The next field from the MTA. False, and not kept: over a limit.
  bool receive(std::string_view name, std::string_view value);

  const HeaderTraits& traits() const { return traits_; }
  std::size_t bytes() const { return bytes_; }  // of what is kept, edits included, each field's own cost counted in

  // --- as it arrived -------------------------------------------------------------------------------------------------
  std::size_t size() const { return arrived_.size(); }
  HeaderView operator[](std::size_t i) const { return {arrived_[i].field.name, arrived_[i].field.value}; }
  // All values of a name (no wildcards), unfolded, in order.
  std::vector<std::string> values(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  std::size_t hops() const { return count("Received"); }

  // --- edits, each upon those before it ------------------------------------------------------------------------------
  // A pattern is a name or has '*' and '?'; case does not matter. `wanted` is asked with the unfolded value.
  // Both return how many fields they removed or changed.
  template <typename Wanted>
  std::size_t remove(std::string_view pattern, Wanted wanted);
  std::size_t remove(std::string_view pattern) {
    return remove(pattern, [](std::string_view) { return true; });
  }
  template <typename Wanted>
  std::size_t replace(std::string_view pattern, std::string_view value, Which which, Wanted wanted);
  std::size_t replace(std::string_view pattern, std::string_view value, Which which) {
    return replace(pattern, value, which, [](std::string_view) { return true; });
  }
  // Gives each field that leaves the value that `anew` returns, if any, of (name, value): as they are, with their folds
  // and leading blank. It must be as safe as the old one was: LF only before a blank or tab. False: a limit is reached.
  template <typename Anew>
  [[nodiscard]] bool rewrite(Anew anew);
  // False when the name is no field name or a limit is reached. Values are made safe (safe_header_value).
  bool add(Place place, std::string_view name, std::string_view value);

  // --- as it leaves --------------------------------------------------------------------------------------------------
  bool edited() const;
  // Good until the next change of this list.
  std::vector<HeaderView> leaving() const;
  // take(HeaderView) for each of them, in order.
  template <typename Take>
  void each_leaving(Take take) const;
  std::vector<HeaderOp> ops() const;

 private:
  static constexpr std::uint32_t unchanged = 0xffffffff, gone = 0xfffffffe;
  struct Arrived {
    HeaderField field;
    std::uint32_t edit = unchanged;  // or gone, or an index into changed_
  };

  std::string_view value_of(const Arrived& arrived) const {
    return arrived.edit == unchanged ? std::string_view(arrived.field.value) : changed_[arrived.edit];
  }
  bool room_for(std::size_t size, bool edit) const;
  std::string outgoing(std::string_view value) const;
  bool change(Arrived& arrived, const std::string& value);
  std::vector<std::uint32_t> occurrences_of_names() const;

  HeaderTraits traits_;
  HeaderLimits limits_;
  std::size_t bytes_ = 0;
  std::vector<Arrived> arrived_;
  std::vector<std::string> changed_;
  std::vector<HeaderField> top_;  // the last one added stands first in the message
  std::vector<HeaderField> end_;
};

// A value on one line: line ends removed, blanks at both ends too.
std::string unfolded(std::string_view value);

// A value that is safe to hand to an MTA: LF only as a fold (before a blank or tab, and no line of blanks only), other
// line ends become a blank, NUL and control bytes '?', and so does what is not ASCII, unless it is UTF-8 and `utf8`. No
// leading or trailing blanks. No line is longer than `longest_header_line`: the rest of it is cut off (RFC 5322 2.1.1
// has 998 with the name).
inline constexpr std::size_t longest_header_line = 900;
std::string safe_header_value(std::string_view value, bool utf8);

// RFC 5322 3.6.8: printable ASCII without colon and blank, at most 76 octets here.
bool is_header_name(std::string_view name);
// Whether a field name fits a pattern as in `remove`.
bool header_name_matches(std::string_view pattern, std::string_view name);

// --- templates -------------------------------------------------------------------------------------------------------

template <typename Take>
void HeaderList::each_leaving(Take take) const {
  for (auto field = top_.rbegin(); field != top_.rend(); ++field) take(HeaderView{field->name, field->value});
  for (const auto& arrived : arrived_)
    if (arrived.edit != gone) take(HeaderView{arrived.field.name, value_of(arrived)});
  for (const auto& field : end_) take(HeaderView{field.name, field.value});
}

template <typename Wanted>
std::size_t HeaderList::remove(std::string_view pattern, Wanted wanted) {
  std::size_t removed = 0;
  for (auto& arrived : arrived_) {
    if (arrived.edit == gone || !header_name_matches(pattern, arrived.field.name)) continue;
    if (!wanted(std::string_view(unfolded(value_of(arrived))))) continue;
    arrived.edit = gone;
    ++removed;
  }
  for (auto* added : {&top_, &end_})
    removed += std::erase_if(*added, [&](const HeaderField& field) {
      return header_name_matches(pattern, field.name) && wanted(std::string_view(unfolded(field.value)));
    });
  return removed;
}

template <typename Anew>
bool HeaderList::rewrite(Anew anew) {
  for (auto& arrived : arrived_) {
    if (arrived.edit == gone) continue;
    if (const std::optional<std::string> value = anew(std::string_view(arrived.field.name), value_of(arrived)))
      if (!change(arrived, *value)) return false;
  }
  for (auto* added : {&top_, &end_})
    for (auto& field : *added)
      if (std::optional<std::string> value = anew(std::string_view(field.name), std::string_view(field.value)))
        field.value = std::move(*value);
  return true;
}

template <typename Wanted>
std::size_t HeaderList::replace(std::string_view pattern, std::string_view value, Which which, Wanted wanted) {
  const std::string safe = outgoing(value);
  std::size_t replaced = 0;
  const auto replaces = [&](std::string_view name, std::string_view old) {
    return (which == Which::all || replaced == 0) && header_name_matches(pattern, name) &&
           wanted(std::string_view(unfolded(old)));
  };
  for (auto field = top_.rbegin(); field != top_.rend(); ++field) {
    if (!replaces(field->name, field->value)) continue;
    field->value = safe;
    ++replaced;
  }
  for (auto& arrived : arrived_)
    if (arrived.edit != gone && replaces(arrived.field.name, value_of(arrived)) && change(arrived, safe)) ++replaced;
  for (auto& field : end_) {
    if (!replaces(field.name, field.value)) continue;
    field.value = safe;
    ++replaced;
  }
  return replaced;
}

}  // namespace mailweir
