#include "playing/registry.h"

#include "playing/blocks.h"

namespace wetprint::playing {

const std::vector<BlockKind>& block_kinds() {
  static const std::vector<BlockKind> kinds = {
      {"amplitude_modulation", build_amplitude_modulation},
      {"biquads", build_biquads},
      {"compressor", build_compressor},
      {"crossfaded_delay", build_crossfaded_delay},
      {"delay", build_delay},
      {"dilated", build_dilated},
      {"echo", build_echo},
      {"envelope_filter", build_envelope_filter},
      {"film_dilated", build_film_dilated},
      {"fir", build_fir},
      {"gain", build_gain},
      {"gru", build_gru},
      {"high_pass", build_high_pass},
      {"lstm", build_lstm},
      {"modulated_delay", build_modulated_delay},
      {"moving_fir", build_moving_fir},
      {"mu_law_wavenet", build_mu_law_wavenet},
      {"octave_divider", build_octave_divider},
      {"parallel", build_parallel},
      {"pitch_shifter", build_pitch_shifter},
      {"periodic_filter", build_periodic_filter},
      {"phaser", build_phaser},
      {"power", build_power},
      {"state_space", build_state_space},
      {"wavenet", build_wavenet},
      {"waveshaper", build_waveshaper},
      {"window_cnn", build_window_cnn},
  };
  return kinds;
}

const BlockKind& block_kind(const std::string& name) {
  for (const BlockKind& kind : block_kinds()) {
    if (kind.name == name) return kind;
  }
  throw ModelError("this player does not know the block '" + name.substr(0, 100) + "'");
}

}  // namespace wetprint::playing
