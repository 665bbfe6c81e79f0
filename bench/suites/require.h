// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "sterna/status.h"

namespace sterna::bench {

// A figure of something that went wrong is worth nothing: the program says `what` and ends with exit code 1.
void Require(bool true_when_right, std::string_view what);
[[noreturn]] void GiveUp(std::string_view what);

template <class T>
T Must(Result<T> result) {
  if (!result.ok()) GiveUp(result.status().message());
  return std::move(*result);
}

}  // namespace sterna::bench
