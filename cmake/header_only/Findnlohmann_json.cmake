# SPDX-License-Identifier: Apache-2.0
include(SternaHeaderOnly)
sterna_header_only(nlohmann_json::nlohmann_json FOLDER nlohmann)
set(nlohmann_json_FOUND TRUE)
