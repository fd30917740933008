// A network of diagonal state spaces; see src/wetprint/blocks/state_space.py. Playing runs the
// recursion of every mode, sample by sample.
#include <algorithm>
#include <cmath>
#include <complex>

#include "cpu/kernels.h"
#include "cpu/resonance.h"
#include "playing/blocks.h"
#include "playing/constant.h"
#include "playing/mixer.h"
#include "playing/temporal_film.h"

namespace wetprint::playing {
namespace {

constexpr double kSlowest = 1e-7, kFastest = 50.0;  // nepers per sample, as the twin holds them
constexpr double kLeastLogStep = -16.0, kMostLogStep = 4.0;
constexpr double kMostLogDecay = 9.0;

struct Shape {
  int channels_in, width, states, layers, film_samples;
};

// One state space for each channel. The modes of a channel lie together, each kind of number in a
// run of its own.
class Spaces {
 public:
  Spaces(Plan& plan, const std::string& prefix, const Shape& shape)
      : states_(shape.states),
        padded_((shape.states + kModeQuantum - 1) / kModeQuantum * kModeQuantum) {
    const int width = shape.width;
    const auto& steps = plan.weights.take(prefix + "log_step", {width});
    const auto& decays = plan.weights.take(prefix + "log_decay", {width, states_});
    const auto& frequencies = plan.weights.take(prefix + "frequency", {width, states_});
    const auto& mix = plan.weights.take(prefix + "mix", {width, states_, 2});
    const auto& direct = plan.weights.take(prefix + "direct", {width});
    const std::int64_t doubles = std::int64_t{width} * padded_ * kNumbers;
    plan.budget.take(2 * doubles);
    numbers_.resize(static_cast<std::size_t>(doubles));
    std::size_t mode = 0;
    for (int channel = 0; channel < width; ++channel) {
      const std::size_t at = static_cast<std::size_t>(channel);
      const double step = std::exp(std::clamp<double>(steps[at], kLeastLogStep, kMostLogStep));
      for (int state = 0; state < states_; ++state, ++mode) {
        const double decay =
            std::exp(std::clamp<double>(decays[mode], -kMostLogDecay, kMostLogDecay));
        const std::complex<double> log(-std::clamp(step * decay, kSlowest, kFastest),
                                       step * frequencies[mode]);
        const std::complex<double> pole = std::exp(log);
        const std::complex<double> mixed(mix[2 * mode], mix[2 * mode + 1]);
        set(channel, state, pole, 2.0 * mixed * step * (pole - 1.0) / log);
      }
      channels_.push_back({padded_, at_run(channel, kPoleReal), at_run(channel, kPoleImaginary),
                           at_run(channel, kWeightReal), at_run(channel, kWeightImaginary),
                           at_run(channel, kReal), at_run(channel, kImaginary), direct[at]});
    }
  }

  // Takes the state that hearing `constant` for ever leaves, and returns what it becomes.
  float settle(int channel, float constant) {
    const Resonance& modes = channels_[static_cast<std::size_t>(channel)];
    double heard = modes.direct * constant;
    for (int mode = 0; mode < states_; ++mode) {
      const std::complex<double> pole(modes.pole_real[mode], modes.pole_imaginary[mode]);
      const std::complex<double> state = double{constant} / (1.0 - pole);
      modes.real[mode] = state.real();
      modes.imaginary[mode] = state.imag();
      heard += modes.weight_real[mode] * state.real() - modes.weight_imaginary[mode] * state.imag();
    }
    return static_cast<float>(heard);
  }

  void process(int channel, float* samples, int frames) const noexcept {
    kernels().playing.resonate(channels_[static_cast<std::size_t>(channel)], samples, frames);
  }

 private:
  enum Number { kPoleReal, kPoleImaginary, kWeightReal, kWeightImaginary, kReal, kImaginary,
                kNumbers };
  static_assert(kMostFrames <= kMostResonantFrames);

  double* at_run(int channel, Number number) {
    return numbers_.data() + (std::ptrdiff_t{channel} * kNumbers + number) * padded_;
  }

  void set(int channel, int state, std::complex<double> pole, std::complex<double> weight) {
    at_run(channel, kPoleReal)[state] = pole.real();
    at_run(channel, kPoleImaginary)[state] = pole.imag();
    at_run(channel, kWeightReal)[state] = weight.real();
    at_run(channel, kWeightImaginary)[state] = weight.imag();
  }

  int states_, padded_;
  std::vector<double> numbers_;
  std::vector<Resonance> channels_;
};

struct Layer {
  Mixer linear;
  Spaces spaces;
  std::vector<float> residual;
};

class StateSpace : public Block {
 public:
  explicit StateSpace(Plan& plan) : StateSpace(plan, read_shape(plan.settings)) {}

  int channels_in() const override { return shape_.channels_in; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out,
              std::int64_t start_sample) override {
    Constant silence(silence_in, shape_.channels_in);
    play(silence.dry(), silence.wet(), 1, true, start_sample);
    silence.tell(silence_out, channels_out_);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    play(inputs, outputs, frames, false, 0);
  }

 private:
  static Shape read_shape(Settings& settings) {
    return {settings.number("channels_in", {1, kMostChannels}, 1),
            settings.number("width", {1, 1024}, 16), settings.number("states", {1, 1024}, 32),
            settings.number("layers", {1, 64}, 8),
            settings.number("film_samples", {0, kLongestMemory}, 0)};
  }

  StateSpace(Plan& plan, Shape shape)
      : shape_(shape),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)),
        lift_(plan.budget, plan.weights.take("lift.weight", {shape.width, shape.channels_in, 1}),
              plan.weights.take("lift.bias", {shape.width}), shape.channels_in),
        hidden_(plan.budget, std::int64_t{shape.width} * kMostFrames),
        heard_(plan.budget, std::int64_t{shape.width} * kMostFrames),
        wet_(plan.budget, std::int64_t{kMostChannels} * kMostFrames),
        tanh_(plan.budget, {1.0f}, {}, 1, MixActivation::tanh),
        mix_down_(plan.budget,
                  plan.weights.take_with_dry(plan.settings.flag("skip", true), shape.channels_in,
                                             channels_out_, shape.width),
                  plan.weights.take("mix_down.bias", {channels_out_}),
                  shape.width + shape.channels_in) {
    for (int index = 0; index < shape.layers; ++index) {
      const std::string name = "layers." + std::to_string(index) + ".";
      layers_.push_back(
          {Mixer(plan.budget, plan.weights.take(name + "linear.weight", {shape.width, shape.width, 1}),
                 plan.weights.take(name + "linear.bias", {shape.width}), shape.width,
                 MixActivation::tanh),
           Spaces(plan, name + "spaces.", shape),
           plan.weights.take(name + "residual", {shape.width})});
      if (shape.film_samples > 0) {
        films_.emplace_back(plan, name + "film.", shape.width, shape.film_samples);
      }
    }
    connect(lift_, hidden_);
    connect(mix_down_, wet_);
    hear_hidden(mix_down_);
    for (Layer& layer : layers_) {
      connect(layer.linear, heard_);
      hear_hidden(layer.linear);
    }
  }

  static void connect(Mixer& mixer, Floats& rows) {
    mixer.mix().output = rows.data();
    mixer.mix().output_stride = kMostFrames;
  }

  void hear_hidden(Mixer& mixer) {
    for (int row = 0; row < shape_.width; ++row) {
      mixer.inputs()[static_cast<std::size_t>(row)] = hidden_.data() + row * kMostFrames;
    }
  }

  void play(const float* const* dry, float* const* wet, int frames, bool settles,
            std::int64_t start_sample) noexcept {
    std::copy_n(dry, shape_.channels_in, lift_.inputs().data());
    lift_.play(frames);
    for (std::size_t at = 0; at < layers_.size(); ++at) {
      Layer& layer = layers_[at];
      layer.linear.play(frames);
      for (int channel = 0; channel < shape_.width; ++channel) {
        float* heard = heard_.data() + channel * kMostFrames;
        if (settles) {
          heard[0] = layer.spaces.settle(channel, heard[0]);
        } else {
          layer.spaces.process(channel, heard, frames);
        }
      }
      if (!films_.empty() && settles) films_[at].settle(heard_.data(), kMostFrames, start_sample);
      if (!films_.empty() && !settles) films_[at].process(heard_.data(), kMostFrames, frames);
      for (int channel = 0; channel < shape_.width; ++channel) finish(layer, channel, frames);
    }
    std::copy_n(dry, shape_.channels_in, mix_down_.inputs().data() + shape_.width);
    mix_down_.play(frames);
    for (int channel = 0; channel < channels_out_; ++channel) {
      std::copy_n(wet_.data() + channel * kMostFrames, frames, wet[channel]);
    }
  }

  // What a channel's state space gave, bent, and what the layer heard beside it.
  void finish(const Layer& layer, int channel, int frames) noexcept {
    float* hidden = hidden_.data() + channel * kMostFrames;
    float bent[kMostFrames];
    tanh_.inputs()[0] = heard_.data() + channel * kMostFrames;
    tanh_.mix().output = bent;
    tanh_.mix().output_stride = kMostFrames;
    tanh_.play(frames);
    const float gain = layer.residual[static_cast<std::size_t>(channel)];
    for (int frame = 0; frame < frames; ++frame) hidden[frame] = gain * hidden[frame] + bent[frame];
  }

  Shape shape_;
  int channels_out_;
  Mixer lift_;
  Floats hidden_, heard_, wet_;
  Mixer tanh_;
  std::vector<Layer> layers_;
  std::vector<TemporalFilm> films_;  // one a layer, or none
  Mixer mix_down_;
};

}  // namespace

std::unique_ptr<Block> build_state_space(Plan& plan) { return std::make_unique<StateSpace>(plan); }

}  // namespace wetprint::playing
