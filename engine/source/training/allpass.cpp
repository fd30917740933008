#include "training/allpass.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "training/threads.h"

namespace wetprint {

namespace {

using Doubles = std::vector<double>;

struct Row {
  Row(const AllpassCascade& cascade, int row)
      : stages(cascade.stages), samples(cascade.samples), turn(cascade.turn + row * cascade.samples),
        spread(cascade.spread + std::ptrdiff_t{row} * stages, cascade.spread + std::ptrdiff_t{row + 1} * stages),
        feedback(cascade.feedback[row]) {}

  double coefficient(std::ptrdiff_t t, int stage) const {
    return allpass_coefficient(turn[t], spread[static_cast<std::size_t>(stage)]);
  }

  int stages;
  std::ptrdiff_t samples;
  const float* turn;
  Doubles spread;
  double feedback;
};

// Every input and output of the cascade's stages, from the past on: (samples + 1, stages + 1).
Doubles signals_of(const Row& row, const float* x, const float* memory) {
  const auto width = static_cast<std::size_t>(row.stages + 1);
  Doubles state(memory, memory + width), signals(state);
  signals.reserve((static_cast<std::size_t>(row.samples) + 1) * width);
  for (std::ptrdiff_t t = 0; t < row.samples; ++t) {
    play_allpass_sample(x[t], row.turn[t], row.spread.data(), row.stages, row.feedback, state.data());
    signals.insert(signals.end(), state.begin(), state.end());
  }
  return signals;
}

void row_backward(const Row& row, const float* x, const float* memory, const float* to_y, float* to_x,
                  float* to_turn, float* to_spread, float* to_feedback) {
  const int stages = row.stages;
  const Doubles signals = signals_of(row, x, memory);
  Doubles later(static_cast<std::size_t>(stages) + 1, 0.0), spread_sum(later);
  double feedback_sum = 0.0;
  for (std::ptrdiff_t t = row.samples - 1; t >= 0; --t) {
    const double* before = signals.data() + t * (stages + 1);
    const double* now = before + stages + 1;
    double reached = to_y[t] + later[static_cast<std::size_t>(stages)], turn_sum = 0.0, carried = 0.0;
    for (int stage = stages - 1; stage >= 0; --stage) {
      const auto k = static_cast<std::size_t>(stage);
      const double a = row.coefficient(t, stage), s = row.spread[k], u = row.turn[t];
      const double to_a = reached * (now[stage] - before[stage + 1]);
      const double scale = 1.0 / ((1.0 + u * s) * (1.0 + u * s));
      turn_sum += to_a * (1.0 - s * s) * scale;
      spread_sum[k] += to_a * (1.0 - u * u) * scale;
      later[k + 1] = carried - a * reached;
      carried = reached;
      reached = later[k] + a * reached;
    }
    const bool is_held = std::fabs(before[stages]) > kLoudestReturn;
    later[0] = carried;
    if (!is_held) later[static_cast<std::size_t>(stages)] += row.feedback * reached;
    feedback_sum += reached * held_return(before[stages]);
    to_x[t] = static_cast<float>(reached);
    to_turn[t] = static_cast<float>(turn_sum);
  }
  for (int stage = 0; stage < stages; ++stage) to_spread[stage] = static_cast<float>(spread_sum[static_cast<std::size_t>(stage)]);
  *to_feedback = static_cast<float>(feedback_sum);
}

// Tangents of every stage's output side by side, so that the columns fill the vectors.
class Tangents {
 public:
  Tangents(int stages, int directions)
      : stages_(stages), directions_(directions), columns_(directions + 1 + stages),
        before_(static_cast<std::size_t>((stages + 1) * columns_)), now_(static_cast<std::size_t>(columns_)),
        next_(now_) {}

  int columns() const { return columns_; }

  void enter(double feedback, double returned) {
    const float* last = column(stages_);
    for (int c = 0; c < columns_; ++c) now_[static_cast<std::size_t>(c)] = static_cast<float>(feedback) * last[c];
    now_[static_cast<std::size_t>(directions_)] += static_cast<float>(returned);
  }

  // `reach` is how much the stage's output changes with its u.
  void pass(int stage, float coefficient, float reach, const float* direction) {
    float* entered = column(stage);
    const float* left = column(stage + 1);
    float *now = now_.data(), *next = next_.data();
    for (int c = 0; c < columns_; ++c) next[c] = coefficient * (now[c] - left[c]) + entered[c];
    for (int c = 0; c < directions_; ++c) next[c] += reach * direction[c];
    next[directions_ + 1 + stage] += reach;
    std::copy(now, now + columns_, entered);
    now_.swap(next_);
  }

  void leave(float* tangents) {
    std::copy(now_.begin(), now_.end(), column(stages_));
    std::copy(now_.begin(), now_.end(), tangents);
  }

 private:
  float* column(int stage) { return before_.data() + std::ptrdiff_t{stage} * columns_; }

  int stages_, directions_, columns_;
  std::vector<float> before_, now_, next_;
};

}  // namespace

void play_allpass(const AllpassCascade& cascade, const float* x, float* memory, float* y, int threads) {
  in_parallel(cascade.rows, threads, [&](int number, int) {
    const Row row(cascade, number);
    const std::ptrdiff_t at = number * row.samples;
    float* past = memory + std::ptrdiff_t{number} * (row.stages + 1);
    Doubles state(past, past + row.stages + 1);
    for (std::ptrdiff_t t = 0; t < row.samples; ++t) {
      y[at + t] = static_cast<float>(play_allpass_sample(x[at + t], row.turn[t], row.spread.data(), row.stages,
                                                         row.feedback, state.data()));
    }
    std::transform(state.begin(), state.end(), past, [](double value) { return static_cast<float>(value); });
  });
}

void play_allpass_backward(const AllpassCascade& cascade, const float* x, const float* memory, const float* to_y,
                           const AllpassGradients& to, int threads) {
  in_parallel(cascade.rows, threads, [&](int number, int) {
    const Row row(cascade, number);
    const std::ptrdiff_t at = number * row.samples, stage = std::ptrdiff_t{number} * row.stages;
    row_backward(row, x + at, memory + stage + number, to_y + at, to.x + at, to.turn + at, to.spread + stage,
                 to.feedback + number);
  });
}

void allpass_tangents(const AllpassCascade& cascade, const float* x, const float* memory, int count,
                      const float* directions, float* tangents) {
  const Row row(cascade, 0);
  Doubles state(memory, memory + row.stages + 1), before(state);
  Tangents carried(row.stages, count);
  for (std::ptrdiff_t t = 0; t < row.samples; ++t) {
    before = state;
    play_allpass_sample(x[t], row.turn[t], row.spread.data(), row.stages, row.feedback, state.data());
    carried.enter(row.feedback, before[static_cast<std::size_t>(row.stages)]);
    for (int stage = 0; stage < row.stages; ++stage) {
      const auto k = static_cast<std::size_t>(stage);
      const double a = row.coefficient(t, stage);
      carried.pass(stage, static_cast<float>(a), static_cast<float>(0.5 * (1.0 - a * a) * (state[k] - before[k + 1])),
                   directions + t * count);
    }
    carried.leave(tangents + t * carried.columns());
  }
}

}  // namespace wetprint
