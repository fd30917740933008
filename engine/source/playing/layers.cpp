#include "playing/layers.h"

namespace wetprint::playing {
namespace {

// The rows of a convolution's weights (filters, width, taps), ordered tap by tap, oldest first, and
// behind them the weights of the dry signal.
std::vector<float> filter_rows(const std::vector<float>& taps, const std::vector<float>* mixin,
                               const LayersShape& shape, int filters) {
  std::vector<float> rows;
  const auto at = [](int index) { return static_cast<std::ptrdiff_t>(index); };
  for (int filter = 0; filter < filters; ++filter) {
    for (int tap = 0; tap < shape.kernel_size; ++tap) {
      for (int channel = 0; channel < shape.width; ++channel) {
        const auto index = (at(filter) * shape.width + channel) * shape.kernel_size + tap;
        rows.push_back(taps[static_cast<std::size_t>(index)]);
      }
    }
    for (int channel = 0; mixin && channel < shape.channels_in; ++channel) {
      const auto index = at(filter) * shape.channels_in + channel;
      rows.push_back((*mixin)[static_cast<std::size_t>(index)]);
    }
  }
  return rows;
}

}  // namespace

const std::vector<std::string>& layers_activations() {
  static const std::vector<std::string> names = {"tanh", "gated", "leaky_relu"};
  return names;
}

MixActivation layers_activation(int index) {
  constexpr MixActivation kinds[] = {MixActivation::tanh, MixActivation::gated, MixActivation::leaky_relu};
  return kinds[index];
}

Layers::Layers(Plan& plan, const std::string& prefix, const LayersShape& shape)
    : shape_(shape),
      active_(plan.budget, std::int64_t{shape.width} * kMostFrames),
      residual_(plan.budget, std::int64_t{shape.width} * kMostFrames) {
  const int width = shape.width;
  const int filters = shape.activation == MixActivation::gated ? 2 * width : width;
  const int inputs = shape.kernel_size * width + (shape.mixin ? shape.channels_in : 0);
  for (std::size_t index = 0; index < shape.dilations.size(); ++index) {
    const std::string name = prefix + std::to_string(index) + ".";
    const int dilation = shape.dilations[index];
    const auto& taps = plan.weights.take(name + "conv.weight", {filters, width, shape.kernel_size});
    const auto& biases = plan.weights.take(name + "conv.bias", {filters});
    const auto* mixin = shape.mixin ? &plan.weights.take(name + "mixin.weight",
                                                         {filters, shape.channels_in, 1})
                                    : nullptr;
    const auto& residual = plan.weights.take(name + "residual.weight", {width, width, 1});
    const auto& residual_biases = plan.weights.take(name + "residual.bias", {width});
    const std::int64_t past = std::int64_t{shape.kernel_size - 1} * dilation;
    layers_.push_back({dilation, History(plan.budget, width, past),
                       Mixer(plan.budget, filter_rows(taps, mixin, shape, filters), biases, inputs,
                             shape.activation),
                       Mixer(plan.budget, residual, residual_biases, width)});
    if (shape.film_samples > 0) films_.emplace_back(plan, name + "film.", width, shape.film_samples);
  }
}

void Layers::connect(Layer& layer, const float* const* dry) {
  const float** input = layer.filter.inputs().data();
  for (int tap = 0; tap < shape_.kernel_size; ++tap) {
    const std::int64_t back = std::int64_t{shape_.kernel_size - 1 - tap} * layer.dilation;
    const float* row = layer.past.window(back);
    for (int channel = 0; channel < shape_.width; ++channel, row += layer.past.stride()) {
      *input++ = row;
    }
  }
  for (int channel = 0; shape_.mixin && channel < shape_.channels_in; ++channel) {
    *input++ = dry[channel];
  }
  for (int channel = 0; channel < shape_.width; ++channel) {
    layer.residual.inputs()[static_cast<std::size_t>(channel)] =
        active_.data() + channel * kMostFrames;
  }
}

void Layers::process(const float* const* dry, float* total, int frames, bool settles,
                     std::int64_t start_sample) {
  for (std::size_t index = 0; index < layers_.size(); ++index) {
    Layer& layer = layers_[index];
    if (settles) layer.past.fill_with_next();
    layer.past.publish();
    connect(layer, dry);
    Mix& filter = layer.filter.mix();
    filter.output = active_.data();
    filter.output_stride = filter.total_stride = kMostFrames;
    filter.total = total;
    layer.filter.play(frames);
    if (!films_.empty()) {
      TemporalFilm& film = films_[index];
      if (settles) {
        film.settle(active_.data(), kMostFrames, start_sample);
      } else {
        film.process(active_.data(), kMostFrames, frames);
      }
    }
    Mix& residual = layer.residual.mix();
    residual.add = layer.past.window(0);
    residual.add_stride = layer.past.stride();
    const bool is_last = index + 1 == layers_.size();
    residual.output = is_last ? residual_.data() : layers_[index + 1].past.next();
    residual.output_stride = is_last ? kMostFrames : layers_[index + 1].past.stride();
    layer.residual.play(frames);
    layer.past.advance(frames);
  }
}

}  // namespace wetprint::playing
