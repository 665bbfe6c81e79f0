# SPDX-License-Identifier: Apache-2.0
include(SternaHeaderOnly)
sterna_header_only(tomlplusplus::tomlplusplus FOLDER toml++)
set(tomlplusplus_FOUND TRUE)
