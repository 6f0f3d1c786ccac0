// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/sendmail_header.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t widest_line = 72;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The items between the commas of an address field, and whether Sendmail would write them otherwise.
class Items {
 public:
  // False: beyond this.
  bool read(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (static_cast<unsigned char>(c) >= 0x80) return false;
      const bool outside = !quoted_ && comments_ == 0;
      if (c == '\\' && !outside) {
        item_ += c;
        if (++i < text.size()) item_ += text[i];
      } else if (c == '"' && comments_ == 0) {
        quoted_ = !quoted_;
        item_ += c;
      } else if (!outside) {
        if (!quoted_) comments_ += c == '(' ? 1 : c == ')' ? -1 : 0;
        item_ += c;
      } else if (!plain(c)) {
        return false;
      } else if (c == ',' && !in_angle_) {
        differs_ = differs_ || i + 1 == text.size() || !is_blank(text[i + 1]);
        end_item();
      }
    }
    if (quoted_ || in_angle_ || comments_ != 0) return false;
    end_item();
    return true;
  }

  bool differs() const { return differs_ && !items_.empty(); }

  std::string joined() const {
    std::string text;
    std::size_t column = 0;
    for (const auto& item : items_) {
      if (!text.empty()) {
        const bool fold = column + item.size() > widest_line;
        text += fold ? ",\n\t" : ", ";
        column = fold ? 0 : column;
      }
      text += item;
      column += item.size() + 2;
    }
    return text;
  }

 private:
  // One character that stands in no quotes and no comment.
  bool plain(char c) {
    if (c == ';' || c == ')' || (c == ':' && !in_angle_) || (c == '<' && in_angle_) || (c == '>' && !in_angle_)) return false;
    if (c == ',' && !in_angle_) return true;
    if (is_blank(c) && item_.ends_with('<') && in_angle_) {
      differs_ = true;
      return true;
    }
    if (c == '>')
      for (; is_blank(item_.back()); item_.pop_back()) differs_ = true;
    in_angle_ = c == '<' || (in_angle_ && c != '>');
    if (c == '(') ++comments_;
    item_ += c;
    return true;
  }

  void end_item() {
    const auto item = trimmed(item_);
    differs_ = differs_ || item.empty() || is_blank(item_.back());
    if (!item.empty()) items_.emplace_back(item);
    item_.clear();
  }

  std::vector<std::string> items_;
  std::string item_;
  int comments_ = 0;
  bool quoted_ = false, in_angle_ = false, differs_ = false;
};

}  // namespace

std::optional<std::string> as_sendmail_writes(std::string_view addresses) {
  const std::string line = unfolded(addresses);
  Items items;
  if (!items.read(line) || !items.differs()) return {};
  return items.joined();
}

std::string mail_date(WallTime when) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t whole = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(when));
  std::tm utc{};
  gmtime_r(&whole, &utc);
  char rest[32] = "";
  std::strftime(rest, sizeof rest, "%Y %H:%M:%S +0000", &utc);
  return std::string(days[static_cast<std::size_t>(utc.tm_wday)]) + ", " + std::to_string(utc.tm_mday) + ' ' +
         months[static_cast<std::size_t>(utc.tm_mon)] + ' ' + rest;
}

void settle_for_sendmail(HeaderList& headers, WallTime now, std::string_view id, std::string_view host) {
  constexpr std::array<std::string_view, 9> address_fields{"From", "Sender", "Reply-To", "To", "Cc", "Resent-From",
                                                          "Resent-Sender", "Resent-To", "Resent-Cc"};
  bool has_date = false, has_id = false;
  for (const auto& field : headers.leaving()) {
    has_date = has_date || equal_folded(field.name, "Date");
    has_id = has_id || equal_folded(field.name, "Message-ID");
  }
  // One pass: there may be thousands of them.
  headers.rewrite([&](std::string_view name, std::string_view value) -> std::optional<std::string> {
    const bool addresses = std::any_of(address_fields.begin(), address_fields.end(),
                                       [&](std::string_view one) { return equal_folded(one, name); });
    return addresses ? as_sendmail_writes(value) : std::nullopt;
  });
  if (!has_date) headers.add(HeaderList::Place::end, "Date", mail_date(now));
  if (!has_id) headers.add(HeaderList::Place::end, "Message-ID", '<' + std::string(id) + '@' + std::string(host) + '>');
}

}  // namespace mailweir
