#include "playing/layer_array.h"

namespace wetprint::playing {

LayerArray::LayerArray(Plan& plan, const std::string& prefix, const ArrayShape& shape, int rows_in,
                       float scale)
    : shape_(shape),
      lift_(plan.budget,
            plan.weights.take(prefix + "lift.weight", {shape.layers.width, rows_in, 1}), {},
            rows_in),
      layers_(plan, prefix + "layers.", shape.layers),
      total_(plan.budget, std::int64_t{shape.layers.width} * kMostFrames),
      head_(make_head(plan, prefix, scale)) {
  for (int row = 0; row < shape.layers.width; ++row) {
    head_.inputs()[static_cast<std::size_t>(row)] = total_.data() + row * kMostFrames;
  }
  head_.mix().output_stride = kMostFrames;
}

void LayerArray::process(const float* const* dry, float* heads, int frames, bool settles) {
  lift_.mix().output = layers_.next();
  lift_.mix().output_stride = layers_.stride();
  lift_.play(frames);
  layers_.process(dry, total_.data(), frames, settles);
  head_.mix().output = heads;
  head_.play(frames);
}

Mixer LayerArray::make_head(Plan& plan, const std::string& prefix, float scale) const {
  const int rows = shape_.head_width, width = shape_.layers.width;
  std::vector<float> weights = plan.weights.take(prefix + "head.weight", {rows, width, 1});
  std::vector<float> biases;
  if (shape_.head_bias) biases = plan.weights.take(prefix + "head.bias", {rows});
  for (float& each : weights) each *= scale;
  for (float& each : biases) each *= scale;
  return Mixer(plan.budget, weights, biases, width);
}

}  // namespace wetprint::playing
