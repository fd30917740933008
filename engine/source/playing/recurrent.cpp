// Recurrent layers, LSTM or GRU, mixed down to the channels out, with the dry signal beside them.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"
#include "playing/constant.h"
#include "playing/cell.h"
#include "playing/mixer.h"

namespace wetprint::playing {
namespace {

// Hidden units of the past frames stand as rows, so that the last mix is one of rows.
class Recurrent : public Block {
 public:
  Recurrent(Plan& plan, CellKind kind)
      : channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)),
        units_(plan.settings.number("units", {1, 1024})),
        cells_(make_cells(plan, kind)),
        rows_(plan.budget, std::int64_t{units_} * kMostFrames),
        wet_(plan.budget, kMostChannels * kMostFrames),
        settled_(plan.budget, static_cast<std::int64_t>(cells_.size()) * units_),
        mix_down_(make_mix_down(plan)) {
    for (int unit = 0; unit < units_; ++unit) {
      mix_down_.inputs()[unit] = rows_.data() + unit * kMostFrames;
    }
    mix_down_.mix().output = wet_.data();
    mix_down_.mix().output_stride = kMostFrames;
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    Constant silence(silence_in, channels_in_);
    for (Cell& cell : cells_) cell.forget();
    std::fill_n(settled_.data(), settled_.size(), kNowhere);
    for (int stretch = 0; stretch < kMostStretches && !stands_still(); ++stretch) {
      for (int block = 0; block < kStretchBlocks; ++block) {
        process(silence.dry(), silence.wet(), kMostFrames);
      }
    }
    silence.tell(silence_out, channels_out_, kMostFrames - 1);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      const float heard[] = {inputs[0][frame], inputs[channels_in_ - 1][frame]};
      const float* hidden = heard;
      for (Cell& cell : cells_) {
        cell.step(hidden);
        hidden = cell.hidden();
      }
      for (int unit = 0; unit < units_; ++unit) rows_[unit * kMostFrames + frame] = hidden[unit];
    }
    std::copy_n(inputs, channels_in_, mix_down_.inputs().data() + units_);
    mix_down_.play(frames);
    for (int channel = 0; channel < channels_out_; ++channel) {
      std::copy_n(wet_.data() + channel * kMostFrames, frames, outputs[channel]);
    }
  }

 private:
  // As the twin has it: silence is heard in stretches of 1024 samples until the units move by
  // rounding only; a recursion may never settle, then 65536 samples will do.
  static constexpr int kStretchBlocks = 1024 / kMostFrames, kMostStretches = 64;
  static constexpr float kStandsStill = 1e-6f;
  static constexpr float kNowhere = 2.0f;  // units show what lies between -1 and 1

  // Whether no unit has moved since this was last asked. (States that the units do not show move
  // them later, if at all.)
  bool stands_still() noexcept {
    bool still = true;
    std::int64_t at = 0;
    for (const Cell& cell : cells_) {
      for (int unit = 0; unit < units_; ++unit, ++at) {
        const float now = cell.hidden()[unit];
        still = still && std::abs(now - settled_[at]) < kStandsStill;
        settled_[at] = now;
      }
    }
    return still;
  }

  std::vector<Cell> make_cells(Plan& plan, CellKind kind) const {
    const int rows = (kind == CellKind::lstm ? 4 : 3) * units_;
    const int layers = plan.settings.number("layers", {1, 16}, 1);
    std::vector<Cell> cells;
    for (int layer = 0; layer < layers; ++layer) {
      const std::string end = "_l" + std::to_string(layer);
      const int inputs = layer == 0 ? channels_in_ : units_;
      const CellWeights weights{plan.weights.take("cell.weight_ih" + end, {rows, inputs}),
                                plan.weights.take("cell.weight_hh" + end, {rows, units_}),
                                plan.weights.take("cell.bias_ih" + end, {rows}),
                                plan.weights.take("cell.bias_hh" + end, {rows})};
      cells.emplace_back(plan.budget, kind, weights, inputs, units_);
    }
    return cells;
  }

  Mixer make_mix_down(Plan& plan) const {
    return Mixer(plan.budget, plan.weights.take_with_dry(plan.settings.flag("skip", true),
                                                         channels_in_, channels_out_, units_),
                 plan.weights.take("mix_down.bias", {channels_out_}), units_ + channels_in_);
  }

  int channels_in_, channels_out_, units_;
  std::vector<Cell> cells_;
  Floats rows_, wet_, settled_;
  Mixer mix_down_;
};

}  // namespace

std::unique_ptr<Block> build_lstm(Plan& plan) {
  return std::make_unique<Recurrent>(plan, CellKind::lstm);
}

std::unique_ptr<Block> build_gru(Plan& plan) {
  return std::make_unique<Recurrent>(plan, CellKind::gru);
}

}  // namespace wetprint::playing
