# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: the executable with its model, one shared library with the public headers, and what
# find_package(Sterna) and pkg-config need.
include(GNUInstallDirs)
set(CMAKE_INSTALL_DOCDIR ${CMAKE_INSTALL_DATAROOTDIR}/doc/sterna)  # the package's name, not the project's
include(CMakePackageConfigHelpers)

# The rooms that define what include/sterna declares, whole; of the others what these call.
add_library(sterna_shared SHARED src/api/version.cc)
target_compile_definitions(sterna_shared PRIVATE STERNA_VERSION="${PROJECT_VERSION}")
add_library(sterna::sterna ALIAS sterna_shared)
set(porch_rooms sterna_base sterna_config sterna_memory sterna_monitor sterna_api)
foreach(room ${porch_rooms})
  list(APPEND porch_archives $<TARGET_FILE:${room}>)
endforeach()
target_link_options(sterna_shared PRIVATE LINKER:--whole-archive ${porch_archives} LINKER:--no-whole-archive)
target_link_libraries(sterna_shared PRIVATE sterna_options ${porch_rooms})
target_include_directories(sterna_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(sterna_shared INTERFACE cxx_std_20)
set_target_properties(sterna_shared PROPERTIES
  OUTPUT_NAME sterna EXPORT_NAME sterna LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

install(TARGETS sterna_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
install(TARGETS sterna_shared EXPORT SternaTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/sterna DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES models/sterna-dictionary-i2_s.gguf DESTINATION ${CMAKE_INSTALL_DATADIR}/sterna/models COMPONENT runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Sterna)
install(EXPORT SternaTargets NAMESPACE Sterna:: FILE SternaTargets.cmake DESTINATION ${package_folder})
configure_package_config_file(cmake/SternaConfig.cmake.in ${PROJECT_BINARY_DIR}/SternaConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/SternaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SternaConfig.cmake ${PROJECT_BINARY_DIR}/SternaConfigVersion.cmake
        DESTINATION ${package_folder})

configure_file(cmake/sterna.pc.in ${PROJECT_BINARY_DIR}/sterna.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sterna.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
