# SPDX-License-Identifier: Apache-2.0
# Functions that make the project's targets, so that each folder's CMakeLists.txt only names files and dependencies.

# sterna_room(base SOURCES a.cc b.cc DEPENDS fmt::fmt): static library sterna_<name>, alias sterna::<name>.
function(sterna_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(sterna_${name} STATIC ${ARG_SOURCES})
  add_library(sterna::${name} ALIAS sterna_${name})
  target_link_libraries(sterna_${name} PUBLIC sterna_options ${ARG_DEPENDS})
endfunction()

# sterna_test(gguf_reader_test LABELS unit SOURCES gguf_reader_test.cc DEPENDS sterna::format): one GoogleTest executable;
# every TEST becomes a CTest entry when ctest runs. Labels: unit, property, golden, e2e, slow; asan, tsan mark what the sanitizer jobs run.
function(sterna_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sterna_options GTest::gtest_main GTest::gmock ${ARG_DEPENDS})
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)  # tests of one name in several files are no fault
  target_compile_definitions(${name} PRIVATE STERNA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
                             STERNA_MODELS="${PROJECT_SOURCE_DIR}/models")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
  # PROPERTIES above is a flat list and cannot hold a list of labels; CTest runs this file after the one that finds the tests.
  set(labels_file ${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake)
  file(WRITE ${labels_file} "if(${name}_TESTS)\n  set_tests_properties(\${${name}_TESTS} PROPERTIES LABELS \"${ARG_LABELS}\")\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels_file})
  # tests-tsan and its kin: everything that the tests of one label need.
  foreach(label ${ARG_LABELS})
    if(NOT TARGET tests-${label})
      add_custom_target(tests-${label})
    endif()
    add_dependencies(tests-${label} ${name})
  endforeach()
endfunction()

# sterna_fuzzer(gguf_fuzzer SOURCES gguf_fuzzer.cc DEPENDS sterna::format): a libFuzzer executable in BUILD/fuzzers; its seeds
# lie in fuzz/corpus/gguf/.
function(sterna_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sterna_options ${ARG_DEPENDS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
endfunction()
