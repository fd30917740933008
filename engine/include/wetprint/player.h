// Plays `.wetprint` models: everything a plugin or a player needs, and nothing but the standard
// library behind it.
//
//   wetprint::Player player = wetprint::Player::from_file("amp.wetprint");   // may throw
//   player.prepare(512);                                                     // may allocate
//   player.process(inputs, outputs, frames);                                 // real time
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace wetprint {

// Why a model cannot be played, in one sentence. Nothing but loading throws it.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Player {
 public:
  // Reads a model. Safe for files from strangers: nothing in one is executed, and everything in it
  // is checked before it is used. Throws ModelError, or std::bad_alloc where memory runs out.
  static Player from_file(const std::string& path);
  static Player from_memory(const void* data, std::size_t size);

  Player(Player&&) noexcept;
  Player& operator=(Player&&) noexcept;
  ~Player();

  int sample_rate() const noexcept;                // Hz; audio must come at this rate
  int channels_in() const noexcept;                // 1 or 2
  int channels_out() const noexcept;               // 1 or 2
  std::int64_t latency_samples() const noexcept;   // the delay of the box itself, played too

  // How much later than in the effect everything is played, because the model must hear what comes
  // first. To a host this is the latency to make up for; whole files are played without it.
  std::int64_t lookahead_samples() const noexcept;

  // Gets ready for blocks of up to `most_frames`, and starts again as reset() does. Longer blocks
  // are played too. Not for the audio thread.
  void prepare(int most_frames);

  // Starts again as after endless silence; `start_sample` is the absolute time of the next sample,
  // for effects that move with time. Allocates nothing, but takes as long as some blocks of audio.
  void reset(std::int64_t start_sample = 0) noexcept;

  // Plays the next samples: `inputs` and `outputs` hold channels_in() and channels_out() pointers
  // to `frames` samples each. Any number of frames; outputs may be the inputs. No allocation, no
  // lock, no exception; denormal numbers are flushed to zero while it runs, and samples that are
  // not finite are heard as silence.
  void process(const float* const* inputs, float* const* outputs, int frames) noexcept;

 private:
  struct Inside;
  explicit Player(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace wetprint
