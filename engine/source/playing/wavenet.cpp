// The two-array WaveNet of Neural Amp Modeler, or one of any number of arrays: dilated layers whose
// summed activations, through a head of each array, start the sum of the next.
#include <algorithm>
#include <utility>

#include "playing/blocks.h"
#include "playing/constant.h"
#include "playing/layer_array.h"

namespace wetprint::playing {
namespace {

constexpr Range kWidths{1, 1024}, kKernelSizes{1, 1024}, kLayerCounts{1, 256}, kArrayCounts{1, 16};

ArrayShape read_array(const Json& entry, int channels_in) {
  Settings settings(entry, "an array of block 'wavenet'");
  ArrayShape shape;
  shape.layers.channels_in = channels_in;
  shape.layers.width = settings.number("width", kWidths);
  shape.layers.kernel_size = settings.number("kernel_size", kKernelSizes, 3);
  shape.layers.dilations = settings.numbers("dilations", kLayerCounts, {1, kLongestMemory});
  shape.layers.activation = layers_activation(settings.word("activation", layers_activations(), 0));
  shape.layers.mixin = true;
  shape.head_width = settings.number("head_width", kWidths);
  shape.head_bias = settings.flag("head_bias", false);
  settings.finish();
  return shape;
}

class WaveNet : public Block {
 public:
  explicit WaveNet(Plan& plan) : channels_in_(plan.settings.number("channels_in", {1, 2}, 1)) {
    const float scale = plan.weights.take("head_scale", {}).front();
    std::vector<ArrayShape> shapes;
    for (const Json& entry : plan.settings.list("arrays", kArrayCounts)) {
      shapes.push_back(read_array(entry, channels_in_));
    }
    int rows_in = channels_in_;
    for (std::size_t index = 0; index < shapes.size(); ++index) {
      const bool is_last = index + 1 == shapes.size();
      const int next = is_last ? 0 : shapes[index + 1].layers.width;
      if (!is_last && shapes[index].head_width != next) {
        plan.settings.refuse("an array's head must be as wide as the next array");
      }
      const std::string prefix = "arrays." + std::to_string(index) + ".";
      arrays_.emplace_back(plan, prefix, shapes[index], rows_in, is_last ? scale : 1.0f);
      rows_in = shapes[index].layers.width;
    }
    channels_out_ = shapes.back().head_width;
    if (channels_out_ > kMostChannels) plan.settings.refuse("the last head has too many channels");
    wet_ = Floats(plan.budget, kMostChannels * kMostFrames);
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    const Constant silence(silence_in, channels_in_);
    play(silence.dry(), 1, true);
    for (int out = 0; out < channels_out_; ++out) silence_out[out] = wet_[out * kMostFrames];
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    play(inputs, frames, false);
    for (int out = 0; out < channels_out_; ++out) {
      std::copy_n(wet_.data() + out * kMostFrames, frames, outputs[out]);
    }
  }

 private:
  void play(const float* const* dry, int frames, bool settles) {
    std::copy_n(dry, channels_in_, arrays_.front().inputs().data());
    std::fill_n(arrays_.front().total().data(), arrays_.front().total().size(), 0.0f);
    for (std::size_t index = 0; index < arrays_.size(); ++index) {
      LayerArray& array = arrays_[index];
      if (index > 0) {
        const float* heard = arrays_[index - 1].residual();
        for (const float*& row : array.inputs()) row = std::exchange(heard, heard + kMostFrames);
      }
      const bool is_last = index + 1 == arrays_.size();
      float* heads = is_last ? wet_.data() : arrays_[index + 1].total().data();
      array.process(dry, heads, frames, settles);
    }
  }

  int channels_in_, channels_out_ = 0;
  std::vector<LayerArray> arrays_;
  Floats wet_;
};

}  // namespace

std::unique_ptr<Block> build_wavenet(Plan& plan) { return std::make_unique<WaveNet>(plan); }

}  // namespace wetprint::playing
