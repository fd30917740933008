// Loading a model from a stranger is safe: what is damaged is refused with a sentence, and whatever
// is not refused plays without doing harm.
#include <cmath>
#include <cstdlib>
#include <string>

#include "check.h"
#include "models.h"
#include "wetprint/player.h"

namespace {

constexpr int kRounds = 400;  // of mutations, for each example

// Returns the refusal, or nothing where the model was taken, after playing it.
std::string refusal(const unsigned char* data, std::size_t size) {
  try {
    wetprint::Player player = wetprint::Player::from_memory(data, size);
    float audio[2][100] = {{1.0f, -0.5f}, {0.25f}};
    float* rows[] = {audio[0], audio[1]};
    player.process(rows, rows, 100);
    return "";
  } catch (const wetprint::ModelError& error) {
    return error.what();
  }
}

std::string refusal(const Bytes& bytes) { return refusal(bytes.data(), bytes.size()); }

bool mentions(const std::string& text, const char* part) {
  const bool found = text.find(part) != text.npos;
  if (!found) std::fprintf(stderr, "'%s' does not mention '%s'\n", text.c_str(), part);
  return found;
}

void examples_are_taken() {
  for (const Example& example : example_models()) {
    const std::string why = refusal(example.model.bytes());
    if (!why.empty()) std::fprintf(stderr, "%s: %s\n", example.name.c_str(), why.c_str());
    CHECK(why.empty());
  }
}

void every_truncation_is_refused() {
  for (const Example& example : example_models()) {
    const Bytes whole = example.model.bytes();
    const std::size_t step = whole.size() > 4000 ? 37 : 1;
    for (std::size_t size = 0; size < whole.size(); size += step) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(!refusal(cut).empty());
    }
    Bytes longer = whole;
    longer.push_back(0);
    CHECK(!refusal(longer).empty());
  }
}

// Changes bytes, mostly in the header, and sometimes moves some.
void mutations_do_no_harm() {
  std::mt19937 random(5);
  const auto below = [&random](std::size_t limit) { return random() % limit; };
  int refused = 0, taken = 0;
  for (const Example& example : example_models()) {
    const Bytes whole = example.model.bytes();
    std::uint64_t header = 0;
    std::memcpy(&header, whole.data(), sizeof header);
    for (int round = 0; round < kRounds; ++round) {
      Bytes changed = whole;
      const std::size_t reach = round % 4 ? 8 + static_cast<std::size_t>(header) : whole.size();
      for (std::size_t times = 1 + below(4); times > 0; --times) {
        const std::size_t at = below(reach);
        switch (below(4)) {
          case 0: changed[at] = static_cast<unsigned char>(below(256)); break;
          case 1: changed[at] = static_cast<unsigned char>('0' + below(10)); break;
          case 2: changed[at] ^= static_cast<unsigned char>(1u << below(8)); break;
          default: changed[at] = changed[below(reach)];
        }
      }
      (refusal(changed).empty() ? taken : refused) += 1;
    }
  }
  CHECK(refused > 1000 && taken > 100);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  if (at == text.npos) std::abort();
  return text.replace(at, what.size(), by);
}

void hostile_headers_are_refused() {
  ModelWriter model(1, 2);
  add_dilated(model, 2, 1, 1, "tanh", "last", false);
  add_fir(model, 60, 1, 2);
  const struct {
    const char *what, *by, *said;
  } cases[] = {
      {"\"format_version\":1,", "", "format_version"},
      {"\"format_version\":1", "\"format_version\":\"1\"", "format_version"},
      {"\"format_version\":1", "\"format_version\":2", "update it"},
      {"48000", "0", "sample_rate"},
      {"48000", "48000.5", "sample_rate"},
      {"\"latency_samples\":0", "\"latency_samples\":9", "latency_samples"},
      {"\"channels_out\":2", "\"channels_out\":1", "channels_out"},
      {"\"fir\"", "\"os.system\"", "does not know the block"},
      {"\"fir\"", "17", "needs 'block'"},
      {"\"width\":2", "\"width\":1000000000", "width"},
      {"\"width\":2", "\"width\":1000", "shape"},
      {"\"width\":2", "\"width\":-2", "width"},
      {"\"width\":2", "\"widht\":2", "shape"},
      {"\"skip\":true", "\"skip\":1", "skip"},
      {"\"skip\":true", "\"skip\":true,\"more\":1", "no setting 'more'"},
      {"\"skip\":true", "\"skip\":false", "stray"},
      {"[1,5,90]", "[1,5,11000000]", ""},
      {"[1,5,90]", "[1,5,1000000000000000000]", "dilations"},
      {"[1,5,90]", "[[1],[5],[90]]", "dilations"},
      {"[1,5,90]", "[]", "dilations"},
      {"[1,5,90]", "[1,5]", "stray"},
      {"\"tanh\"", "\"relu6\"", "activation"},
      {"\"taps\":60", "\"taps\":1000000000000000", "taps"},
      {"\"taps\":60", "\"taps\":11000000", "shape"},
      {"\"taps\":60", "\"taps\":0", "taps"},
      {"\"channels_in\":1,\"channels_out\":2}}", "\"channels_in\":2,\"channels_out\":2}}", ""},
      {"\"chain\":[", "\"chain\":[],\"other\":[", "no chain"},
  };
  CHECK(refusal(model.bytes()).empty());
  for (const auto& each : cases) {
    const std::string why = refusal(model.bytes(replaced(model.header(), each.what, each.by)));
    if (*each.said) CHECK(mentions(why, each.said));
  }
  for (const char* text : {"", "[]", "null", "{", "{}"}) CHECK(!refusal(model.bytes(text)).empty());
}

// A small file may describe a past that fills the machine.
void memory_is_bounded() {
  ModelWriter model(1, 1);
  for (int times = 0; times < 256; ++times) add_delay(model, 11'000'000, 1);
  CHECK(mentions(refusal(model.bytes()), "memory"));
}

void weights_that_are_not_numbers_are_refused() {
  ModelWriter model(1, 1);
  add_gain(model, 1);
  Bytes bytes = model.bytes();
  const float value = std::nanf("");
  std::memcpy(bytes.data() + bytes.size() - sizeof value, &value, sizeof value);
  CHECK(mentions(refusal(bytes), "not numbers"));
}

void absent_files_are_named() {
  try {
    wetprint::Player::from_file("/nonexistent/model.wetprint");
    CHECK(false);
  } catch (const wetprint::ModelError& error) {
    CHECK(mentions(error.what(), "/nonexistent/model.wetprint"));
  }
}

}  // namespace

int main() {
  examples_are_taken();
  every_truncation_is_refused();
  mutations_do_no_harm();
  hostile_headers_are_refused();
  memory_is_bounded();
  weights_that_are_not_numbers_are_refused();
  absent_files_are_named();
  return failures != 0;
}
