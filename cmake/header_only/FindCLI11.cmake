# SPDX-License-Identifier: Apache-2.0
include(SternaHeaderOnly)
sterna_header_only(CLI11::CLI11 FOLDER CLI)
set(CLI11_FOUND TRUE)
