// Reads a block's settings from the header; each has a range, and none may be left unread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "playing/json.h"

namespace wetprint::playing {

// A minute at the highest usual rate: no effect remembers longer, and no file may claim to.
constexpr std::int64_t kLongestMemory = 60 * 192'000;

struct Range {
  std::int64_t least, most;
};

class Settings {
 public:
  // `of` is what messages call the thing that is set, such as "block 'fir'".
  Settings(const Json& object, std::string of);

  // Each throws ModelError where a value is absent without default, of another type, or out of
  // range.
  int number(const char* key, Range range);
  int number(const char* key, Range range, int otherwise);
  std::vector<int> numbers(const char* key, Range count, Range each);
  bool flag(const char* key, bool otherwise);
  // Returns which of `allowed` it is.
  int word(const char* key, const std::vector<std::string>& allowed, int otherwise);
  double real(const char* key, double least, double most, double otherwise);
  const std::vector<Json>& list(const char* key, Range count);
  // Whatever it is; who asks for it checks it.
  const Json& value(const char* key);

  // Refuses settings that nobody asked for.
  void finish() const;
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  const Json* take(const char* key);
  int checked(const Json& value, const char* key, Range range) const;

  const Json& object_;
  std::string of_;
  std::set<std::string> known_;
};

}  // namespace wetprint::playing
