// The contract of every block: the next samples of one piece of a chain.
//
// A new block is one file with a class and a builder, one line in blocks.h and one in registry.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "playing/memory.h"
#include "playing/settings.h"
#include "playing/weights.h"

namespace wetprint::playing {

// The most frames that a block is asked for at a time; the player cuts longer ones. Short enough
// that a network's layers stay in the first cache, and a multiple of every vector.
constexpr int kMostFrames = 64;
constexpr int kMostChannels = 2;

class Block {
 public:
  virtual ~Block() = default;

  virtual int channels_in() const = 0;
  virtual int channels_out() const = 0;
  virtual std::int64_t latency_samples() const { return 0; }
  // How late it plays because it must hear what comes first; no part of the effect.
  virtual std::int64_t lookahead_samples() const { return 0; }

  // Takes the state that hearing `silence_in` forever leaves, one value a channel, and says what
  // that became. Behind a network with biases silence is a constant, and not zero. No allocation.
  virtual void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) = 0;

  // Plays 1 to kMostFrames frames. Rows have room for kMostFrames, so that whole vectors may be
  // read and written; what lies behind `frames` means nothing. No allocation, lock or exception.
  virtual void process(const float* const* inputs, float* const* outputs, int frames) noexcept = 0;
};

// What a builder is given: how the block is set, its weights, and the memory that is left.
struct Plan {
  Settings& settings;
  Weights& weights;
  Budget& budget;
  std::string prefix;  // of the names of its weights, which `weights` has entered
  int depth;           // how many chains within chains it lies in
};

}  // namespace wetprint::playing
