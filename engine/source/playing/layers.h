// Dilated causal convolutions one after the other, as `dilated` and `wavenet` are made of.
#pragma once

#include <string>
#include <vector>

#include "playing/block.h"
#include "playing/history.h"
#include "playing/mixer.h"
#include "playing/temporal_film.h"

namespace wetprint::playing {

struct LayersShape {
  int channels_in;  // rows of the dry signal, which layers may hear again
  int width;
  int kernel_size;
  std::vector<int> dilations;
  MixActivation activation;
  bool mixin;
  int film_samples = 0;  // of a block in which temporal FiLM stands still; 0 where there is none
};

// The names of the activations that layers know, in the order of layers_activation().
const std::vector<std::string>& layers_activations();
MixActivation layers_activation(int index);

class Layers {
 public:
  // `prefix` is where the weights are: "layers.", say. Throws ModelError.
  Layers(Plan& plan, const std::string& prefix, const LayersShape& shape);

  // Where the first layer's input is to be written: rows of kMostFrames, `stride()` apart.
  float* next() { return layers_.front().past.next(); }
  std::ptrdiff_t stride() { return layers_.front().past.stride(); }

  // Runs every layer on frames that were written at next(). Each layer's activations are added to
  // `total`, rows kMostFrames apart, unless it is null; what is modulated has no total. When
  // `settles`, the first input of each layer becomes all of its past as well, and modulation begins
  // at an absolute time.
  void process(const float* const* dry, float* total, int frames, bool settles,
               std::int64_t start_sample = 0);

  // The last layer's residual sum of what was last processed: rows kMostFrames apart.
  const float* residual() const { return residual_.data(); }

 private:
  struct Layer {
    int dilation;
    History past;
    Mixer filter, residual;
  };

  void connect(Layer& layer, const float* const* dry);

  LayersShape shape_;
  std::vector<Layer> layers_;
  std::vector<TemporalFilm> films_;  // one a layer, or none
  Floats active_, residual_;
};

}  // namespace wetprint::playing
