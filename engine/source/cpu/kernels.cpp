// Compiled once for each level of processor (see CMakeLists.txt); WETPRINT_LEVEL names the level.
#include "cpu/kernels.h"

#include "cpu/activations.h"
#include "cpu/combine.h"
#include "cpu/correlate.h"
#include "cpu/playing_kernels.h"
#include "cpu/recurrent.h"
#include "cpu/simd.h"

#define WETPRINT_TEXT_(name) #name
#define WETPRINT_TEXT(name) WETPRINT_TEXT_(name)
#define WETPRINT_JOIN_(first, second) first##second
#define WETPRINT_JOIN(first, second) WETPRINT_JOIN_(first, second)

namespace wetprint {

extern const Kernels WETPRINT_JOIN(kernels_, WETPRINT_LEVEL);
const Kernels WETPRINT_JOIN(kernels_, WETPRINT_LEVEL) = {
    .level = WETPRINT_TEXT(WETPRINT_LEVEL),
    .lanes = kLanes,
    .combine = combine,
    .correlate = correlate,
    .sum_rows = sum_rows,
    .activate = activate,
    .activate_backward = activate_backward,
    .playing = kPlaying,
    .lstm_step = lstm_step,
    .lstm_step_backward = lstm_step_backward,
    .gru_step = gru_step,
    .gru_step_backward = gru_step_backward,
};

}  // namespace wetprint
