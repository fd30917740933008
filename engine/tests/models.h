// Small models, written as files are, for the tests to play, to cut and to damage.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using Bytes = std::vector<unsigned char>;
using Shape = std::vector<int>;

inline std::string in_quotes(const std::string& text) {
  std::string quoted = "\"";
  for (const char sign : text) {
    if (sign == '"' || sign == '\\') quoted += '\\';
    quoted += sign;
  }
  return quoted += '"';
}

class ModelWriter {
 public:
  ModelWriter(int channels_in, int channels_out, int latency_samples = 0)
      : outside_(R"("format_version":1,"sample_rate":48000,"learned_from":{},"verdict":{"esr":0.01},)"
                 R"("settings":{"seed":3},"channels_in":)" + std::to_string(channels_in) +
                 R"(,"channels_out":)" + std::to_string(channels_out) + R"(,"latency_samples":)" +
                 std::to_string(latency_samples)) {}

  void block(const std::string& name, const std::string& config) {
    chain_ += (blocks_++ ? "," : "") + std::string(R"({"block":")") + name + R"(","config":)" +
              config + "}";
  }

  // A weight of the block that was named last, drawn from -size to size.
  void weight(const std::string& name, const Shape& shape, float size) {
    std::size_t count = 1;
    std::string dimensions;
    for (const int each : shape) {
      count *= static_cast<std::size_t>(each);
      dimensions += (dimensions.empty() ? "" : ",") + std::to_string(each);
    }
    const std::size_t begin = values_.size() * sizeof(float);
    std::uniform_real_distribution<float> draw(-size, size);
    for (std::size_t index = 0; index < count; ++index) values_.push_back(draw(random_));
    tensors_ += "," + in_quotes("blocks." + std::to_string(blocks_ - 1) + "." + name) +
                R"(:{"dtype":"F32","shape":[)" + dimensions + R"(],"data_offsets":[)" +
                std::to_string(begin) + "," + std::to_string(values_.size() * sizeof(float)) + "]}";
  }

  std::string header() const { return "{" + outside_ + R"(,"chain":[)" + chain_ + "]}"; }

  Bytes bytes() const { return bytes(header()); }

  // The same weights under another header.
  Bytes bytes(const std::string& header) const {
    const std::string text =
        R"({"__metadata__":{"wetprint":)" + in_quotes(header) + "}" + tensors_ + "}";
    const std::uint64_t length = text.size();
    Bytes made(sizeof length + text.size() + values_.size() * sizeof(float));
    std::memcpy(made.data(), &length, sizeof length);
    std::memcpy(made.data() + sizeof length, text.data(), text.size());
    if (!values_.empty()) {
      std::memcpy(made.data() + sizeof length + text.size(), values_.data(),
                  values_.size() * sizeof(float));
    }
    return made;
  }

 private:
  std::string outside_, chain_, tensors_;
  std::vector<float> values_;
  int blocks_ = 0;
  std::mt19937 random_{7};
};

inline void add_gain(ModelWriter& model, int channels) {
  model.block("gain", R"({"channels":)" + std::to_string(channels) + "}");
  model.weight("gain", {channels}, 2.0f);
}

inline void add_delay(ModelWriter& model, int samples, int channels) {
  model.block("delay", R"({"samples":)" + std::to_string(samples) + R"(,"channels":)" +
                           std::to_string(channels) + "}");
}

inline void add_fir(ModelWriter& model, int taps, int channels_in, int channels_out) {
  model.block("fir", R"({"taps":)" + std::to_string(taps) + R"(,"channels_in":)" +
                         std::to_string(channels_in) + R"(,"channels_out":)" +
                         std::to_string(channels_out) + "}");
  model.weight("response", {channels_out, channels_in, taps}, 0.1f);
}

inline void add_layers(ModelWriter& model, const std::string& prefix, int width, int layers,
                       int channels_in, bool gated, bool mixin) {
  const int filters = gated ? 2 * width : width;
  for (int layer = 0; layer < layers; ++layer) {
    const std::string name = prefix + std::to_string(layer) + ".";
    model.weight(name + "conv.weight", {filters, width, 3}, 0.4f);
    model.weight(name + "conv.bias", {filters}, 0.4f);
    if (mixin) model.weight(name + "mixin.weight", {filters, channels_in, 1}, 0.4f);
    model.weight(name + "residual.weight", {width, width, 1}, 0.4f);
    model.weight(name + "residual.bias", {width}, 0.4f);
  }
}

inline void add_moving_fir(ModelWriter& model, int phases, int taps, int decimation, int out) {
  const auto set = [](const char* key, int value) {
    return ",\"" + std::string(key) + "\":" + std::to_string(value);
  };
  model.block("moving_fir", R"({"period_samples":4321.5)" + set("phases", phases) +
                                set("taps", taps) + set("decimation", decimation) +
                                set("channels_out", out) + "}");
  model.weight("responses", {out, phases, taps}, 0.1f);
}

inline void add_film(ModelWriter& model, const std::string& prefix, int width) {
  model.weight(prefix + "cell.weight_ih_l0", {8 * width, width}, 0.4f);
  model.weight(prefix + "cell.weight_hh_l0", {8 * width, 2 * width}, 0.4f);
  model.weight(prefix + "cell.bias_ih_l0", {8 * width}, 0.4f);
  model.weight(prefix + "cell.bias_hh_l0", {8 * width}, 0.4f);
}

inline void add_film_dilated(ModelWriter& model, int width) {
  model.block("film_dilated", R"({"width":)" + std::to_string(width) +
                                  R"(,"kernel_size":3,"dilations":[1,70],"activation":"gated",)"
                                  R"("film_samples":100,"channels_in":1,"channels_out":1,)"
                                  R"("skip":true})");
  model.weight("lift.weight", {width, 1, 1}, 0.4f);
  model.weight("lift.bias", {width}, 0.4f);
  add_layers(model, "layers.", width, 2, 1, true, false);
  for (const std::string layer : {"0", "1"}) add_film(model, "layers." + layer + ".film.", width);
  model.weight("mix_down.weight", {1, width, 1}, 0.4f);
  model.weight("mix_down.bias", {1}, 0.4f);
  model.weight("dry_gain", {}, 1.0f);
}

inline void add_dilated(ModelWriter& model, int width, int channels_in, int channels_out,
                        const std::string& activation, const std::string& head, bool mixin) {
  model.block("dilated", R"({"channels_in":)" + std::to_string(channels_in) +
                             R"(,"channels_out":)" + std::to_string(channels_out) +
                             R"(,"width":)" + std::to_string(width) +
                             R"(,"kernel_size":3,"dilations":[1,5,90],"activation":")" + activation +
                             R"(","head":")" + head + R"(","input_mixin":)" +
                             (mixin ? "true" : "false") + R"(,"skip":true})");
  model.weight("lift.weight", {width, channels_in, 1}, 0.4f);
  model.weight("lift.bias", {width}, 0.4f);
  add_layers(model, "layers.", width, 3, channels_in, activation == "gated", mixin);
  model.weight("mix_down.weight", {channels_out, width, 1}, 0.4f);
  model.weight("mix_down.bias", {channels_out}, 0.4f);
  model.weight("dry_gain", {}, 1.0f);
}

inline void add_wavenet(ModelWriter& model) {
  model.block("wavenet", R"({"channels_in":1,"arrays":[)"
                         R"({"width":4,"head_width":2,"dilations":[1,2,64],"kernel_size":3,)"
                         R"("activation":"tanh","head_bias":false},)"
                         R"({"width":2,"head_width":1,"dilations":[3],"kernel_size":3,)"
                         R"("activation":"tanh","head_bias":true}]})");
  model.weight("arrays.0.lift.weight", {4, 1, 1}, 0.4f);
  add_layers(model, "arrays.0.layers.", 4, 3, 1, false, true);
  model.weight("arrays.0.head.weight", {2, 4, 1}, 0.4f);
  model.weight("arrays.1.lift.weight", {2, 4, 1}, 0.4f);
  add_layers(model, "arrays.1.layers.", 2, 1, 1, false, true);
  model.weight("arrays.1.head.weight", {1, 2, 1}, 0.4f);
  model.weight("arrays.1.head.bias", {1}, 0.4f);
  model.weight("head_scale", {}, 1.0f);
}

inline void add_recurrent(ModelWriter& model, const std::string& kind, int units, int channels_in,
                          int channels_out, int layers = 1) {
  const int rows = (kind == "lstm" ? 4 : 3) * units;
  model.block(kind, R"({"units":)" + std::to_string(units) + R"(,"channels_in":)" +
                        std::to_string(channels_in) + R"(,"channels_out":)" +
                        std::to_string(channels_out) + R"(,"layers":)" + std::to_string(layers) +
                        R"(,"skip":true})");
  for (int layer = 0; layer < layers; ++layer) {
    const std::string end = "_l" + std::to_string(layer);
    model.weight("cell.weight_ih" + end, {rows, layer == 0 ? channels_in : units}, 0.4f);
    model.weight("cell.weight_hh" + end, {rows, units}, 0.4f);
    model.weight("cell.bias_ih" + end, {rows}, 0.4f);
    model.weight("cell.bias_hh" + end, {rows}, 0.4f);
  }
  model.weight("mix_down.weight", {channels_out, units, 1}, 0.4f);
  model.weight("mix_down.bias", {channels_out}, 0.4f);
  model.weight("dry_gain", {}, 1.0f);
}

inline void add_state_space(ModelWriter& model, int width, int states, int layers,
                            int channels_in, int channels_out, int film_samples) {
  const auto set = [](const char* key, int value) {
    return "\"" + std::string(key) + "\":" + std::to_string(value) + ",";
  };
  model.block("state_space", "{" + set("width", width) + set("states", states) +
                                 set("layers", layers) + set("channels_in", channels_in) +
                                 set("channels_out", channels_out) +
                                 set("film_samples", film_samples) + R"("skip":true})");
  model.weight("lift.weight", {width, channels_in, 1}, 0.4f);
  model.weight("lift.bias", {width}, 0.4f);
  for (int layer = 0; layer < layers; ++layer) {
    const std::string name = "layers." + std::to_string(layer) + ".";
    model.weight(name + "linear.weight", {width, width, 1}, 0.4f);
    model.weight(name + "linear.bias", {width}, 0.4f);
    model.weight(name + "spaces.log_step", {width}, 3.0f);
    model.weight(name + "spaces.log_decay", {width, states}, 3.0f);
    model.weight(name + "spaces.frequency", {width, states}, 3.0f);
    model.weight(name + "spaces.mix", {width, states, 2}, 0.4f);
    model.weight(name + "spaces.direct", {width}, 0.4f);
    model.weight(name + "residual", {width}, 1.0f);
    if (film_samples > 0) add_film(model, name + "film.", width);
  }
  model.weight("mix_down.weight", {channels_out, width, 1}, 0.4f);
  model.weight("mix_down.bias", {channels_out}, 0.4f);
  model.weight("dry_gain", {}, 1.0f);
}

inline void add_mu_law_wavenet(ModelWriter& model) {
  model.block("mu_law_wavenet", R"({"width":4,"head_width":3,"kernel_size":3,"dilations":[1,2,64],)"
                                R"("steps":9,"reach":0.5,"channels_in":1,"channels_out":2})");
  model.weight("array.lift.weight", {4, 1, 1}, 0.4f);
  add_layers(model, "array.layers.", 4, 3, 1, true, true);
  model.weight("array.head.weight", {3, 4, 1}, 0.4f);
  model.weight("array.head.bias", {3}, 0.4f);
  model.weight("choice.weight", {18, 3, 1}, 1.0f);
  model.weight("choice.bias", {18}, 1.0f);
}

inline void add_window_cnn(ModelWriter& model) {
  model.block("window_cnn", R"({"filters":[3,4],"kernel_size":5,"pool_every":1,"places":7,)"
                            R"("hidden":[6],"channels_in":2,"channels_out":1})");
  model.weight("convolutions.0.weight", {3, 2, 5}, 0.4f);
  model.weight("convolutions.0.bias", {3}, 0.4f);
  model.weight("convolutions.1.weight", {4, 3, 5}, 0.4f);
  model.weight("convolutions.1.bias", {4}, 0.4f);
  model.weight("connected.0.weight", {6, 4, 7}, 0.4f);
  model.weight("connected.0.bias", {6}, 0.4f);
  model.weight("connected.1.weight", {1, 6, 1}, 0.4f);
  model.weight("connected.1.bias", {1}, 0.4f);
}

inline void add_curve(ModelWriter& model) {
  model.block("waveshaper", R"({"intervals":8,"reach":0.5,"channels":1})");
  model.weight("coefficients", {11}, 1.0f);
}

inline void add_high_pass(ModelWriter& model) {
  model.block("high_pass", R"({"channels":1})");
  model.weight("pole", {}, 0.99f);
}

inline void add_biquads(ModelWriter& model) {
  model.block("biquads", R"({"sections":2,"channels":1})");
  for (const char* name : {"frequency_log", "damping_log"}) model.weight(name, {2}, -2.0f);
  for (const char* name : {"low", "band", "high"}) model.weight(name, {2}, 0.7f);
}

inline void add_octave_divider(ModelWriter& model) {
  model.block("octave_divider",
              R"({"lowpass":0.1,"highpass":0.001,"compared_lowpass":0.3,"held_slow_share":0.5,"attack":0.02,)"
              R"("release":0.01,"ratio":0.9,"threshold":0.001,"inverted":true,"starts_at":2,)"
              R"("order":3,"second_order":2,"reach":0.5,"taps":7})");
  model.weight("steady", {3}, 0.3f);
  model.weight("switched", {3}, 1.0f);
  model.weight("response", {7}, 0.2f);
  model.weight("second_steady", {2}, 0.1f);
  model.weight("second_switched", {2}, 0.7f);
}

inline void add_pitch_shifter(ModelWriter& model, double ratio, int window, int hop) {
  model.block("pitch_shifter", R"({"ratio":)" + std::to_string(ratio) + R"(,"window_samples":)" +
                                   std::to_string(window) + R"(,"hop_samples":)" +
                                   std::to_string(hop) + R"(,"free_bins":3,"lock_reach_bins":4,)"
                                   R"("transient_share":0.3,"pause_hops":4,"delay_samples":5,)"
                                   R"("channels":1})");
}

inline void add_phaser(ModelWriter& model, int stages, int channels_in, int channels_out) {
  model.block("phaser", R"({"period_samples":1234.5,"knots":6,"stages":)" + std::to_string(stages) +
                            R"(,"channels_in":)" + std::to_string(channels_in) +
                            R"(,"channels_out":)" + std::to_string(channels_out) + "}");
  model.weight("curve", {channels_out, 6}, 5.0f);
  model.weight("spread", {channels_out, stages}, 0.5f);
  model.weight("feedback", {channels_out}, 0.9f);
}

inline void add_envelope_filter(ModelWriter& model, int sections, int channels) {
  model.block("envelope_filter", R"({"detection":"rms","ballistics":"decoupled","sections":)" +
                                     std::to_string(sections) + R"(,"knots":6,"lowest_db":-40.0,)" +
                                     R"("highest_db":0.0,"damping_terms":2,"mix_terms":3,"channels":)" +
                                     std::to_string(channels) + R"(,"link":"none"})");
  for (const char* name : {"window_log", "attack_log", "release_log", "smoothing_log"}) {
    model.weight(name, {}, 3.0f);
  }
  model.weight("log_cutoff", {6}, 4.0f);
  model.weight("log_damping", {2}, 0.5f);
  model.weight("mix", {1 + 2 * sections, 3}, 0.3f);
}

inline void add_periodic_filter(ModelWriter& model, int taps, int channels_in, int channels_out) {
  model.block("periodic_filter", R"({"period_samples":777.7,"knots":5,"taps":)" +
                                     std::to_string(taps) + R"(,"channels_in":)" +
                                     std::to_string(channels_in) + R"(,"channels_out":)" +
                                     std::to_string(channels_out) + "}");
  model.weight("response", {5, channels_out, channels_in, taps}, 0.1f);
}

inline void add_amplitude_modulation(ModelWriter& model) {
  model.block("amplitude_modulation",
              R"({"period_samples":97.3,"knots":5,"channels_in":1,"channels_out":2})");
  model.weight("gain", {2, 5}, 1.0f);
}

// A gain beside a filter of three taps and a gain.
inline void add_parallel(ModelWriter& model) {
  const std::string gain = R"({"block":"gain","config":{"channels":1}})";
  const std::string fir = R"({"block":"fir","config":{"taps":3,"channels_in":1,"channels_out":1}})";
  model.block("parallel", R"({"branches":[[)" + gain + "],[" + fir + "," + gain + "]]}");
  model.weight("branches.0.blocks.0.gain", {1}, 1.0f);
  model.weight("branches.1.blocks.0.response", {1, 1, 3}, 1.0f);
  model.weight("branches.1.blocks.1.gain", {1}, 1.0f);
}

// A filter and a curve to be heard through, a gain on the way back.
inline void add_echo(ModelWriter& model, int delay) {
  model.block("echo",
              R"({"delay_samples":)" + std::to_string(delay) +
                  R"(,"playback":[{"block":"fir","config":{"taps":3,"channels_in":1,)"
                  R"("channels_out":1}},{"block":"waveshaper","config":{"intervals":8,)"
                  R"("reach":0.5,"channels":1}}],"feedback":[{"block":"gain","config":)"
                  R"({"channels":1}}]})");
  model.weight("playback.blocks.0.response", {1, 1, 3}, 0.3f);
  model.weight("playback.blocks.1.coefficients", {11}, 0.3f);
  model.weight("feedback.blocks.0.gain", {1}, 0.5f);
}

struct Example {
  std::string name;
  ModelWriter model;
};

// Every kind of block, and a chain of all of them.
inline std::vector<Example> example_models() {
  std::vector<Example> made;
  const auto begin = [&made](const std::string& name, int in, int out, int latency = 0) -> auto& {
    made.push_back({name, ModelWriter(in, out, latency)});
    return made.back().model;
  };
  add_gain(begin("gain", 2, 2), 2);
  add_delay(begin("delay", 1, 1, 77), 77, 1);
  add_fir(begin("fir of one tap", 1, 1), 1, 1, 1);
  add_fir(begin("direct fir", 2, 1), 200, 2, 1);
  add_fir(begin("partitioned fir", 1, 2), 3000, 1, 2);
  add_moving_fir(begin("moving fir", 1, 2), 9, 300, 1, 2);
  add_moving_fir(begin("slow moving fir", 1, 1), 3, 40, 3, 1);
  add_dilated(begin("dilated tanh", 1, 1), 5, 1, 1, "tanh", "last", false);
  add_dilated(begin("dilated gated", 2, 1), 3, 2, 1, "gated", "accumulate", true);
  add_dilated(begin("dilated leaky", 1, 2), 16, 1, 2, "leaky_relu", "accumulate", true);
  add_wavenet(begin("wavenet", 1, 1));
  ModelWriter& stage = begin("curve and high-pass", 1, 1);
  add_curve(stage);
  add_high_pass(stage);
  add_biquads(stage);
  add_pitch_shifter(begin("pitch down", 1, 1), 0.5, 2048, 455);
  add_pitch_shifter(begin("pitch up", 1, 1), 1.5, 256, 40);
  add_amplitude_modulation(begin("amplitude modulation", 1, 2));
  add_parallel(begin("parallel", 1, 1));
  add_echo(begin("echo of the shortest delay", 1, 1), 64);
  add_echo(begin("echo", 1, 1), 777);
  add_recurrent(begin("lstm", 2, 1), "lstm", 5, 2, 1);
  add_recurrent(begin("gru", 1, 2), "gru", 20, 1, 2);
  add_recurrent(begin("stacked lstm", 1, 1), "lstm", 6, 1, 1, 3);
  add_octave_divider(begin("octave divider", 1, 2));
  add_phaser(begin("phaser", 1, 2), 7, 1, 2);
  add_envelope_filter(begin("envelope filter", 2, 2), 2, 2);
  add_periodic_filter(begin("periodic filter", 2, 1), 30, 2, 1);
  add_state_space(begin("state space", 1, 2), 3, 5, 2, 1, 2, 0);
  add_state_space(begin("modulated state space", 2, 1), 3, 9, 2, 2, 1, 77);
  add_film_dilated(begin("modulated dilated", 1, 1), 3);
  add_mu_law_wavenet(begin("mu-law wavenet", 1, 2));
  add_window_cnn(begin("window cnn", 2, 1));
  ModelWriter& chain = begin("chain", 1, 2, 9);
  add_delay(chain, 9, 1);
  add_wavenet(chain);
  add_dilated(chain, 4, 1, 1, "tanh", "last", true);
  add_fir(chain, 700, 1, 2);
  add_gain(chain, 2);
  return made;
}
