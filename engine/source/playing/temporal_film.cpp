#include "playing/temporal_film.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wetprint::playing {
namespace {

// As the twin has it: a constant is heard in stretches of so many blocks until the units stand still.
constexpr int kSettlingBlocks = 32, kMostStretches = 64;
constexpr float kStandsStill = 1e-6f;
constexpr float kNowhere = 2.0f;  // units show what lies between -1 and 1

Cell cell_of(Plan& plan, const std::string& prefix, int width) {
  const int units = 2 * width, rows = 4 * units;
  const CellWeights weights{plan.weights.take(prefix + "cell.weight_ih_l0", {rows, width}),
                            plan.weights.take(prefix + "cell.weight_hh_l0", {rows, units}),
                            plan.weights.take(prefix + "cell.bias_ih_l0", {rows}),
                            plan.weights.take(prefix + "cell.bias_hh_l0", {rows})};
  return Cell(plan.budget, CellKind::lstm, weights, width, units);
}

}  // namespace

TemporalFilm::TemporalFilm(Plan& plan, const std::string& prefix, int width, int block_samples)
    : width_(width),
      block_samples_(block_samples),
      cell_(cell_of(plan, prefix, width)),
      most_(plan.budget, width),
      moves_(plan.budget, 2 * std::int64_t{width}),
      before_(plan.budget, 2 * std::int64_t{width}) {}

void TemporalFilm::settle(float* rows, std::ptrdiff_t stride, std::int64_t start_sample) noexcept {
  cell_.forget();
  for (int row = 0; row < width_; ++row) most_[row] = rows[row * stride];
  std::fill_n(before_.data(), before_.size(), kNowhere);
  for (int stretch = 0; stretch < kMostStretches && !stands_still(); ++stretch) {
    for (int block = 0; block < kSettlingBlocks; ++block) step();
  }
  const std::int64_t begun = start_sample % block_samples_;
  heard_ = static_cast<int>(begun < 0 ? begun + block_samples_ : begun);
  if (heard_ == 0) begin_block();
  modulate(rows, stride, 1);
}

void TemporalFilm::process(float* rows, std::ptrdiff_t stride, int frames) noexcept {
  for (int done = 0; done < frames;) {
    const int now = std::min(frames - done, block_samples_ - heard_);
    for (int row = 0; row < width_; ++row) {
      const float* samples = rows + row * stride + done;
      most_[row] = std::max(most_[row], *std::max_element(samples, samples + now));
    }
    modulate(rows + done, stride, now);
    done += now;
    heard_ += now;
    if (heard_ == block_samples_) {
      step();
      begin_block();
    }
  }
}

void TemporalFilm::modulate(float* rows, std::ptrdiff_t stride, int frames) const noexcept {
  for (int row = 0; row < width_; ++row) {
    float* samples = rows + row * stride;
    const float scale = 1.0f + moves_[row], shift = moves_[width_ + row];
    for (int frame = 0; frame < frames; ++frame) samples[frame] = samples[frame] * scale + shift;
  }
}

void TemporalFilm::begin_block() noexcept {
  heard_ = 0;
  std::fill_n(most_.data(), most_.size(), -std::numeric_limits<float>::infinity());
}

void TemporalFilm::step() noexcept {
  cell_.step(most_.data());
  std::copy_n(cell_.hidden(), moves_.size(), moves_.data());
}

bool TemporalFilm::stands_still() noexcept {
  bool still = true;
  for (std::int64_t unit = 0; unit < moves_.size(); ++unit) {
    const float now = cell_.hidden()[unit];
    still = still && std::abs(now - before_[unit]) < kStandsStill;
    before_[unit] = now;
  }
  return still;
}

}  // namespace wetprint::playing
