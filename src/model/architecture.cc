// SPDX-License-Identifier: Apache-2.0
#include "model/architecture.h"

#include "model/architecture_bitnet.h"

namespace sterna::model {

// One family so far; a second one makes this a list of families.
std::span<const Architecture> Architectures() { return BitnetArchitectures(); }

const Architecture* FindArchitecture(std::string_view name) {
  for (const Architecture& architecture : Architectures()) {
    if (architecture.name == name) return &architecture;
  }
  return nullptr;
}

}  // namespace sterna::model
