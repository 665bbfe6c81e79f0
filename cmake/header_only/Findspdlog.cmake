# SPDX-License-Identifier: Apache-2.0
include(SternaHeaderOnly)
find_package(fmt REQUIRED)
sterna_header_only(spdlog::spdlog FOLDER spdlog DEFINITIONS SPDLOG_FMT_EXTERNAL LINKS fmt::fmt)
set(spdlog_FOUND TRUE)
