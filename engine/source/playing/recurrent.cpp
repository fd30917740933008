// One recurrent layer, LSTM or GRU, mixed down to the channels out, with the dry signal beside it.
#include <algorithm>

#include "playing/blocks.h"
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
        cell_(make_cell(plan, kind)),
        rows_(plan.budget, std::int64_t{units_} * kMostFrames),
        wet_(plan.budget, kMostChannels * kMostFrames),
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
    constexpr int kLongestBlocks = 1024;  // a recursion may never settle: 65536 samples will do
    float constants[kMostChannels][kMostFrames] = {}, became[kMostChannels][kMostFrames];
    for (int channel = 0; channel < channels_in_; ++channel) {
      std::fill_n(constants[channel], kMostFrames, silence_in[channel]);
    }
    const float* dry[] = {constants[0], constants[1]};
    float* wet[] = {became[0], became[1]};
    cell_.forget();
    for (int block = 0; block < kLongestBlocks; ++block) process(dry, wet, kMostFrames);
    for (int channel = 0; channel < channels_out_; ++channel) {
      silence_out[channel] = became[channel][kMostFrames - 1];
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      const float heard[] = {inputs[0][frame], inputs[channels_in_ - 1][frame]};
      cell_.step(heard);
      const float* hidden = cell_.hidden();
      for (int unit = 0; unit < units_; ++unit) rows_[unit * kMostFrames + frame] = hidden[unit];
    }
    std::copy_n(inputs, channels_in_, mix_down_.inputs().data() + units_);
    mix_down_.play(frames);
    for (int channel = 0; channel < channels_out_; ++channel) {
      std::copy_n(wet_.data() + channel * kMostFrames, frames, outputs[channel]);
    }
  }

 private:
  Cell make_cell(Plan& plan, CellKind kind) const {
    const int rows = (kind == CellKind::lstm ? 4 : 3) * units_;
    return Cell(plan.budget, kind,
                {plan.weights.take("cell.weight_ih_l0", {rows, channels_in_}),
                 plan.weights.take("cell.weight_hh_l0", {rows, units_}),
                 plan.weights.take("cell.bias_ih_l0", {rows}),
                 plan.weights.take("cell.bias_hh_l0", {rows})},
                channels_in_, units_);
  }

  Mixer make_mix_down(Plan& plan) const {
    return Mixer(plan.budget, plan.weights.take_with_dry(plan.settings.flag("skip", true),
                                                         channels_in_, channels_out_, units_),
                 plan.weights.take("mix_down.bias", {channels_out_}), units_ + channels_in_);
  }

  int channels_in_, channels_out_, units_;
  Cell cell_;
  Floats rows_, wet_;
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
