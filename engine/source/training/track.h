// Signals on a time axis, of which a window is in memory.
#pragma once

#include <cstddef>
#include <cstring>

#include "cpu/kernels.h"

namespace wetprint {

// Samples processed at a time: few enough for the second cache, enough to make the sums that end
// each block of a weight's gradient cheap. A multiple of every level's block (24, 48, 96).
constexpr std::ptrdiff_t kTile = 576;

inline std::ptrdiff_t rounded_up(std::ptrdiff_t samples, std::ptrdiff_t quantum = kSampleQuantum) {
  return (samples + quantum - 1) / quantum * quantum;
}

// Floats from row to row: an odd number of cache lines, so that the rows of one moment do not all
// fall into the same few places of the cache.
inline std::ptrdiff_t stride_for(std::ptrdiff_t samples) {
  return (rounded_up(samples) / kSampleQuantum | 1) * kSampleQuantum;
}

struct Track {
  Rows rows;
  int channels = 0;
  std::ptrdiff_t start = 0;     // time of the first sample in memory
  std::ptrdiff_t capacity = 0;  // samples in memory
  std::ptrdiff_t history = 0;   // samples that must stay when the window moves on

  Rows from(std::ptrdiff_t time) const { return rows.from(time - start); }

  // Make room for a tile that lies after everything so far, keeping the history before it.
  void advance(std::ptrdiff_t tile_start, std::ptrdiff_t tile_end) {
    if (tile_end <= start + capacity) return;
    const std::ptrdiff_t kept_from = tile_start - history > start ? tile_start - history : start;
    move(kept_from, tile_start, kept_from);
  }

  // The same for a tile that lies before everything so far, keeping the history after it.
  void retreat(std::ptrdiff_t tile_start, std::ptrdiff_t tile_end) {
    if (tile_start < start) move(tile_end, tile_end + history, tile_end + history - capacity);
  }

  void clear(std::ptrdiff_t first, std::ptrdiff_t last) const {
    if (last <= first) return;
    const std::size_t bytes = static_cast<std::size_t>(last - first) * sizeof(float);
    for (int channel = 0; channel < channels; ++channel) {
      std::memset(from(first).row(channel), 0, bytes);
    }
  }

 private:
  void move(std::ptrdiff_t first, std::ptrdiff_t last, std::ptrdiff_t new_start) {
    const std::size_t bytes = static_cast<std::size_t>(last - first) * sizeof(float);
    for (int channel = 0; channel < channels; ++channel) {
      float* row = rows.row(channel);
      std::memmove(row + (first - new_start), row + (first - start), bytes);
    }
    start = new_start;
  }
};

// Hands out tracks from one block of memory; without memory it only counts what is needed.
class TrackMaker {
 public:
  explicit TrackMaker(float* memory) : memory_(memory) {}

  Track make(int channels, std::ptrdiff_t start, std::ptrdiff_t capacity, std::ptrdiff_t history = 0) {
    const std::ptrdiff_t stride = stride_for(capacity);
    const Rows rows{memory_ ? memory_ + used_ : nullptr, stride};
    used_ += static_cast<std::size_t>(channels) * static_cast<std::size_t>(stride);
    return {rows, channels, start, capacity, history};
  }

  std::size_t used() const { return used_; }

 private:
  float* memory_;
  std::size_t used_ = 0;
};

// A window for tiles that come in order and look `history` samples past their edge.
inline std::ptrdiff_t window_for(std::ptrdiff_t history) {
  return history + rounded_up(history > kTile ? history : kTile, kTile);
}

}  // namespace wetprint
