# SPDX-License-Identifier: Apache-2.0
# The one list of compiler options. Every Sterna target takes them from the interface target sterna_options.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

add_library(sterna_options INTERFACE)
target_include_directories(sterna_options INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_options(sterna_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  # The order of every float operation is part of the promise: no fusing of a*b+c that the source does not spell.
  -ffp-contract=off)
if(STERNA_WERROR)
  target_compile_options(sterna_options INTERFACE -Werror)
endif()
if(STERNA_SANITIZE)
  target_compile_options(sterna_options INTERFACE -fsanitize=${STERNA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(sterna_options INTERFACE -fsanitize=${STERNA_SANITIZE})
endif()
if(STERNA_BUILD_FUZZERS)
  # Every room counts its branches for the fuzzer; only the fuzzers themselves get libFuzzer's main.
  target_compile_options(sterna_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(STERNA_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(sterna_options INTERFACE STERNA_ENABLE_DCHECK)
endif()
