// A filter whose response comes again with every turn of an LFO; see
// src/wetprint/blocks/periodic_filter.py. Between two blocks of audio an LFO passes few of its knots:
// only their responses are heard.
#include <algorithm>

#include "playing/blocks.h"
#include "playing/history.h"
#include "playing/mixer.h"
#include "playing/periodic.h"

namespace wetprint::playing {
namespace {

constexpr Range kFilterKnots{4, 256}, kTaps{1, 8192};
constexpr std::int64_t kMostWeights = std::int64_t{1} << 22;

class PeriodicFilter : public Block {
 public:
  explicit PeriodicFilter(Plan& plan)
      : phase_(plan.settings),
        knots_(plan.settings.number("knots", kFilterKnots, 32)),
        taps_(plan.settings.number("taps", kTaps, 256)),
        channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)) {
    const std::int64_t each = std::int64_t{channels_out_} * channels_in_ * taps_;
    if (each * knots_ > kMostWeights) plan.settings.refuse("knots times taps must be less");
    const auto& values = plan.weights.take("response", {knots_, channels_out_, channels_in_, taps_});
    for (auto first = values.begin(); first != values.end(); first += each) {
      const std::vector<float> response(first, first + each);
      responses_.emplace_back(plan.budget, response, std::vector<float>{}, channels_in_ * taps_);
      add_gains(response);
    }
    past_ = History(plan.budget, channels_in_, taps_ - 1);
    filtered_ = Floats(plan.budget, kMostChannels * kMostFrames);
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    phase_.start_at(start_sample);
    past_.hold(silence_in);
    const KnotWeights weights(phase_.at(0), knots_);
    for (int out = 0; out < channels_out_; ++out) {
      double became = 0.0;
      for (int each = 0; each < 4; ++each) {
        for (int in = 0; in < channels_in_; ++in) {
          became += weights.weight[each] * gain(weights.index[each], out, in) * silence_in[in];
        }
      }
      silence_out[out] = static_cast<float>(became);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    past_.hear(inputs, frames);
    for (int out = 0; out < channels_out_; ++out) std::fill_n(outputs[out], frames, 0.0f);
    weigh(frames);
    for (int knot = 0; knot < knots_; ++knot) {
      if (is_heard_[knot]) add(knot, outputs, frames);
    }
    past_.advance(frames);
    phase_.advance(frames);
  }

 private:
  void add_gains(const std::vector<float>& response) {
    for (auto first = response.begin(); first != response.end(); first += taps_) {
      double sum = 0.0;
      std::for_each(first, first + taps_, [&sum](float tap) { sum += tap; });
      gains_.push_back(sum);
    }
  }

  double gain(int knot, int out, int in) const {
    return gains_[static_cast<std::size_t>((knot * channels_out_ + out) * channels_in_ + in)];
  }

  void weigh(int frames) {
    std::fill_n(is_heard_, knots_, false);
    for (int frame = 0; frame < frames; ++frame) {
      weights_[frame] = KnotWeights(phase_.at(frame), knots_);
      for (const int index : weights_[frame].index) is_heard_[index] = true;
    }
  }

  void add(int knot, float* const* outputs, int frames) {
    Mixer& response = responses_[static_cast<std::size_t>(knot)];
    const float** row = response.inputs().data();
    for (int in = 0; in < channels_in_; ++in) {
      for (int tap = 0; tap < taps_; ++tap) *row++ = past_.window(tap) + in * past_.stride();
    }
    response.mix().output = filtered_.data();
    response.mix().output_stride = kMostFrames;
    response.play(frames);
    for (int frame = 0; frame < frames; ++frame) {
      float weight = 0.0f;  // where there are four knots, each has one place
      for (int each = 0; each < 4; ++each) {
        if (weights_[frame].index[each] == knot) weight = static_cast<float>(weights_[frame].weight[each]);
      }
      for (int out = 0; out < channels_out_; ++out) {
        outputs[out][frame] += weight * filtered_[out * kMostFrames + frame];
      }
    }
  }

  Phase phase_;
  int knots_, taps_, channels_in_, channels_out_;
  std::vector<Mixer> responses_;  // one a knot
  std::vector<double> gains_;     // of a constant, through each path of each response
  History past_;
  Floats filtered_;
  KnotWeights weights_[kMostFrames];
  bool is_heard_[kFilterKnots.most] = {};
};

}  // namespace

std::unique_ptr<Block> build_periodic_filter(Plan& plan) { return std::make_unique<PeriodicFilter>(plan); }

}  // namespace wetprint::playing
