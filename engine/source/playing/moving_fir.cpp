// An impulse response that moves in a cycle, as wetprint/blocks/moving_fir.py says it: every sample
// is sent through the responses of four moments of the cycle around the one it enters at, weighted
// by cubic B-splines, at a fraction of the sample rate between two low-passes.
//
// The weights belong to the input. So a stretch of input is weighted for each moment it touches,
// transformed once for each, and multiplied by all partitions of that moment's response into sums
// that wait in a ring for the time they are heard at. The first partition is convolved directly, as
// nothing may be late; the second is due at once; all others have the next stretch's time, over
// which their work is spread.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"
#include "playing/spectra.h"

namespace wetprint::playing {
namespace {

constexpr int kSupport = 4;  // of a cubic B-spline, in knots
constexpr int kLobes = 12;   // of the low-passes; they and the next two are the twin's
constexpr double kCutoff = 0.9;
constexpr double kKaiserBeta = 6.0;
constexpr int kStretch = 64;  // low samples that are transformed together
constexpr std::int64_t kMostWeights = std::int64_t{1} << 27;
constexpr double kPi = 3.14159265358979323846;

// The modified Bessel function of the first kind, of order zero (Abramowitz and Stegun 9.6.12).
double bessel(double x) {
  double term = 1.0, sum = 1.0;
  for (int k = 1; term > 1e-18 * sum; ++k) {
    term *= (0.5 * x / k) * (0.5 * x / k);
    sum += term;
  }
  return sum;
}

std::vector<double> low_pass(int decimation) {
  if (decimation == 1) return {1.0};
  const int half = kLobes * decimation;
  std::vector<double> taps;
  double sum = 0.0;
  for (int n = -half; n <= half; ++n) {
    const double angle = kPi * kCutoff / decimation * n, edge = static_cast<double>(n) / half;
    const double sinc = n == 0 ? 1.0 : std::sin(angle) / angle;
    taps.push_back(sinc * bessel(kKaiserBeta * std::sqrt(std::max(0.0, 1.0 - edge * edge))));
    sum += taps.back();
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

// When a low sample entered: the first of the four moments it belongs to, and its weight for each.
struct Entry {
  std::int64_t knot = 0;
  int phase = 0;  // of that knot: which of the responses it has
  float weights[kSupport] = {};
};

class MovingFir : public Block {
 public:
  explicit MovingFir(Plan& plan)
      : period_(plan.settings.real("period_samples", 1.0, kLongestMemory, 0.0)),
        phases_(plan.settings.number("phases", {1, 1 << 16})),
        decimation_(plan.settings.number("decimation", {1, 64}, 1)),
        taps_(plan.settings.number("taps", {1, kLongestMemory / decimation_})),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)),
        partitions_(static_cast<int>((taps_ + kStretch - 1) / kStretch)) {
    if (period_ < static_cast<double>(phases_) * decimation_) {
      plan.settings.refuse("period_samples is less than phases x decimation");
    }
    if (channels_out_ * std::int64_t{phases_} * taps_ > kMostWeights) {
      plan.settings.refuse("it has too many responses");
    }
    const std::vector<double> taps = low_pass(decimation_);
    low_pass_.assign(taps.begin(), taps.end());
    const auto filter = static_cast<std::int64_t>(low_pass_.size());
    spectra_ = Spectra(plan.budget, kStretch);
    heard_ = Floats(plan.budget, 2 * filter);
    wet_ = Floats(plan.budget, channels_out_ * 2 * kWetLength);
    head_ = Floats(plan.budget, std::int64_t{channels_out_} * phases_ * kStretch);
    waiting_ = Floats(plan.budget, channels_out_ * partitions_ * kSpectrum);
    due_ = Floats(plan.budget, channels_out_ * kStretch);
    responses_ = Floats(plan.budget, std::int64_t{channels_out_} * phases_ * partitions_ * kSpectrum);
    transform_responses(plan.weights.take("responses", {channels_out_, phases_, taps_}));
  }

  int channels_in() const override { return 1; }
  int channels_out() const override { return channels_out_; }

  // What a constant becomes moves on: the last of it is what is said to have become of it.
  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    const std::int64_t delay = std::int64_t{decimation_ > 1 ? kLobes : 0} * decimation_;
    const std::int64_t past =
        silence_in[0] == 0.0f ? 2 * delay + 1 : (taps_ - 1) * std::int64_t{decimation_} + 4 * delay + 1;
    clear(start_sample - past);
    std::fill_n(silence_out, channels_out_, 0.0f);
    for (std::int64_t sample = 0; sample < past; ++sample) play(silence_in[0], silence_out);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      float played[kMostChannels];
      play(inputs[0][frame], played);
      for (int out = 0; out < channels_out_; ++out) outputs[out][frame] = played[out];
    }
  }

 private:
  static constexpr int kSpectrum = 2 * kStretch;
  static constexpr int kWetLength = 2 * kLobes + 1;
  static constexpr int kHistory = 2 * kStretch;
  static constexpr int kMostKnots = kHistory + kSupport;  // a sample or more apart

  std::int64_t row(int out, std::int64_t phase) const { return out * std::int64_t{phases_} + phase; }
  float* response(int out, std::int64_t phase, int partition) {
    return responses_.data() + (row(out, phase) * partitions_ + partition) * kSpectrum;
  }
  float* waiting(int out, int partition) {
    return waiting_.data() + (std::int64_t{out} * partitions_ + partition) * kSpectrum;
  }

  void transform_responses(const std::vector<float>& values) {
    const std::vector<float> nothing(kStretch);
    for (std::int64_t each = 0; each < std::int64_t{channels_out_} * phases_; ++each) {
      const float* taps = values.data() + each * taps_;
      std::copy_n(taps, std::min<std::int64_t>(taps_, kStretch), head_.data() + each * kStretch);
      for (int partition = 1; partition < partitions_; ++partition) {
        const std::int64_t begin = std::int64_t{partition} * kStretch;
        float part[kStretch] = {};
        for (std::int64_t tap = begin; tap < std::min(taps_, begin + kStretch); ++tap) {
          part[tap - begin] = taps[tap] / kStretch;  // of the inverse transform
        }
        spectra_.forward(part, nothing.data(),
                         responses_.data() + (each * partitions_ + partition) * kSpectrum);
      }
    }
  }

  void clear(std::int64_t start_sample) {
    time_ = start_sample;
    position_ = slot_ = 0;
    products_ = done_ = 0;
    for (Floats* each : {&heard_, &wet_, &waiting_, &due_}) {
      std::fill_n(each->data(), each->size(), 0.0f);
    }
    std::fill_n(low_, kHistory, 0.0f);
    heard_at_ = wet_at_ = 0;
    // what was not heard enters nowhere, but may not enter far from here either
    std::fill_n(entries_, kHistory, entry_of(floor_divide(time_, decimation_)));
  }

  static std::int64_t floor_divide(std::int64_t of, std::int64_t by) {
    return of / by - (of % by < 0 ? 1 : 0);
  }

  Entry entry_of(std::int64_t low_sample) const {
    const double spacing = period_ / phases_;
    const int delay = decimation_ > 1 ? kLobes : 0;
    const double position = static_cast<double>((low_sample - delay) * decimation_) / spacing;
    const double before = std::floor(position), part = position - before, rest = 1.0 - part;
    Entry entry;
    entry.knot = static_cast<std::int64_t>(before) - 1;
    entry.phase = phase_of(entry.knot);
    entry.weights[0] = static_cast<float>(rest * rest * rest / 6.0);
    entry.weights[1] = static_cast<float>(2.0 / 3.0 - part * part + part * part * part / 2.0);
    entry.weights[2] = static_cast<float>(2.0 / 3.0 - rest * rest + rest * rest * rest / 2.0);
    entry.weights[3] = static_cast<float>(part * part * part / 6.0);
    return entry;
  }

  int phase_of(std::int64_t knot) const {
    return static_cast<int>(knot - floor_divide(knot, phases_) * phases_);
  }

  void play(float sample, float* played) {
    const int filter = static_cast<int>(low_pass_.size());
    heard_at_ = heard_at_ == 0 ? filter - 1 : heard_at_ - 1;  // newest first, written twice
    heard_[heard_at_] = heard_[heard_at_ + filter] = sample;
    const auto part = static_cast<int>(time_ - floor_divide(time_, decimation_) * decimation_);
    if (part == 0) play_low();
    ++time_;
    for (int out = 0; out < channels_out_; ++out) {
      const float* wet = wet_.data() + out * 2 * kWetLength + wet_at_;
      float sum = 0.0f;
      for (int tap = part, age = 0; tap < filter; tap += decimation_, ++age) {
        sum += low_pass_[static_cast<std::size_t>(tap)] * wet[age];
      }
      played[out] = sum * static_cast<float>(decimation_);
    }
  }

  // One sample of the low rate: in, through the first partition, and out together with what is due.
  void play_low() {
    const float* heard = heard_.data() + heard_at_;
    float sum = 0.0f;
    for (std::size_t tap = 0; tap < low_pass_.size(); ++tap) sum += low_pass_[tap] * heard[tap];
    const int now = kStretch + position_;
    low_[now] = sum;
    entries_[now] = entry_of(floor_divide(time_, decimation_));
    wet_at_ = wet_at_ == 0 ? kWetLength - 1 : wet_at_ - 1;
    for (int out = 0; out < channels_out_; ++out) {
      float* wet = wet_.data() + out * 2 * kWetLength;
      wet[wet_at_] = wet[wet_at_ + kWetLength] = due_[out * kStretch + position_] + play_head(out, now);
    }
    ++position_;
    run(products_ * position_ / kStretch);
    if (position_ == kStretch) finish_stretch();
  }

  float play_head(int out, int now) const {
    float sum = 0.0f;
    for (int tap = 0; tap < kStretch; ++tap) {
      const Entry& entry = entries_[now - tap];
      int phase = entry.phase;
      float response = 0.0f;
      for (int each = 0; each < kSupport; ++each) {
        response += entry.weights[each] * head_[row(out, phase) * kStretch + tap];
        phase = phase + 1 == phases_ ? 0 : phase + 1;
      }
      sum += low_[now - tap] * response;
    }
    return sum;
  }

  // Transforms the stretch that is complete, and fetches what is due in the next.
  void finish_stretch() {
    first_knot_ = entries_[0].knot;
    knots_ = static_cast<int>(entries_[kHistory - 1].knot - first_knot_) + kSupport;
    for (int knot = 0; knot < knots_ && partitions_ > 1; ++knot) {
      transform_heard(knot);
      add_product(knot, 1);
    }
    slot_ = later_slot(1);
    for (int out = 0; out < channels_out_; ++out) {
      spectra_.inverse(waiting(out, slot_), due_.data() + std::ptrdiff_t{out} * kStretch);
      std::fill_n(waiting(out, slot_), kSpectrum, 0.0f);
    }
    std::copy_n(low_ + kStretch, kStretch, low_);
    std::copy_n(entries_ + kStretch, kStretch, entries_);
    position_ = 0;
    products_ = std::int64_t{knots_} * std::max(0, partitions_ - 2);
    done_ = 0;
  }

  void transform_heard(int knot) {
    float weighted[kHistory];
    for (int sample = 0; sample < kHistory; ++sample) {
      const std::int64_t each = first_knot_ + knot - entries_[sample].knot;
      const bool is_touched = each >= 0 && each < kSupport;
      weighted[sample] = is_touched ? low_[sample] * entries_[sample].weights[each] : 0.0f;
    }
    spectra_.forward(weighted, weighted + kStretch, transformed_[knot]);
  }

  // The stretch was complete one slot ago once slot_ has moved on.
  void run(std::int64_t target) {
    for (; done_ < target; ++done_) {
      const auto knot = static_cast<int>(done_ / (partitions_ - 2));
      add_product(knot, static_cast<int>(done_ % (partitions_ - 2)) + 2, 1);
    }
  }

  void add_product(int knot, int partition, int slots_since = 0) {
    const int phase = phase_of(first_knot_ + knot);
    for (int out = 0; out < channels_out_; ++out) {
      spectra_.multiply(transformed_[knot], response(out, phase, partition),
                        waiting(out, later_slot(partition - slots_since)));
    }
  }

  int later_slot(int slots) const {
    const int later = slot_ + slots;
    return later < partitions_ ? later : later - partitions_;
  }

  double period_;
  int phases_, decimation_;
  std::int64_t taps_;
  int channels_out_, partitions_;
  std::vector<float> low_pass_;
  Spectra spectra_;
  Floats head_, responses_;        // the first partition of each response; spectra of the others
  Floats heard_, wet_;             // what the low-passes still need
  Floats waiting_, due_;           // spectra by the stretch they are heard in; the present stretch
  float low_[kHistory] = {};       // the stretch before this one, and this one
  Entry entries_[kHistory] = {};
  alignas(64) float transformed_[kMostKnots][kSpectrum] = {};  // the last stretch, for each knot
  std::int64_t first_knot_ = 0;    // that it touched
  int knots_ = 0;
  std::int64_t products_ = 0, done_ = 0;  // of that stretch, to be spread over this one
  std::int64_t time_ = 0;
  int heard_at_ = 0, wet_at_ = 0, position_ = 0, slot_ = 0;
};

}  // namespace

std::unique_ptr<Block> build_moving_fir(Plan& plan) { return std::make_unique<MovingFir>(plan); }

}  // namespace wetprint::playing
