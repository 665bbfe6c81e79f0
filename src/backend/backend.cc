// SPDX-License-Identifier: Apache-2.0
#include "backend/backend.h"

namespace sterna::backend {

uint64_t MemoryPlan::TotalBytes() const {
  uint64_t total_bytes = 0;
  for (const Item& item : items) total_bytes += item.bytes;
  return total_bytes;
}

}  // namespace sterna::backend
