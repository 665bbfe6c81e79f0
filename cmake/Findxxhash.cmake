# SPDX-License-Identifier: Apache-2.0
# xxHash as a header (Debian: libxxhash-dev): the target xxhash::xxhash.
find_path(xxhash_INCLUDE_DIR xxhash.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(xxhash REQUIRED_VARS xxhash_INCLUDE_DIR)
if(xxhash_FOUND AND NOT TARGET xxhash::xxhash)
  add_library(xxhash::xxhash INTERFACE IMPORTED GLOBAL)
  target_include_directories(xxhash::xxhash INTERFACE ${xxhash_INCLUDE_DIR})
endif()
