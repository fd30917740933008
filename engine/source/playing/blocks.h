// What builds each kind of block. Every builder throws ModelError where settings or weights do not
// fit.
#pragma once

#include <memory>

#include "playing/block.h"

namespace wetprint::playing {

std::unique_ptr<Block> build_amplitude_modulation(Plan& plan);
std::unique_ptr<Block> build_biquads(Plan& plan);
std::unique_ptr<Block> build_compressor(Plan& plan);
std::unique_ptr<Block> build_crossfaded_delay(Plan& plan);
std::unique_ptr<Block> build_delay(Plan& plan);
std::unique_ptr<Block> build_dilated(Plan& plan);
std::unique_ptr<Block> build_echo(Plan& plan);
std::unique_ptr<Block> build_envelope_filter(Plan& plan);
std::unique_ptr<Block> build_film_dilated(Plan& plan);
std::unique_ptr<Block> build_fir(Plan& plan);
std::unique_ptr<Block> build_gain(Plan& plan);
std::unique_ptr<Block> build_gru(Plan& plan);
std::unique_ptr<Block> build_high_pass(Plan& plan);
std::unique_ptr<Block> build_lstm(Plan& plan);
std::unique_ptr<Block> build_modulated_delay(Plan& plan);
std::unique_ptr<Block> build_moving_fir(Plan& plan);
std::unique_ptr<Block> build_mu_law_wavenet(Plan& plan);
std::unique_ptr<Block> build_octave_divider(Plan& plan);
std::unique_ptr<Block> build_parallel(Plan& plan);
std::unique_ptr<Block> build_pitch_shifter(Plan& plan);
std::unique_ptr<Block> build_periodic_filter(Plan& plan);
std::unique_ptr<Block> build_phaser(Plan& plan);
std::unique_ptr<Block> build_power(Plan& plan);
std::unique_ptr<Block> build_state_space(Plan& plan);
std::unique_ptr<Block> build_wavenet(Plan& plan);
std::unique_ptr<Block> build_waveshaper(Plan& plan);
std::unique_ptr<Block> build_window_cnn(Plan& plan);

}  // namespace wetprint::playing
