// Mixing rows agrees with sums written out, for any number of rows, inputs and frames, at any level.
#include <cmath>
#include <initializer_list>
#include <random>
#include <vector>

#include "check.h"
#include "cpu/kernels.h"
#include "playing/mixer.h"

namespace {

using wetprint::MixActivation;
using wetprint::playing::Budget;
using wetprint::playing::Mixer;

constexpr int kStride = 80;

struct Case {
  int rows, inputs, frames;
  MixActivation activation;
};

double applied(const std::vector<double>& sums, int row, MixActivation activation) {
  const double sum = sums[row];
  switch (activation) {
    case MixActivation::tanh: return std::tanh(sum);
    case MixActivation::leaky_relu: return sum < 0.0 ? 0.1 * sum : sum;
    case MixActivation::gated:
      return std::tanh(sum) / (1.0 + std::exp(-sums[row + sums.size() / 2]));
    default: return sum;
  }
}

void agrees_with_sums(const wetprint::Kernels& level, const Case& shape) {
  std::mt19937 random(shape.rows * 1000 + shape.inputs);
  std::normal_distribution<float> draw;
  const auto drawn = [&](int count) {
    std::vector<float> made(count);
    for (float& each : made) each = draw(random);
    return made;
  };
  const bool gated = shape.activation == MixActivation::gated;
  const int outputs = gated ? shape.rows / 2 : shape.rows;
  const std::vector<float> weights = drawn(shape.rows * shape.inputs), biases = drawn(shape.rows);
  const std::vector<float> heard = drawn(shape.inputs * kStride), added = drawn(outputs * kStride);
  std::vector<float> wet(outputs * kStride), total(outputs * kStride, 1.0f);
  Budget budget;
  Mixer mixer(budget, weights, biases, shape.inputs, shape.activation);
  for (int input = 0; input < shape.inputs; ++input) {
    mixer.inputs()[input] = heard.data() + input * kStride;
  }
  wetprint::Mix& mix = mixer.mix();
  mix.inputs = mixer.inputs().data();
  mix.add = gated ? nullptr : added.data();
  mix.output = wet.data();
  mix.total = total.data();
  mix.add_stride = mix.output_stride = mix.total_stride = kStride;
  level.playing.mix(mix, shape.frames);
  for (int frame = 0; frame < shape.frames; ++frame) {
    std::vector<double> sums(biases.begin(), biases.end());
    for (int row = 0; row < shape.rows; ++row) {
      if (!gated) sums[row] += added[row * kStride + frame];
      for (int input = 0; input < shape.inputs; ++input) {
        sums[row] += static_cast<double>(weights[row * shape.inputs + input]) *
                     heard[input * kStride + frame];
      }
    }
    for (int row = 0; row < outputs; ++row) {
      const double wanted = applied(sums, row, shape.activation);
      CHECK(std::abs(wet[row * kStride + frame] - wanted) < 2e-5 + 1e-5 * std::abs(wanted));
      CHECK(std::abs(total[row * kStride + frame] - wanted - 1.0) < 3e-5 + 1e-5 * std::abs(wanted));
    }
  }
}

}  // namespace

int main() {
  constexpr MixActivation kinds[] = {MixActivation::none, MixActivation::tanh, MixActivation::gated,
                                  MixActivation::leaky_relu};
  for (const char* name : {"baseline", "avx2", "avx512"}) {
    const wetprint::Kernels* level = wetprint::kernels_of(name);
    for (int rows = 1; level && rows <= 18; ++rows) {
      for (const MixActivation kind : kinds) {
        const int step = kind == MixActivation::gated ? 2 : 1;
        for (const int frames : {1, 7, 8, 33, 64}) {
          agrees_with_sums(*level, {rows * step, 1 + rows % 5, frames, kind});
        }
      }
    }
  }
  return failures != 0;
}
