# SPDX-License-Identifier: Apache-2.0
include(SternaHeaderOnly)
sterna_header_only(fmt::fmt FOLDER fmt DEFINITIONS FMT_HEADER_ONLY)
set(fmt_FOUND TRUE)
