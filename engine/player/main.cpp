// wetprint-play model.wetprint in.wav out.wav: a file through a model, in constant memory, without
// Python. Writes 24 bits, or float where peaks would be cut, and says so.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "wav.h"
#include "wetprint/player.h"

namespace {

using wetprint::Player;
using wetprint::SoundError;
using wetprint::WavFormat;
using wetprint::WavReader;
using wetprint::WavWriter;
using Rows = std::vector<std::vector<float>>;

constexpr int kPiece = 8192;

// A model of one channel plays each side of a stereo file alone, one of two hears a mono file on
// both sides; a mono-to-stereo model takes left from left and right from right.
class Stage {
 public:
  Stage(const std::string& path, int channels) : channels_(channels) {
    players_.push_back(Player::from_file(path));
    if (players_.front().channels_in() == 1 && channels == 2) {
      players_.push_back(Player::from_file(path));
    }
    for (Player& player : players_) player.prepare(kPiece);
  }

  std::int64_t lookahead_samples() const { return players_.front().lookahead_samples(); }
  int sample_rate() const { return players_.front().sample_rate(); }
  int channels_out() const {
    return players_.size() == 2 ? 2 : players_.front().channels_out();
  }

  void play(const Rows& dry, Rows& wet, int frames) {
    if (players_.size() == 1) {
      const float* inputs[] = {dry[0].data(), dry[channels_ - 1].data()};
      float* outputs[] = {wet[0].data(), wet[1].data()};
      players_.front().process(inputs, outputs, frames);
      return;
    }
    std::vector<float>& spare = wet[2];  // a mono-to-stereo model's other side
    const bool is_mono = players_.front().channels_out() == 1;
    float* left[] = {wet[0].data(), spare.data()};
    float* right[] = {is_mono ? wet[1].data() : spare.data(), wet[1].data()};
    const float* inputs[] = {dry[0].data(), dry[1].data()};
    players_[0].process(&inputs[0], left, frames);
    players_[1].process(&inputs[1], right, frames);
  }

 private:
  int channels_;
  std::vector<Player> players_;
};

// Drops what was played before the file began, of which `early` frames are left, and returns how many
// frames remain.
int without_early(Rows& wet, int frames, std::int64_t& early) {
  const int dropped = static_cast<int>(std::min<std::int64_t>(early, frames));
  for (std::vector<float>& row : wet) {
    std::copy(row.begin() + dropped, row.begin() + frames, row.begin());
  }
  early -= dropped;
  return frames - dropped;
}

// Fills rows with the file's next frames, or behind its end with the silence still to be played.
int next_frames(WavReader& reader, Rows& dry, std::int64_t& silence) {
  if (const int frames = reader.read(dry, kPiece)) return frames;
  const int frames = static_cast<int>(std::min<std::int64_t>(silence, kPiece));
  for (std::vector<float>& row : dry) std::fill(row.begin(), row.end(), 0.0f);
  silence -= frames;
  return frames;
}

// Plays the whole file in time, and returns the largest sample.
float play_file(const std::string& model, const std::string& source, const std::string& target,
                bool as_float) {
  WavReader reader(source);
  Stage stage(model, reader.format().channels);
  if (reader.format().sample_rate != stage.sample_rate()) {
    throw SoundError(source + " is at " + std::to_string(reader.format().sample_rate) +
                     " Hz, but the model plays at " + std::to_string(stage.sample_rate()) +
                     " Hz; resample it first");
  }
  WavWriter writer(target, {stage.sample_rate(), stage.channels_out(), as_float ? 32 : 24, as_float});
  Rows dry(2, std::vector<float>(kPiece)), wet(3, std::vector<float>(kPiece));
  float peak = 0.0f;
  std::int64_t early = stage.lookahead_samples(), silence = early;
  while (const int heard = next_frames(reader, dry, silence)) {
    stage.play(dry, wet, heard);
    const int frames = without_early(wet, heard, early);
    for (int channel = 0; channel < stage.channels_out(); ++channel) {
      for (int frame = 0; frame < frames; ++frame) {
        peak = std::max(peak, std::abs(wet[channel][frame]));
      }
    }
    if (!as_float && peak > 1.0f) return peak;  // begin again, as float
    writer.write(wet, frames);
  }
  writer.finish();
  return peak;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: wetprint-play MODEL.wetprint IN.wav OUT.wav\n");
    return 2;
  }
  try {
    if (play_file(words[1], words[2], words[3], false) > 1.0f) {
      play_file(words[1], words[2], words[3], true);
      std::fprintf(stderr, "peaks go beyond full scale: wrote 32-bit float\n");
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wetprint-play: %s\n", error.what());
    return 1;
  }
}
