// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/runtime.h"

#include <fmt/format.h>

namespace sterna::text::jinja {

Status Runtime::Level::Check() const {
  const uint32_t most = runtime_.heap_.limits().max_depth;
  if (runtime_.depth_ <= most) return {};
  return Status::ResourceExhausted(
      fmt::format("macros or expressions are more than {} levels deep; end the recursion", most));
}

}  // namespace sterna::text::jinja
