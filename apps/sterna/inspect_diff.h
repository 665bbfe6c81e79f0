// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/model_config.h"
#include "sterna/status.h"

namespace sterna::cli {

// inspect FILE --diff OTHER: prints what the two files do not have in common, as text or one JSON object.
// FailedPrecondition when values differ, so that a script can ask.
Status PrintDifferences(const std::string& first, const std::string& second, const model::ModelOptions& options,
                        bool json);

}  // namespace sterna::cli
