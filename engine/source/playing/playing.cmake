# Playing: the model file, the blocks, the player; and the program that needs no Python.
set(PLAYING ${CMAKE_CURRENT_LIST_DIR})
target_sources(wetprint_engine PRIVATE
  ${PLAYING}/amplitude_modulation.cpp
  ${PLAYING}/biquads.cpp
  ${PLAYING}/cell.cpp
  ${PLAYING}/chain.cpp
  ${PLAYING}/compressor.cpp
  ${PLAYING}/crossfaded_delay.cpp
  ${PLAYING}/delay.cpp
  ${PLAYING}/dilated.cpp
  ${PLAYING}/fft.cpp
  ${PLAYING}/echo.cpp
  ${PLAYING}/envelope_filter.cpp
  ${PLAYING}/fir.cpp
  ${PLAYING}/gain.cpp
  ${PLAYING}/grain_reader.cpp
  ${PLAYING}/high_pass.cpp
  ${PLAYING}/json.cpp
  ${PLAYING}/layer_array.cpp
  ${PLAYING}/layers.cpp
  ${PLAYING}/mixer.cpp
  ${PLAYING}/model_file.cpp
  ${PLAYING}/modulated_delay.cpp
  ${PLAYING}/moving_fir.cpp
  ${PLAYING}/mu_law_wavenet.cpp
  ${PLAYING}/octave_divider.cpp
  ${PLAYING}/parallel.cpp
  ${PLAYING}/partitions.cpp
  ${PLAYING}/phases.cpp
  ${PLAYING}/pitch_shifter.cpp
  ${PLAYING}/periodic_filter.cpp
  ${PLAYING}/phaser.cpp
  ${PLAYING}/player.cpp
  ${PLAYING}/power.cpp
  ${PLAYING}/recurrent.cpp
  ${PLAYING}/registry.cpp
  ${PLAYING}/series.cpp
  ${PLAYING}/settings.cpp
  ${PLAYING}/spectra.cpp
  ${PLAYING}/state_space.cpp
  ${PLAYING}/temporal_film.cpp
  ${PLAYING}/wavenet.cpp
  ${PLAYING}/waveshaper.cpp
  ${PLAYING}/window_cnn.cpp
  ${PLAYING}/weights.cpp)

# gcc 12 sees overlap in any "text" + std::string (https://gcc.gnu.org/PR105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(wetprint_options INTERFACE -Wno-restrict)
endif()

add_executable(wetprint-play player/main.cpp player/wav.cpp)
target_link_libraries(wetprint-play PRIVATE wetprint_engine wetprint_options)
if(SKBUILD)
  install(TARGETS wetprint-play DESTINATION ${SKBUILD_SCRIPTS_DIR})
else()
  include(GNUInstallDirs)
  install(TARGETS wetprint-play DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
