// Dilated layers with a lift before them and a head that mixes their summed activations.
#pragma once

#include <string>
#include <vector>

#include "playing/layers.h"

namespace wetprint::playing {

struct ArrayShape {
  LayersShape layers;
  int head_width;
  bool head_bias;
};

class LayerArray {
 public:
  // `prefix` is where the weights are; what the head returns is scaled. Throws ModelError.
  LayerArray(Plan& plan, const std::string& prefix, const ArrayShape& shape, int rows_in,
             float scale);

  // The rows that are lifted.
  std::vector<const float*>& inputs() { return lift_.inputs(); }
  // What the activations are added to: rows kMostFrames apart.
  Floats& total() { return total_; }
  const float* residual() const { return layers_.residual(); }

  // Runs the array; the head's rows are written to `heads`, kMostFrames apart.
  void process(const float* const* dry, float* heads, int frames, bool settles);

 private:
  Mixer make_head(Plan& plan, const std::string& prefix, float scale) const;

  ArrayShape shape_;
  Mixer lift_;
  Layers layers_;
  Floats total_;
  Mixer head_;
};

}  // namespace wetprint::playing
