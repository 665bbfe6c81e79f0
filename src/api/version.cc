// SPDX-License-Identifier: Apache-2.0
#include "sterna/sterna.h"

namespace sterna {

std::string_view version() { return STERNA_VERSION; }

}  // namespace sterna
