// Chains side by side: all hear the same, what they play is added up. A branch that looks ahead less
// than another hears everything as much later, so that all are late alike.
#include <algorithm>
#include <memory>
#include <vector>

#include "playing/blocks.h"
#include "playing/history.h"
#include "playing/series.h"

namespace wetprint::playing {
namespace {

constexpr int kMostBranches = 16;
constexpr int kDeepestNesting = 4;

class Parallel : public Block {
 public:
  explicit Parallel(Plan& plan) {
    const std::vector<Json>& branches = plan.settings.list("branches", {1, kMostBranches});
    if (plan.depth >= kDeepestNesting) plan.settings.refuse("parallel chains are nested too deeply");
    const std::string prefix = plan.prefix;
    for (const Json& branch : branches) {
      const std::string here = prefix + "branches." + std::to_string(branches_.size()) + ".blocks.";
      branches_.push_back(
          std::make_unique<Series>(branch, here, plan.weights, plan.budget, plan.depth + 1));
      if (branches_.back()->channels_in() != channels_in() ||
          branches_.back()->channels_out() != channels_out()) {
        plan.settings.refuse("its branches differ in their channels");
      }
    }
    past_ = History(plan.budget, channels_in(), most_waiting());
  }

  int channels_in() const override { return branches_.front()->channels_in(); }
  int channels_out() const override { return branches_.front()->channels_out(); }

  std::int64_t latency_samples() const override {
    std::int64_t least = branches_.front()->latency_samples();
    for (const auto& branch : branches_) least = std::min(least, branch->latency_samples());
    return least;
  }

  std::int64_t lookahead_samples() const override {
    std::int64_t most = 0;
    for (const auto& branch : branches_) most = std::max(most, branch->lookahead_samples());
    return most;
  }

  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    past_.hold(silence_in);
    float sum[kMostChannels] = {};
    for (const auto& branch : branches_) {
      float part[kMostChannels] = {};
      branch->settle(silence_in, part, start_sample - waiting(*branch));
      for (int channel = 0; channel < channels_out(); ++channel) sum[channel] += part[channel];
    }
    std::copy_n(sum, channels_out(), silence_out);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    past_.hear(inputs, frames);
    play_late(*branches_.front(), outputs, frames);
    float* rows[] = {room_[0], room_[1]};
    for (std::size_t next = 1; next < branches_.size(); ++next) {
      play_late(*branches_[next], rows, frames);
      for (int channel = 0; channel < channels_out(); ++channel) {
        for (int frame = 0; frame < frames; ++frame) outputs[channel][frame] += room_[channel][frame];
      }
    }
    past_.advance(frames);
  }

 private:
  std::int64_t waiting(const Series& branch) const { return lookahead_samples() - branch.lookahead_samples(); }

  std::int64_t most_waiting() const {
    std::int64_t most = 0;
    for (const auto& branch : branches_) most = std::max(most, waiting(*branch));
    return most;
  }

  void play_late(Series& branch, float* const* outputs, int frames) noexcept {
    const float* heard[kMostChannels];
    for (int channel = 0; channel < channels_in(); ++channel) {
      heard[channel] = past_.window(waiting(branch)) + channel * past_.stride();
    }
    branch.process(heard, outputs, frames);
  }

  std::vector<std::unique_ptr<Series>> branches_;
  History past_;
  alignas(64) float room_[kMostChannels][kMostFrames] = {};
};

}  // namespace

std::unique_ptr<Block> build_parallel(Plan& plan) { return std::make_unique<Parallel>(plan); }

}  // namespace wetprint::playing
