// Weights of rows mixed into rows, in the order that the inner loop reads them (cpu/mix.h).
#pragma once

#include <vector>

#include "cpu/playing_table.h"
#include "playing/memory.h"

namespace wetprint::playing {

class Mixer {
 public:
  Mixer() = default;

  // `weights` holds rows x inputs numbers, `biases` one a row or none. When gated, the first half
  // of the rows are the signals and the second half their gates.
  Mixer(Budget& budget, const std::vector<float>& weights, const std::vector<float>& biases,
        int inputs, MixActivation activation = MixActivation::none);

  // Where the rows that are mixed stand; the order is the weights'.
  std::vector<const float*>& inputs() { return inputs_; }
  Mix& mix() { return mix_; }
  void play(int frames);

 private:
  std::vector<const float*> inputs_;
  Floats weights_, biases_;
  Mix mix_{};
};

}  // namespace wetprint::playing
