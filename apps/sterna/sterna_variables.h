// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sterna/status.h"

namespace sterna::cli {

// Sets the log level from STERNA_LOG (info when `verbose` and the variable is not set) and warns once, on stderr, of
// each STERNA_* variable that Sterna does not know, with the nearest name. InvalidArgument for a bad STERNA_LOG.
Status ApplyVariables(bool verbose);

}  // namespace sterna::cli
