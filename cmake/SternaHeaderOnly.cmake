# SPDX-License-Identifier: Apache-2.0
# Targets of header-only libraries for a cross build. The host's /usr/include as a whole would hide the target's C
# library, so each library's folder is linked into a folder of its own.

# sterna_header_only(fmt::fmt FOLDER fmt DEFINITIONS FMT_HEADER_ONLY)
function(sterna_header_only target)
  cmake_parse_arguments(ARG "" "FOLDER" "DEFINITIONS;LINKS" ${ARGN})
  if(TARGET ${target})
    return()
  endif()
  if(NOT IS_DIRECTORY /usr/include/${ARG_FOLDER})
    message(FATAL_ERROR "no folder /usr/include/${ARG_FOLDER}: install the library's Debian package (tools/bootstrap.sh build)")
  endif()
  set(includes ${PROJECT_BINARY_DIR}/header_only/${ARG_FOLDER})
  file(MAKE_DIRECTORY ${includes})
  file(CREATE_LINK /usr/include/${ARG_FOLDER} ${includes}/${ARG_FOLDER} SYMBOLIC)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE ${includes})
  target_compile_definitions(${target} INTERFACE ${ARG_DEFINITIONS})
  target_link_libraries(${target} INTERFACE ${ARG_LINKS})
endfunction()
