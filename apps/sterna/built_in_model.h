// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sterna/status.h"

namespace sterna::cli {

// The model that comes with Sterna, looked for beside the executable: ../models/ (a build folder in the source tree),
// then ../share/sterna/models/ (installed). NotFound names both places.
Result<std::string> FindBuiltInModel();

}  // namespace sterna::cli
