// What every player keeps, whatever it plays: any block size plays the same, in place too; a reset
// starts again; nothing is allocated; tiny numbers cost nothing; what is not finite is silence.
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "allocations.h"
#include "check.h"
#include "models.h"
#include "wetprint/player.h"

namespace {

using wetprint::Player;
using Sound = std::vector<std::vector<float>>;

#ifdef __SANITIZE_ADDRESS__
constexpr int kFrames = 9'000;  // at a tenth of the speed
#else
constexpr int kFrames = 20'000;
#endif

Player open(const Example& example) {
  const Bytes bytes = example.model.bytes();
  return Player::from_memory(bytes.data(), bytes.size());
}

Sound noise(int channels) {
  std::mt19937 random(2);
  std::normal_distribution<float> draw(0.0f, 0.3f);
  Sound made(channels, std::vector<float>(kFrames));
  for (auto& row : made) {
    for (float& each : row) each = draw(random);
  }
  return made;
}

// Plays in blocks whose sizes go round `sizes`; rows beyond the channels are never touched.
Sound played(Player& player, const Sound& dry, const std::vector<int>& sizes) {
  Sound wet(player.channels_out(), std::vector<float>(kFrames));
  std::size_t turn = 0;
  for (int at = 0; at < kFrames;) {
    const int frames = std::min(sizes[turn++ % sizes.size()], kFrames - at);
    const float* inputs[] = {dry.front().data() + at, dry.back().data() + at};
    float* outputs[] = {wet.front().data() + at, wet.back().data() + at};
    player.process(inputs, outputs, frames);
    at += frames;
  }
  return wet;
}

float largest_difference(const Sound& one, const Sound& other) {
  float largest = 0.0f;
  for (std::size_t row = 0; row < one.size(); ++row) {
    for (std::size_t frame = 0; frame < one[row].size(); ++frame) {
      largest = std::max(largest, std::abs(one[row][frame] - other[row][frame]));
    }
  }
  return largest;
}

void any_block_size_plays_the_same(const Example& example) {
  Player player = open(example);
  const Sound dry = noise(player.channels_in());
  const Sound whole = played(player, dry, {kFrames});
  const std::vector<std::vector<int>> divisions = {
      {1}, {2}, {3}, {7}, {63}, {64}, {65}, {1, 64, 5, 8192, 200}};
  for (const auto& sizes : divisions) {
    player.reset();
    CHECK(largest_difference(played(player, dry, sizes), whole) < 2e-5f);
  }
  player.prepare(64);
  CHECK(largest_difference(played(player, dry, {kFrames}), whole) == 0.0f);
}

void outputs_may_be_the_inputs(const Example& example) {
  Player player = open(example);
  if (player.channels_in() != player.channels_out()) return;
  Sound sound = noise(player.channels_in());
  const Sound wet = played(player, sound, {100});
  player.reset();
  for (int at = 0; at < kFrames; at += 100) {
    float* rows[] = {sound.front().data() + at, sound.back().data() + at};
    player.process(rows, rows, 100);
  }
  CHECK(largest_difference(sound, wet) == 0.0f);
}

void nothing_is_allocated(const Example& example) {
  Player player = open(example);
  const Sound dry = noise(player.channels_in());
  Sound wet(player.channels_out(), std::vector<float>(kFrames));
  const float* inputs[] = {dry.front().data(), dry.back().data()};
  float* outputs[] = {wet.front().data(), wet.back().data()};
  const long before = allocations;
  for (const int frames : {1, 2, 3, 7, 16, 63, 64, 65, 511, 512, 4096, 8192}) {
    for (int times = 0; times < 20; ++times) player.process(inputs, outputs, frames);
  }
  player.reset();
  CHECK(allocations == before);
}

// From the first sample on, silence gives what it gives for ever after.
void silence_has_been_heard_before(const Example& example) {
  Player player = open(example);
  const Sound silence(player.channels_in(), std::vector<float>(kFrames));
  const Sound wet = played(player, silence, {64, 100});
  for (const auto& row : wet) {
    for (const float each : row) CHECK(std::abs(each - row.back()) < 1e-5f);
  }
}

void what_is_not_finite_is_silence(const Example& example) {
  Player player = open(example);
  Sound dry = noise(player.channels_in());
  const Sound before = played(player, dry, {64});
  dry.front()[50] = std::numeric_limits<float>::quiet_NaN();
  dry.front()[51] = std::numeric_limits<float>::infinity();
  player.reset();
  const Sound wet = played(player, dry, {64});
  for (const auto& row : wet) {
    for (const float each : row) CHECK(std::isfinite(each));
  }
}

double seconds_for(Player& player, const Sound& dry) {
  const auto start = std::chrono::steady_clock::now();
  played(player, dry, {64});
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Sound so soft that its products are denormal numbers takes no longer, but for the machine's moods.
void denormals_cost_nothing(const Example& example) {
  Player player = open(example);
  Sound dry = noise(player.channels_in());
  double loud = 1e9, soft = 1e9;
  for (int times = 0; times < 5; ++times) loud = std::min(loud, seconds_for(player, dry));
  for (auto& row : dry) {
    for (float& each : row) each *= 1e-38f;
  }
  for (int times = 0; times < 5; ++times) soft = std::min(soft, seconds_for(player, dry));
  CHECK(soft < 4.0 * loud + 1e-3);
}

}  // namespace

int main() {
  const long before = allocations;
  const std::vector<Example> examples = example_models();
  CHECK(allocations > before);  // they are being counted
  for (const Example& example : examples) {
    const int failed = failures;
    any_block_size_plays_the_same(example);
    outputs_may_be_the_inputs(example);
    nothing_is_allocated(example);
    silence_has_been_heard_before(example);
    what_is_not_finite_is_silence(example);
    denormals_cost_nothing(example);
    if (failures > failed) std::fprintf(stderr, "... with %s\n", example.name.c_str());
  }
  return failures != 0;
}
