// The JSON reader takes what RFC 8259 allows, within bounds, and nothing else.
#include <string>

#include "check.h"
#include "playing/json.h"
#include "wetprint/player.h"

using wetprint::Json;
using wetprint::parse_json;

namespace {

bool is_refused(const std::string& text) {
  try {
    parse_json(text);
  } catch (const wetprint::ModelError&) {
    return true;
  }
  return false;
}

void takes_values() {
  const Json found = parse_json(R"( {"a": [1, -2.5e1, true, null], "b": {"c": "x\n\u00e9\ud83d\ude00"}} )");
  CHECK(found.kind == Json::Kind::object && found.members.size() == 2);
  const Json& list = *found.find("a");
  CHECK(list.list.size() == 4 && list.list[0].is_whole && list.list[0].whole == 1);
  CHECK(list.list[1].number == -25.0 && !list.list[1].is_whole);
  CHECK(list.list[2].boolean && list.list[3].kind == Json::Kind::null);
  CHECK(found.find("b")->find("c")->text == "x\n\xc3\xa9\xf0\x9f\x98\x80");
  CHECK(found.find("d") == nullptr);
  CHECK(parse_json("9223372036854775807").is_whole);
  CHECK(!parse_json("9223372036854775808").is_whole);
  CHECK(!is_refused("1e999"));
}

void refuses_all_else() {
  for (const char* text :
       {"", " ", "{", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "{\"a\":1,\"a\":2}", "01", "-", "+1", "1.", ".5", "1e", "1e+", "nul", "True", "NaN",
        "Infinity", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "1 2", "[1]]", "'a'", "//"}) {
    if (!is_refused(text)) std::fprintf(stderr, "taken: %s\n", text);
    CHECK(is_refused(text));
  }
  CHECK(is_refused(std::string(100'000, '[')));
  std::string many = "[0";
  for (int value = 0; value < 1'000'001; ++value) many += ",0";
  CHECK(is_refused(many + "]"));
}

}  // namespace

int main() {
  takes_values();
  refuses_all_else();
  return failures != 0;
}
