#include "playing/settings.h"

#include "wetprint/player.h"

namespace wetprint::playing {

Settings::Settings(const Json& object, std::string of) : object_(object), of_(std::move(of)) {
  if (object.kind != Json::Kind::object) refuse("its settings are no object");
}

void Settings::refuse(const std::string& why) const {
  throw ModelError("the model cannot be built: " + of_ + ": " + why);
}

const Json* Settings::take(const char* key) {
  known_.insert(key);
  return object_.find(key);
}

int Settings::checked(const Json& value, const char* key, Range range) const {
  if (!value.is_whole || value.whole < range.least || value.whole > range.most) {
    refuse(std::string(key) + " must be a whole number from " + std::to_string(range.least) +
           " to " + std::to_string(range.most));
  }
  return static_cast<int>(value.whole);
}

int Settings::number(const char* key, Range range) {
  const Json* value = take(key);
  if (!value) refuse(std::string(key) + " is absent");
  return checked(*value, key, range);
}

int Settings::number(const char* key, Range range, int otherwise) {
  const Json* value = take(key);
  return value ? checked(*value, key, range) : otherwise;
}

double Settings::real(const char* key, double least, double most, double otherwise) {
  const Json* value = take(key);
  if (!value) return otherwise;
  // written so that what is no number is refused as well
  if (value->kind != Json::Kind::number || !(value->number >= least && value->number <= most)) {
    refuse(std::string(key) + " is no number, or out of range");
  }
  return value->number;
}

const std::vector<Json>& Settings::list(const char* key, Range count) {
  const Json* value = take(key);
  if (!value || value->kind != Json::Kind::list) refuse(std::string(key) + " must be a list");
  const auto length = static_cast<std::int64_t>(value->list.size());
  if (length < count.least || length > count.most) {
    refuse(std::string(key) + " has " + std::to_string(length) + " entries");
  }
  return value->list;
}

const Json& Settings::value(const char* key) {
  const Json* value = take(key);
  if (!value) refuse(std::string(key) + " is absent");
  return *value;
}

std::vector<int> Settings::numbers(const char* key, Range count, Range each) {
  std::vector<int> found;
  for (const Json& value : list(key, count)) found.push_back(checked(value, key, each));
  return found;
}

bool Settings::flag(const char* key, bool otherwise) {
  const Json* value = take(key);
  if (!value) return otherwise;
  if (value->kind != Json::Kind::boolean) refuse(std::string(key) + " must be true or false");
  return value->boolean;
}

int Settings::word(const char* key, const std::vector<std::string>& allowed, int otherwise) {
  const Json* value = take(key);
  if (!value) return otherwise;
  for (std::size_t index = 0; index < allowed.size(); ++index) {
    if (value->kind == Json::Kind::text && value->text == allowed[index]) {
      return static_cast<int>(index);
    }
  }
  refuse(std::string(key) + " is none of those that this player knows");
}

void Settings::finish() const {
  for (const auto& [key, unused] : object_.members) {
    if (!known_.count(key)) refuse("there is no setting '" + key.substr(0, 100) + "'");
  }
}

}  // namespace wetprint::playing
