// A small strict JSON reader for headers that come from strangers (RFC 8259). Depth, size and the
// number of values are bounded; a key given twice is refused; numbers keep whether they are whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wetprint {

struct JsonMember;

struct Json {
  enum class Kind { null, boolean, number, text, list, object };

  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0.0;
  bool is_whole = false;   // a number written without fraction or exponent that fits `whole`
  std::int64_t whole = 0;
  std::string text;
  std::vector<Json> list;
  std::vector<JsonMember> members;

  // The member of an object by its key, or null.
  const Json* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  Json value;
};

// Throws ModelError with what is wrong and where.
Json parse_json(std::string_view text);

}  // namespace wetprint
