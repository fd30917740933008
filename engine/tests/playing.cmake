# Tests of playing.
add_engine_test(json)
add_engine_test(mix)
add_engine_test(model_file)
add_engine_test(player)
add_engine_test(recurrent)
add_engine_test(transform)

# C allocations of the engine are counted too, where the linker can redirect them.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_compile_definitions(test_player PRIVATE WETPRINT_WRAPS_MALLOC)
  target_link_options(test_player PRIVATE LINKER:--wrap=malloc,--wrap=calloc,--wrap=realloc)
endif()
