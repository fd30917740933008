// Dilated causal convolutions: the feed-forward WaveNet, also known as TCN.
#include <algorithm>
#include <utility>

#include "playing/blocks.h"
#include "playing/constant.h"
#include "playing/layers.h"

namespace wetprint::playing {
namespace {

constexpr Range kWidths{1, 1024}, kKernelSizes{1, 1024}, kLayerCounts{1, 256};
enum Head { last, accumulate };

LayersShape read_shape(Settings& settings, bool modulated) {
  LayersShape shape;
  shape.channels_in = settings.number("channels_in", {1, kMostChannels}, 1);
  shape.width = settings.number("width", kWidths, 16);
  shape.kernel_size = settings.number("kernel_size", kKernelSizes, 3);
  shape.dilations = settings.numbers("dilations", kLayerCounts, {1, kLongestMemory});
  shape.activation = layers_activation(settings.word("activation", layers_activations(), 0));
  shape.mixin = !modulated && settings.flag("input_mixin", false);
  if (modulated) shape.film_samples = settings.number("film_samples", {1, kLongestMemory}, 128);
  return shape;
}

class Dilated : public Block {
 public:
  Dilated(Plan& plan, bool modulated) : Dilated(plan, read_shape(plan.settings, modulated)) {}

  int channels_in() const override { return shape_.channels_in; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out,
              std::int64_t start_sample) override {
    Constant silence(silence_in, shape_.channels_in);
    play(silence.dry(), silence.wet(), 1, true, start_sample);
    silence.tell(silence_out, channels_out_);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    play(inputs, outputs, frames, false, 0);
  }

 private:
  Dilated(Plan& plan, LayersShape shape)
      : shape_(std::move(shape)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)),
        accumulates_(shape_.film_samples == 0 &&
                     plan.settings.word("head", {"last", "accumulate"}, last) == accumulate),
        lift_(plan.budget, plan.weights.take("lift.weight", {shape_.width, shape_.channels_in, 1}),
              plan.weights.take("lift.bias", {shape_.width}), shape_.channels_in),
        layers_(plan, "layers.", shape_),
        total_(plan.budget, std::int64_t{shape_.width} * kMostFrames),
        wet_(plan.budget, std::int64_t{kMostChannels} * kMostFrames),
        mix_down_(make_mix_down(plan)) {}

  Mixer make_mix_down(Plan& plan) const {
    const bool skips = plan.settings.flag("skip", true);
    const int dry = shape_.channels_in;
    return Mixer(plan.budget, plan.weights.take_with_dry(skips, dry, channels_out_, shape_.width),
                 plan.weights.take("mix_down.bias", {channels_out_}), shape_.width + dry);
  }

  void play(const float* const* dry, float* const* wet, int frames, bool settles,
            std::int64_t start_sample) {
    std::copy_n(dry, shape_.channels_in, lift_.inputs().data());
    lift_.mix().output = layers_.next();
    lift_.mix().output_stride = layers_.stride();
    lift_.play(frames);
    if (accumulates_) std::fill_n(total_.data(), total_.size(), 0.0f);
    layers_.process(dry, accumulates_ ? total_.data() : nullptr, frames, settles, start_sample);
    const float* mixed = accumulates_ ? total_.data() : layers_.residual();
    for (int row = 0; row < shape_.width; ++row) {
      mix_down_.inputs()[static_cast<std::size_t>(row)] = mixed + row * kMostFrames;
    }
    std::copy_n(dry, shape_.channels_in, mix_down_.inputs().data() + shape_.width);
    mix_down_.mix().output = wet_.data();
    mix_down_.mix().output_stride = kMostFrames;
    mix_down_.play(frames);
    for (int channel = 0; channel < channels_out_; ++channel) {
      std::copy_n(wet_.data() + channel * kMostFrames, frames, wet[channel]);
    }
  }

  LayersShape shape_;
  int channels_out_;
  bool accumulates_;
  Mixer lift_;
  Layers layers_;
  Floats total_, wet_;
  Mixer mix_down_;
};

}  // namespace

std::unique_ptr<Block> build_dilated(Plan& plan) {
  return std::make_unique<Dilated>(plan, false);
}

std::unique_ptr<Block> build_film_dilated(Plan& plan) {
  return std::make_unique<Dilated>(plan, true);
}

}  // namespace wetprint::playing
