// A phase vocoder whose grains are read at another speed; see src/wetprint/blocks/pitch_shifter.py.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "playing/blocks.h"
#include "playing/grain_reader.h"
#include "playing/phases.h"

namespace wetprint::playing {
namespace {

constexpr Range kWindows{16, 1 << 14};
constexpr double kLeastRatio = 0.125, kMostRatio = 8.0;
constexpr int kLeastOverlap = 4, kMostOverlap = 64;
constexpr int kMostPause = 1000;
constexpr double kKeptShare = 0.95;  // of the bins that stay below half the sample rate

struct Shift {
  explicit Shift(Settings& settings)
      : ratio(settings.real("ratio", kLeastRatio, kMostRatio, 0.5)),
        window(settings.number("window_samples", kWindows, 2048)),
        hop(settings.number("hop_samples", hops(), 455)),
        free_bins(settings.number("free_bins", {0, window}, 26)),
        lock_reach(settings.number("lock_reach_bins", {0, window}, 1)),
        transient_share(settings.real("transient_share", 0.0, 1.0, 0.35)),
        pause(settings.number("pause_hops", {0, kMostPause}, 6)),
        half_grain(static_cast<int>(std::ceil(window / (2.0 * ratio))) - 1),
        reach(half_grain + window / 2 - 1),
        lookahead(reach - settings.number("delay_samples", {-window, reach}, 0)),
        channels(settings.number("channels", {1, kMostChannels}, 1)) {
    if (window & (window - 1)) settings.refuse("window_samples is no power of two");
  }

  Range hops() const {
    const std::int64_t least = std::max(1, window / kMostOverlap);
    const double most = std::floor(window / (kLeastOverlap * std::max(1.0, ratio)));
    return {least, std::max(least, static_cast<std::int64_t>(most))};
  }
  int kept_bins() const {
    return 1 + static_cast<int>(std::floor(kKeptShare * window / 2 / std::max(1.0, ratio)));
  }

  double ratio;
  int window, hop;
  int free_bins, lock_reach;
  double transient_share;
  int pause;  // hops
  int half_grain;
  int reach;  // from hearing a sample to playing it
  int lookahead;
  int channels;
};

// A ring of samples by their absolute time.
class Ring {
 public:
  Ring(Budget& budget, std::int64_t least) {
    std::size_t size = 1;
    while (size < static_cast<std::size_t>(least)) size *= 2;
    budget.take(2 * static_cast<std::int64_t>(size));
    samples_.assign(size, 0.0);
  }
  double& operator[](std::int64_t time) {
    return samples_[static_cast<std::size_t>(time) & (samples_.size() - 1)];
  }
  void clear() noexcept { std::fill(samples_.begin(), samples_.end(), 0.0); }

 private:
  std::vector<double> samples_;
};

// What one channel has heard and has not finished playing.
struct Voice {
  Voice(Budget& budget, const Shift& shift)
      : heard(budget, shift.window + kMostFrames),
        unfinished(budget, shift.reach + shift.half_grain + 1 + kMostFrames),
        phases(budget, {shift.ratio, shift.window, shift.hop, shift.free_bins, shift.lock_reach,
                        shift.transient_share, shift.pause}) {}

  void forget() noexcept {
    heard.clear();
    unfinished.clear();
    phases.forget();
  }

  Ring heard, unfinished;
  Phases phases;
};

class PitchShifter : public Block {
 public:
  explicit PitchShifter(Plan& plan)
      : shift_(plan.settings),
        reader_(plan.budget, {shift_.ratio, shift_.window, shift_.hop, shift_.half_grain}),
        fft_(plan.budget, shift_.window), spectrum_(plan.budget, shift_.window),
        padded_(static_cast<std::size_t>(shift_.window) + 2 * GrainReader::kMargin) {
    for (int channel = 0; channel < shift_.channels; ++channel) {
      voices_.emplace_back(plan.budget, shift_);
    }
  }

  int channels_in() const override { return shift_.channels; }
  int channels_out() const override { return shift_.channels; }
  std::int64_t lookahead_samples() const override { return shift_.lookahead; }

  // A constant passes; it is played until nothing but it is left in the windows.
  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    float room[kMostChannels][kMostFrames];
    float* rows[] = {room[0], room[1]};
    for (Voice& voice : voices_) voice.forget();
    std::fill_n(silence_out, shift_.channels, 0.0f);
    next_ = start_sample;
    if (std::all_of(silence_in, silence_in + shift_.channels, [](float x) { return x == 0.0f; })) {
      return;
    }
    const int pieces = (2 * (shift_.reach + 1) + shift_.pause * shift_.hop) / kMostFrames + 1;
    next_ -= std::int64_t{kMostFrames} * pieces;
    for (int piece = 0; piece < pieces; ++piece) {
      for (int channel = 0; channel < shift_.channels; ++channel) {
        std::fill_n(room[channel], kMostFrames, silence_in[channel]);
      }
      process(rows, rows, kMostFrames);
    }
    for (int channel = 0; channel < shift_.channels; ++channel) {
      silence_out[channel] = room[channel][kMostFrames - 1];
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int channel = 0; channel < shift_.channels; ++channel) {
      Voice& voice = voices_[static_cast<std::size_t>(channel)];
      for (int frame = 0; frame < frames; ++frame) {
        voice.heard[next_ + frame] = inputs[channel][frame];
      }
      // windows lie at whole multiples of the hop, and end where the new samples are
      const std::int64_t begin = next_ - shift_.window / 2 + 1;
      for (std::int64_t middle = next_multiple(begin); middle < begin + frames;
           middle += shift_.hop) {
        play_window(voice, middle);
      }
      for (int frame = 0; frame < frames; ++frame) {
        const std::int64_t time = next_ + frame - shift_.reach;
        double& sum = voice.unfinished[time];
        outputs[channel][frame] = static_cast<float>(sum * reader_.loudness(time));
        sum = 0.0;
      }
    }
    next_ += frames;
  }

 private:
  std::int64_t next_multiple(std::int64_t time) const {
    const std::int64_t beyond = time % shift_.hop;
    return time + (beyond > 0 ? shift_.hop - beyond : -beyond);
  }

  // Phases are those at the window's middle: its second half comes first.
  void play_window(Voice& voice, std::int64_t middle) noexcept {
    const int half = shift_.window / 2, size = shift_.window;
    for (int index = 0; index < size; ++index) {
      const int from = index < half ? index + half : index - half;
      spectrum_.re[index] = voice.heard[middle - half + from] * reader_.window()[from];
      spectrum_.im[index] = 0.0;
    }
    fft_.forward(spectrum_);
    voice.phases.turn(spectrum_);
    for (int bin = shift_.kept_bins(); bin <= half; ++bin) spectrum_.re[bin] = spectrum_.im[bin] = 0.0;
    spectrum_.im[0] = spectrum_.im[half] = 0.0;
    for (int bin = 1; bin < half; ++bin) {
      spectrum_.re[size - bin] = spectrum_.re[bin];
      spectrum_.im[size - bin] = -spectrum_.im[bin];
    }
    fft_.inverse(spectrum_);
    double* samples = padded_.data() + GrainReader::kMargin;
    for (int index = 0; index < size; ++index) {
      samples[index] = spectrum_.re[index < half ? index + half : index - half] / size;
    }
    for (int sample = 0; sample < reader_.grain_samples(); ++sample) {
      voice.unfinished[middle - shift_.half_grain + sample] += reader_.read(padded_.data(), sample);
    }
  }

  Shift shift_;
  GrainReader reader_;
  Fft fft_;
  Complexes spectrum_;
  std::vector<double> padded_;
  std::vector<Voice> voices_;
  std::int64_t next_ = 0;  // absolute time of the next sample
};

}  // namespace

std::unique_ptr<Block> build_pitch_shifter(Plan& plan) {
  return std::make_unique<PitchShifter>(plan);
}

}  // namespace wetprint::playing
