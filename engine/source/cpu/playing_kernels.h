// This level's inner loops of playing.
#pragma once

#include "cpu/mix.h"
#include "cpu/playing_table.h"
#include "cpu/recurrent_step.h"
#include "cpu/resonate.h"
#include "cpu/transform_passes.h"

namespace {

constexpr wetprint::PlayingKernels kPlaying = {
    .mix = mix,
    .forward_pass = forward_pass,
    .inverse_pass = inverse_pass,
    .multiply = multiply,
    .lstm = lstm,
    .gru = gru,
    .resonate = resonate,
};

}  // namespace
