#include "playing/json.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "wetprint/player.h"

namespace wetprint {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kMostValues = 1'000'000;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Json whole() {
    Json found = value(0);
    skip_space();
    if (at_ != text_.size()) fail("more after its end");
    return found;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw ModelError("the model's header is damaged: " + std::string(what) + " at byte " +
                     std::to_string(at_));
  }

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) fail((std::string("expected '") + wanted + "'").c_str());
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Json value(int depth) {
    if (depth > kDeepest) fail("nested too deeply");
    if (++values_ > kMostValues) fail("too many values");
    skip_space();
    if (at_ >= text_.size()) fail("expected a value");
    switch (text_[at_]) {
      case '{': return object(depth);
      case '[': return list(depth);
      case '"': return text_value();
      default: return word_or_number();
    }
  }

  Json object(int depth) {
    Json made;
    made.kind = Json::Kind::object;
    expect('{');
    if (take('}')) return made;
    do {
      skip_space();
      std::string key = string();
      expect(':');
      made.members.push_back({std::move(key), value(depth + 1)});
    } while (take(','));
    expect('}');
    refuse_twins(made);
    return made;
  }

  void refuse_twins(const Json& made) const {
    std::vector<std::string_view> keys;
    for (const auto& [key, unused] : made.members) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) fail("a key given twice");
  }

  Json list(int depth) {
    Json made;
    made.kind = Json::Kind::list;
    expect('[');
    if (take(']')) return made;
    do {
      made.list.push_back(value(depth + 1));
    } while (take(','));
    expect(']');
    return made;
  }

  Json text_value() {
    Json made;
    made.kind = Json::Kind::text;
    made.text = string();
    return made;
  }

  Json word_or_number() {
    Json made;
    if (take_word("null")) return made;
    made.kind = Json::Kind::boolean;
    if (take_word("false")) return made;
    made.boolean = true;
    if (take_word("true")) return made;
    return number();
  }

  std::size_t digits() {
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == first) fail("expected a digit");
    return at_ - first;
  }

  Json number() {
    const std::size_t first = at_;
    bool plain = true;
    if (text_[at_] == '-') ++at_;
    const std::size_t leading = at_;
    if (digits() > 1 && text_[leading] == '0') fail("a number that begins with 0");
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      digits();
      plain = false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      digits();
      plain = false;
    }
    const char* begin = text_.data() + first;
    const char* end = text_.data() + at_;
    Json made;
    made.kind = Json::Kind::number;
    const auto read = std::from_chars(begin, end, made.number);
    if (read.ec != std::errc() && read.ec != std::errc::result_out_of_range) fail("not a number");
    made.is_whole = plain && std::from_chars(begin, end, made.whole).ec == std::errc();
    return made;
  }

  unsigned four_hex_digits() {
    unsigned code = 0;
    if (text_.size() - at_ < 4) fail("a cut \\u");
    const char* begin = text_.data() + at_;
    const auto read = std::from_chars(begin, begin + 4, code, 16);
    if (read.ec != std::errc() || read.ptr != begin + 4) fail("a damaged \\u");
    at_ += 4;
    return code;
  }

  void escaped_code_point(std::string& made) {
    unsigned code = four_hex_digits();
    if (code >= 0xD800 && code < 0xDC00) {  // the first half of a surrogate pair
      if (!take_word("\\u")) fail("half a surrogate pair");
      const unsigned low = four_hex_digits();
      if (low < 0xDC00 || low > 0xDFFF) fail("half a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      fail("half a surrogate pair");
    }
    append_utf8(made, code);
  }

  static void append_utf8(std::string& made, unsigned code) {
    const auto byte = [&made](unsigned bits) { made += static_cast<char>(bits); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
      byte(0xC0 | (code >> 6));
    } else {
      if (code < 0x10000) {
        byte(0xE0 | (code >> 12));
      } else {
        byte(0xF0 | (code >> 18));
        byte(0x80 | ((code >> 12) & 0x3F));
      }
      byte(0x80 | ((code >> 6) & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
  }

  std::string string() {
    if (at_ >= text_.size() || text_[at_] != '"') fail("expected '\"'");
    ++at_;
    std::string made;
    while (true) {
      if (at_ >= text_.size()) fail("text without an end");
      const char next = text_[at_++];
      if (next == '"') return made;
      if (static_cast<unsigned char>(next) < 0x20) fail("a control sign within text");
      if (next == '\\') {
        escape(made);
      } else {
        made += next;
      }
    }
  }

  void escape(std::string& made) {
    if (at_ >= text_.size()) fail("text without an end");
    const char sign = text_[at_++];
    if (sign == 'u') return escaped_code_point(made);
    constexpr std::string_view written = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    const std::size_t which = written.find(sign);
    if (which == written.npos) fail("an unknown escape");
    made += meant[which];
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

Json parse_json(std::string_view text) { return Parser(text).whole(); }

}  // namespace wetprint
