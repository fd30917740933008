#include "playing/partitions.h"

#include <algorithm>
#include <bit>

#include "cpu/kernels.h"

namespace wetprint::playing {
namespace {

constexpr int kTilePoints = 64;  // of one unit of work
constexpr int kTileLog2 = 6;

}  // namespace

Partitions::Partitions(Budget& budget, const Responses& responses, int block_samples,
                       std::int64_t end)
    : block_(block_samples),
      block_log2_(std::countr_zero(static_cast<unsigned>(block_samples))),
      tiles_log2_(block_log2_ - kTileLog2),
      channels_in_(responses.channels_in),
      channels_out_(responses.channels_out),
      count_(static_cast<int>((end - 2 * block_ + block_ - 1) / block_)),
      spectra_(budget, block_),
      sum_(budget, 2 * block_),
      responses_(budget, std::int64_t{2} * block_ * count_ * channels_in_ * channels_out_),
      heard_(budget, std::int64_t{2} * block_ * count_ * channels_in_),
      outputs_(budget, std::int64_t{2} * block_ * channels_out_),
      gains_(static_cast<std::size_t>(channels_in_ * channels_out_)) {
  const std::int64_t passes = spectra_.passes();
  const std::int64_t products = std::int64_t{count_} * channels_in_ * channels_out_;
  total_tiles_ = (passes * (channels_in_ + channels_out_) + products) << tiles_log2_;
  for (int out = 0; out < channels_out_; ++out) {
    for (int in = 0; in < channels_in_; ++in) {
      for (int partition = 0; partition < count_; ++partition) {
        transform_response(responses, out, in, partition, std::min(responses.taps, end));
      }
    }
  }
}

void Partitions::transform_response(const Responses& responses, int out, int in, int partition,
                                    std::int64_t end) {
  std::vector<float> taps(static_cast<std::size_t>(block_)), nothing(taps.size());
  double& gain = gains_[static_cast<std::size_t>(out * channels_in_ + in)];
  for (int n = 0; n < block_; ++n) {
    const std::int64_t index = std::int64_t{partition + 2} * block_ + n;
    const float tap = index < end ? responses.tap(out, in, index) : 0.0f;
    taps[static_cast<std::size_t>(n)] = tap / static_cast<float>(block_);  // of the inverse FFT
    gain += tap;
  }
  const std::int64_t path = std::int64_t{out} * channels_in_ + in;
  spectra_.forward(taps.data(), nothing.data(), spectrum(responses_, path * count_ + partition));
}

void Partitions::settle(const float* constants) {
  for (int in = 0; in < channels_in_; ++in) {
    std::fill_n(sum_.data(), block_, constants[in]);  // stands for both blocks of a constant
    float* first = spectrum(heard_, std::int64_t{in} * count_);
    spectra_.forward(sum_.data(), sum_.data(), first);
    for (int partition = 1; partition < count_; ++partition) {
      std::copy_n(first, 2 * block_, first + std::ptrdiff_t{partition} * 2 * block_);
    }
  }
  for (int out = 0; out < channels_out_; ++out) {
    double became = 0.0;
    for (int in = 0; in < channels_in_; ++in) {
      became += constants[in] * gains_[static_cast<std::size_t>(out * channels_in_ + in)];
    }
    std::fill_n(outputs_.data() + std::ptrdiff_t{out} * 2 * block_, 2 * block_,
                static_cast<float>(became));
  }
  position_ = 0;
  done_ = total_tiles_;
}

void Partitions::begin_block(const float* const* older, const float* const* newer) {
  run(total_tiles_);
  playing_ = 1 - playing_;
  newest_ = (newest_ + 1) % count_;
  std::copy_n(older, channels_in_, older_);
  std::copy_n(newer, channels_in_, newer_);
  done_ = 0;
}

void Partitions::process(float* const* outputs, int frames) {
  for (int out = 0; out < channels_out_; ++out) {
    const float* due = outputs_.data() + std::ptrdiff_t{2 * out + playing_} * block_ + position_;
    for (int frame = 0; frame < frames; ++frame) outputs[out][frame] += due[frame];
  }
  position_ += frames;
  run(total_tiles_ * position_ / block_);
  position_ &= block_ - 1;
}

void Partitions::run(std::int64_t target) {
  const std::int64_t mask = (std::int64_t{1} << tiles_log2_) - 1;
  for (; done_ < target; ++done_) {
    run_tile(done_ >> tiles_log2_, static_cast<int>(done_ & mask) * kTilePoints);
  }
}

// Passes in turn: for each channel in its transform; for each channel out, for each channel in, the
// products with every partition, and then the inverse transform.
void Partitions::run_tile(std::int64_t pass, int first) {
  const PlayingKernels& inner = kernels().playing;
  const std::int64_t passes = spectra_.passes();
  if (pass < passes * channels_in_) {
    const std::int64_t in = pass / passes;
    Transform transform = spectra_.transform_of(spectrum(heard_, in * count_ + newest_));
    transform.older = older_[in];
    transform.newer = newer_[in];
    inner.forward_pass(transform, static_cast<int>(pass % passes), first, kTilePoints);
    return;
  }
  pass -= passes * channels_in_;
  const std::int64_t products = std::int64_t{count_} * channels_in_;
  const std::int64_t out = pass / (products + passes), step = pass % (products + passes);
  if (step < products) {
    const std::int64_t in = step / count_, partition = step % count_;
    const std::int64_t age = newest_ - partition;
    const float* heard = spectrum(heard_, in * count_ + (age < 0 ? age + count_ : age)) + first;
    const float* response = spectrum(responses_, (out * channels_in_ + in) * count_ + partition);
    inner.multiply(heard, response + first, sum_.data() + first, block_, kTilePoints, step > 0);
    return;
  }
  Transform transform = spectra_.transform_of(sum_.data());
  transform.output = outputs_.data() + (2 * out + 1 - playing_) * block_;
  inner.inverse_pass(transform, static_cast<int>(step - products), first, kTilePoints);
}

}  // namespace wetprint::playing
