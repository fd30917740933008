// A stretch of a long impulse response, convolved in the frequency domain without added latency.
//
// Uniformly partitioned overlap-save with a frequency-domain delay line (Gardner 1995; Wefers 2015,
// "Partitioned convolution algorithms for real-time auralization", chapter 5). The stretch begins
// two blocks into the response: a block of input that is complete has one block's time until its
// first output is due, and all work on it, even inside the FFTs, is spread evenly over that time.
#pragma once

#include <cstdint>
#include <vector>

#include "playing/block.h"
#include "playing/spectra.h"

namespace wetprint::playing {

// The impulse responses of a filter: (channels_out, channels_in, taps).
struct Responses {
  const std::vector<float>& values;
  int channels_out, channels_in;
  std::int64_t taps;

  float tap(int out, int in, std::int64_t index) const {
    return values[static_cast<std::size_t>((out * channels_in + in) * taps + index)];
  }
};

class Partitions {
 public:
  // Plays the taps from 2 block_samples up to `end`. block_samples is a power of two from 64.
  Partitions(Budget& budget, const Responses& responses, int block_samples, std::int64_t end);

  // As after hearing constants forever; time starts at a multiple of the block.
  void settle(const float* constants);

  // What is due for the next frames, and the work whose time it is. `frames` must not reach over
  // the end of a block; `past` is where each channel's last two whole blocks stand.
  void process(float* const* outputs, int frames);
  void begin_block(const float* const* older, const float* const* newer);
  bool is_at_block_start() const { return position_ == 0; }
  int block_samples() const { return block_; }

 private:
  float* spectrum(Floats& of, std::int64_t index) { return of.data() + index * 2 * block_; }
  void transform_response(const Responses& responses, int out, int in, int partition,
                          std::int64_t end);
  void run(std::int64_t target);
  void run_tile(std::int64_t pass, int first);

  int block_, block_log2_, tiles_log2_;
  int channels_in_, channels_out_, count_;
  std::int64_t total_tiles_, done_ = 0;
  int position_ = 0, newest_ = 0, playing_ = 0;
  Spectra spectra_;
  Floats sum_;
  Floats responses_, heard_, outputs_;
  std::vector<double> gains_;  // of each path over the whole stretch
  const float* older_[kMostChannels] = {};
  const float* newer_[kMostChannels] = {};
};

}  // namespace wetprint::playing
