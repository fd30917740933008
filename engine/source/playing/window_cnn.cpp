// A convolutional network that predicts one sample from the window that ends with it; see
// src/wetprint/blocks/window_cnn.py. Every layer is computed once for every sample, from a past that
// it remembers.
#include <algorithm>

#include "playing/blocks.h"
#include "playing/constant.h"
#include "playing/history.h"
#include "playing/mixer.h"

namespace wetprint::playing {
namespace {

constexpr Range kUnits{1, 1024}, kLayerCounts{1, 16}, kKernelSizes{1, 1024}, kPlaces{1, 4096};

// Rows of a convolution's weights (filters, rows, taps), ordered tap by tap, oldest first.
std::vector<float> tap_by_tap(const std::vector<float>& weights, int filters, int rows, int taps) {
  std::vector<float> ordered;
  ordered.reserve(weights.size());
  for (int filter = 0; filter < filters; ++filter) {
    for (int tap = 0; tap < taps; ++tap) {
      for (int row = 0; row < rows; ++row) {
        const auto at = (std::ptrdiff_t{filter} * rows + row) * taps + tap;
        ordered.push_back(weights[static_cast<std::size_t>(at)]);
      }
    }
  }
  return ordered;
}

// Rows of the next kMostFrames samples, each with a past of its own.
struct Rows {
  int count;
  History past;

  Rows(Budget& budget, int rows, std::int64_t reach)
      : count(rows), past(budget, rows, reach) {}
  float* row(int index) { return past.next() + index * past.stride(); }
  const float* row(int index, std::int64_t back) const {
    return past.window(back) + index * past.stride();
  }
  // What was written is heard from now on; when it `settles`, it has stood for ever.
  void publish(bool settles) {
    if (settles) past.fill_with_next();
    past.publish();
  }
};

// A convolution of rows whose values lie `spacing` samples apart.
struct Convolution {
  Convolution(Plan& plan, const std::string& name, int filters, int rows, int taps, int spacing)
      : taps_(taps), spacing_(spacing),
        mixer_(plan.budget,
               tap_by_tap(plan.weights.take(name + "weight", {filters, rows, taps}), filters, rows,
                          taps),
               plan.weights.take(name + "bias", {filters}), rows * taps) {}

  void play(const Rows& heard, Rows& made, int frames, bool rectifies) {
    const float** input = mixer_.inputs().data();
    for (int tap = 0; tap < taps_; ++tap) {
      const std::int64_t back = std::int64_t{taps_ - 1 - tap} * spacing_;
      for (int row = 0; row < heard.count; ++row) *input++ = heard.row(row, back);
    }
    mixer_.mix().output = made.row(0);
    mixer_.mix().output_stride = made.past.stride();
    mixer_.play(frames);
    for (int row = 0; rectifies && row < made.count; ++row) {
      float* samples = made.row(row);
      for (int frame = 0; frame < frames; ++frame) samples[frame] = std::max(samples[frame], 0.0f);
    }
  }

 private:
  int taps_, spacing_;
  Mixer mixer_;
};

struct Stage {
  Rows heard;
  Convolution convolution;
  int pooled;  // how far apart the values lie of which the larger is taken; 0 for none
  Rows made;   // before pooling
};

class WindowCnn : public Block {
 public:
  explicit WindowCnn(Plan& plan)
      : channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)) {
    const auto filters = plan.settings.numbers("filters", kLayerCounts, kUnits);
    const auto hidden = plan.settings.numbers("hidden", kLayerCounts, kUnits);
    const int taps = plan.settings.number("kernel_size", kKernelSizes, 5);
    const int pool_every = plan.settings.number("pool_every", kLayerCounts, 1);
    int rows = channels_in_, spacing = 1;
    for (std::size_t at = 0; at < filters.size(); ++at) {
      const bool pools = (static_cast<int>(at) + 1) % pool_every == 0;
      add(plan, "convolutions." + std::to_string(at) + ".", filters[at], rows, taps, spacing,
          pools ? spacing : 0);
      rows = filters[at];
      if (pools) spacing *= 2;
    }
    int places = plan.settings.number("places", kPlaces, 29);
    for (std::size_t at = 0; at <= hidden.size(); ++at, places = 1) {
      const int units = at < hidden.size() ? hidden[at] : channels_out_;
      add(plan, "connected." + std::to_string(at) + ".", units, rows, places, spacing, 0);
      rows = units;
    }
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    Constant silence(silence_in, channels_in_);
    play(silence.dry(), silence.wet(), 1, true);
    silence.tell(silence_out, channels_out_);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    play(inputs, outputs, frames, false);
  }

 private:
  void add(Plan& plan, const std::string& name, int filters, int rows, int taps, int spacing,
           int pooled) {
    const std::int64_t reach = std::int64_t{taps - 1} * spacing;
    if (reach > kLongestMemory) plan.settings.refuse("the window is too long");
    stages_.push_back({Rows(plan.budget, rows, reach),
                       Convolution(plan, name, filters, rows, taps, spacing), pooled,
                       Rows(plan.budget, filters, pooled)});
  }

  void play(const float* const* dry, float* const* wet, int frames, bool settles) {
    for (int channel = 0; channel < channels_in_; ++channel) {
      std::copy_n(dry[channel], frames, stages_.front().heard.row(channel));
    }
    for (std::size_t at = 0; at < stages_.size(); ++at) {
      Stage& stage = stages_[at];
      const bool is_last = at + 1 == stages_.size();
      stage.heard.publish(settles);
      stage.convolution.play(stage.heard, stage.made, frames, !is_last);
      stage.made.publish(settles);
      for (int row = 0; row < stage.made.count; ++row) {
        float* to = is_last ? wet[row] : stages_[at + 1].heard.row(row);
        const float* now = stage.made.row(row, 0);
        const float* before = stage.made.row(row, stage.pooled);
        for (int frame = 0; frame < frames; ++frame) to[frame] = std::max(now[frame], before[frame]);
      }
      stage.heard.past.advance(frames);
      stage.made.past.advance(frames);
    }
  }

  int channels_in_, channels_out_;
  std::vector<Stage> stages_;
};

}  // namespace

std::unique_ptr<Block> build_window_cnn(Plan& plan) { return std::make_unique<WindowCnn>(plan); }

}  // namespace wetprint::playing
