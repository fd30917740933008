// Hands out a model's weights by name; each must have the shape that the chain needs, and none may
// be left over.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "playing/model_file.h"

namespace wetprint::playing {

class Weights {
 public:
  explicit Weights(const std::map<std::string, Tensor>& tensors) : tensors_(tensors) {}

  // Names are looked up behind this from now on: "blocks.0." for the first block.
  void enter(std::string prefix) { prefix_ = std::move(prefix); }

  // Throws ModelError where there is no such tensor, or one of another shape.
  const std::vector<float>& take(const std::string& name, const std::vector<std::int64_t>& shape);

  // The rows of "mix_down.weight", (channels_out, width), each with the weights of the dry signal
  // behind it: "dry_gain" where the block skips, else 0. Mono goes to both sides, stereo is averaged.
  std::vector<float> take_with_dry(bool skips, int channels_in, int channels_out, int width);

  // Refuses tensors that nobody took.
  void finish() const;

 private:
  const std::map<std::string, Tensor>& tensors_;
  std::set<std::string> taken_;
  std::string prefix_;
};

}  // namespace wetprint::playing
