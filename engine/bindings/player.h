// The player's face in Python; its typed door is src/wetprint/engine/player.py.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "playing/registry.h"
#include "wetprint/player.h"

namespace wetprint {

using Audio = nanobind::ndarray<const float, nanobind::ndim<2>, nanobind::c_contig,
                                nanobind::device::cpu>;
using OwnAudio = nanobind::ndarray<nanobind::numpy, float, nanobind::ndim<2>>;

inline OwnAudio play(Player& player, const Audio& audio) {
  const auto channels = static_cast<std::size_t>(player.channels_out());
  const std::size_t frames = audio.shape(1);
  if (audio.shape(0) != static_cast<std::size_t>(player.channels_in())) {
    throw nanobind::value_error("the audio has another number of channels than the model");
  }
  auto* samples = new float[channels * frames];
  nanobind::capsule owner(samples, [](void* mine) noexcept { delete[] static_cast<float*>(mine); });
  const float* inputs[2] = {audio.data(), audio.data() + frames};
  float* outputs[2] = {samples, samples + frames};
  {
    nanobind::gil_scoped_release release;
    constexpr std::size_t kPiece = 1 << 16;
    for (std::size_t done = 0; done < frames; done += kPiece) {
      const float* from[2] = {inputs[0] + done, inputs[1] + done};
      float* to[2] = {outputs[0] + done, outputs[1] + done};
      player.process(from, to, static_cast<int>(std::min(kPiece, frames - done)));
    }
  }
  return OwnAudio(samples, {channels, frames}, owner);
}

inline Player player_of(const nanobind::bytes& model) {
  return Player::from_memory(model.c_str(), model.size());
}

inline std::vector<std::string> kinds_of_block() {
  std::vector<std::string> names;
  for (const auto& kind : playing::block_kinds()) names.push_back(kind.name);
  return names;
}

inline void bind_player(nanobind::module_& module) {
  nanobind::exception<ModelError>(module, "ModelError", PyExc_ValueError);
  module.def("block_kinds", kinds_of_block, "Return the names of the blocks that can be played.");
  nanobind::class_<Player>(module, "Player")
      .def(nanobind::new_(&player_of), nanobind::arg("model"))
      .def_prop_ro("sample_rate", &Player::sample_rate)
      .def_prop_ro("channels_in", &Player::channels_in)
      .def_prop_ro("channels_out", &Player::channels_out)
      .def_prop_ro("latency_samples", &Player::latency_samples)
      .def_prop_ro("lookahead_samples", &Player::lookahead_samples)
      .def("reset", &Player::reset, nanobind::arg("start_sample") = 0)
      .def("process", &play, nanobind::arg("audio"));
}

}  // namespace wetprint
