// The Python face of source/training.
#pragma once

#include <nanobind/nanobind.h>

void bind_stack(nanobind::module_& module);
void bind_rows(nanobind::module_& module);
void bind_allpass(nanobind::module_& module);
void bind_feedback_gain(nanobind::module_& module);
void bind_recurrent(nanobind::module_& module);
void bind_state_variable(nanobind::module_& module);
