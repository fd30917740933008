#include "playing/weights.h"

#include "wetprint/player.h"

namespace wetprint::playing {

const std::vector<float>& Weights::take(const std::string& name,
                                        const std::vector<std::int64_t>& shape) {
  const std::string whole = prefix_ + name;
  const auto found = tensors_.find(whole);
  if (found == tensors_.end()) throw ModelError("the model lacks the weight '" + whole + "'");
  if (found->second.shape != shape) {
    throw ModelError("the weight '" + whole + "' is not of the shape that its block needs");
  }
  taken_.insert(whole);
  return found->second.values;
}

std::vector<float> Weights::take_with_dry(bool skips, int channels_in, int channels_out,
                                          int width) {
  const std::vector<float>& weights = take("mix_down.weight", {channels_out, width, 1});
  const float gain = skips ? take("dry_gain", {}).front() : 0.0f;
  const float share = channels_in > channels_out ? 0.5f : 1.0f;
  std::vector<float> rows;
  for (int out = 0; out < channels_out; ++out) {
    const auto begin = weights.begin() + std::ptrdiff_t{out} * width;
    rows.insert(rows.end(), begin, begin + width);
    for (int in = 0; in < channels_in; ++in) {
      const bool is_heard = channels_in != channels_out || in == out;
      rows.push_back(is_heard ? gain * share : 0.0f);
    }
  }
  return rows;
}

void Weights::finish() const {
  for (const auto& [name, unused] : tensors_) {
    if (!taken_.count(name)) {
      throw ModelError("the model has a stray weight '" + name.substr(0, 100) + "'");
    }
  }
}

}  // namespace wetprint::playing
