#include "playing/mixer.h"

#include <algorithm>

#include "cpu/kernels.h"

namespace wetprint::playing {
namespace {

// In which order rows are packed: as they are, or, when gated, two signals and then their gates.
std::vector<int> packed_rows(int rows, bool gated) {
  std::vector<int> order;
  const int step = gated ? kTileRows / 2 : kTileRows, outputs = gated ? rows / 2 : rows;
  for (int first = 0; first < outputs; first += step) {
    const int last = std::min(first + step, outputs);
    for (int row = first; row < last; ++row) order.push_back(row);
    for (int row = first; gated && row < last; ++row) order.push_back(outputs + row);
  }
  return order;
}

}  // namespace

Mixer::Mixer(Budget& budget, const std::vector<float>& weights, const std::vector<float>& biases,
             int inputs, MixActivation activation)
    : inputs_(static_cast<std::size_t>(inputs)),
      weights_(budget, static_cast<std::int64_t>(weights.size())),
      biases_(budget, static_cast<std::int64_t>(biases.size())) {
  const int rows = static_cast<int>(weights.size()) / inputs;
  const std::vector<int> order = packed_rows(rows, activation == MixActivation::gated);
  float* to = weights_.data();
  for (int first = 0; first < rows; first += kTileRows) {
    const int last = std::min(first + kTileRows, rows);
    for (int input = 0; input < inputs; ++input) {
      for (int row = first; row < last; ++row) {
        *to++ = weights[static_cast<std::size_t>(order[static_cast<std::size_t>(row)]) *
                            static_cast<std::size_t>(inputs) + static_cast<std::size_t>(input)];
      }
    }
  }
  for (std::size_t row = 0; row < biases.size(); ++row) {
    biases_[static_cast<std::int64_t>(row)] = biases[static_cast<std::size_t>(order[row])];
  }
  mix_.input_count = inputs;
  mix_.rows = rows;
  mix_.weights = weights_.data();
  mix_.biases = biases.empty() ? nullptr : biases_.data();
  mix_.activation = activation;
}

void Mixer::play(int frames) {
  mix_.inputs = inputs_.data();
  kernels().playing.mix(mix_, frames);
}

}  // namespace wetprint::playing
