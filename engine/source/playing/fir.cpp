// An impulse response from each channel in to each channel out, of any length, without latency: its
// first taps in the time domain, the others in partitions that grow as there is more time for them.
#include <algorithm>

#include "playing/blocks.h"
#include "playing/history.h"
#include "playing/mixer.h"
#include "playing/partitions.h"

namespace wetprint::playing {
namespace {

constexpr int kShortest = kMostFrames;  // block of the first partitions
constexpr int kLongest = 1 << 14;       // beyond, longer FFTs save nothing
constexpr int kGrowth = 16;             // from one size of partition to the next
constexpr std::int64_t kDirectTaps = 256;  // up to here partitions save nothing

class Fir : public Block {
 public:
  explicit Fir(Plan& plan)
      : taps_(plan.settings.number("taps", {1, kLongestMemory})),
        channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)) {
    const auto& values = plan.weights.take("response", {channels_out_, channels_in_, taps_});
    const Responses responses{values, channels_out_, channels_in_, taps_};
    head_taps_ = taps_ <= kDirectTaps ? taps_ : 2 * kShortest;
    past_ = History(plan.budget, channels_in_, head_taps_ - 1);
    head_ = make_head(plan, responses);
    head_wet_ = Floats(plan.budget, kMostChannels * kMostFrames);
    add_partitions(plan, responses);
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int channel = 0; channel < channels_in_; ++channel) {
      std::fill_n(heard_.data() + channel * heard_length_, heard_length_, silence_in[channel]);
    }
    past_.hold(silence_in);
    heard_position_ = 0;
    for (Partitions& each : partitions_) each.settle(silence_in);
    for (int out = 0; out < channels_out_; ++out) {
      double became = 0.0;
      for (int in = 0; in < channels_in_; ++in) {
        became += silence_in[in] * gains_[static_cast<std::size_t>(out * channels_in_ + in)];
      }
      silence_out[out] = static_cast<float>(became);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    play_head(inputs, outputs, frames);
    if (partitions_.empty()) return;
    for (int done = 0; done < frames;) {  // up to the end of the shortest block at a time
      const int room = kShortest - static_cast<int>(heard_position_ & (kShortest - 1));
      const int count = std::min(room, frames - done);
      float* due[kMostChannels] = {};
      for (int out = 0; out < channels_out_; ++out) due[out] = outputs[out] + done;
      for (Partitions& each : partitions_) {
        if (each.is_at_block_start()) begin_block(each);
        each.process(due, count);
      }
      for (int in = 0; in < channels_in_; ++in) {
        std::copy_n(inputs[in] + done, count,
                    heard_.data() + in * heard_length_ + heard_position_);
      }
      heard_position_ = (heard_position_ + count) & (heard_length_ - 1);
      done += count;
    }
  }

 private:
  Mixer make_head(Plan& plan, const Responses& responses) {
    std::vector<float> rows;
    for (int out = 0; out < channels_out_; ++out) {
      for (int in = 0; in < channels_in_; ++in) {
        double gain = 0.0;
        for (std::int64_t tap = 0; tap < head_taps_; ++tap) {
          rows.push_back(responses.tap(out, in, tap));
        }
        for (std::int64_t tap = 0; tap < taps_; ++tap) gain += responses.tap(out, in, tap);
        gains_.push_back(gain);
      }
    }
    return Mixer(plan.budget, rows, {}, channels_in_ * static_cast<int>(head_taps_));
  }

  void add_partitions(Plan& plan, const Responses& responses) {
    for (int block = kShortest; head_taps_ < taps_; block *= kGrowth) {
      const std::int64_t next = std::int64_t{2} * block * kGrowth;
      const bool is_last = block * kGrowth > kLongest || next >= taps_;
      partitions_.emplace_back(plan.budget, responses, block, is_last ? taps_ : next);
      if (is_last) break;
    }
    // two blocks that are worked on, and a third that is being heard
    heard_length_ = partitions_.empty() ? 0 : 4 * partitions_.back().block_samples();
    heard_ = Floats(plan.budget, heard_length_ * channels_in_);
  }

  void begin_block(Partitions& partitions) {
    const float *older[kMostChannels] = {}, *newer[kMostChannels] = {};
    const std::int64_t block = partitions.block_samples(), mask = heard_length_ - 1;
    for (int in = 0; in < channels_in_; ++in) {
      const float* samples = heard_.data() + in * heard_length_;
      older[in] = samples + ((heard_position_ - 2 * block) & mask);
      newer[in] = samples + ((heard_position_ - block) & mask);
    }
    partitions.begin_block(older, newer);
  }

  void play_head(const float* const* inputs, float* const* outputs, int frames) {
    past_.hear(inputs, frames);
    const float** row = head_.inputs().data();
    for (int in = 0; in < channels_in_; ++in) {
      for (std::int64_t tap = 0; tap < head_taps_; ++tap) {
        *row++ = past_.window(tap) + in * past_.stride();
      }
    }
    head_.mix().output = head_wet_.data();
    head_.mix().output_stride = kMostFrames;
    head_.play(frames);
    for (int out = 0; out < channels_out_; ++out) {
      std::copy_n(head_wet_.data() + out * kMostFrames, frames, outputs[out]);
    }
    past_.advance(frames);
  }

  std::int64_t taps_, head_taps_ = 0;
  int channels_in_, channels_out_;
  History past_;
  Mixer head_;
  Floats head_wet_;
  std::vector<double> gains_;  // of each path
  std::vector<Partitions> partitions_;
  Floats heard_;  // a ring of each channel in
  std::int64_t heard_length_ = 0, heard_position_ = 0;
};

}  // namespace

std::unique_ptr<Block> build_fir(Plan& plan) { return std::make_unique<Fir>(plan); }

}  // namespace wetprint::playing
