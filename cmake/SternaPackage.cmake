# SPDX-License-Identifier: Apache-2.0
# What CPack makes: an archive that runs from any folder, and a Debian package with the service. Both hold the component
# `runtime`; headers and the library are for `cmake --install` (docs/library.md). docs/deploy.md says how they are used.
set(CPACK_PACKAGE_NAME sterna)
set(CPACK_PACKAGE_VENDOR "The Sterna authors")
set(CPACK_PACKAGE_CONTACT "The Sterna authors <maintainers@sterna.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "inference engine for ternary language models")
set(CPACK_PACKAGE_DESCRIPTION "Sterna runs language models whose weights are -1, 0 and +1 on ordinary
processors: on the command line, in batches, or behind an HTTP API that
clients of OpenAI and llama-server know. A small model that explains words
is included.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME sterna-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_COMPONENTS_ALL runtime)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME sterna)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)  # sterna pull
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "haproxy, prometheus")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/SternaPackageKind.cmake)

if(STERNA_STATIC_RUNTIME)
  target_link_options(sterna_cli PRIVATE -static-libstdc++ -static-libgcc)
endif()
target_link_options(sterna_cli PRIVATE LINKER:-z,relro,-z,now)

# What the program says about itself becomes files when something is installed.
set(written ${PROJECT_BINARY_DIR}/package)
set(data ${CMAKE_INSTALL_DATADIR})
install(CODE "set(STERNA $<TARGET_FILE:sterna_cli>)\nset(WRITTEN ${written})\nset(CHANGELOG ${PROJECT_SOURCE_DIR}/CHANGELOG.md)"
        COMPONENT runtime)
install(SCRIPT cmake/WritePackageFiles.cmake COMPONENT runtime)
install(FILES ${written}/sterna.bash DESTINATION ${data}/bash-completion/completions RENAME sterna COMPONENT runtime)
install(FILES ${written}/sterna.zsh DESTINATION ${data}/zsh/vendor-completions RENAME _sterna COMPONENT runtime)
install(FILES ${written}/sterna.fish DESTINATION ${data}/fish/vendor_completions.d COMPONENT runtime)
install(FILES ${written}/sterna.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT runtime OPTIONAL)
install(FILES ${written}/NEWS.gz models/LICENSE.wordnet DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT runtime FILES_MATCHING PATTERN "*.md")
install(DIRECTORY deploy/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/deploy COMPONENT runtime PATTERN debian EXCLUDE)

# The Debian package alone has these.
install(FILES deploy/sterna.service DESTINATION lib/systemd/system COMPONENT service EXCLUDE_FROM_ALL)
install(FILES deploy/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT service EXCLUDE_FROM_ALL)
install(FILES deploy/debian/serve.env DESTINATION /etc/sterna COMPONENT service EXCLUDE_FROM_ALL)

include(CPack)
