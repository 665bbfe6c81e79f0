// SPDX-License-Identifier: Apache-2.0
#include "require.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace sterna::bench {

void GiveUp(std::string_view what) {
  std::fprintf(stderr, "benchmark: wrong result: %s\n", std::string(what).c_str());
  std::exit(1);
}

void Require(bool true_when_right, std::string_view what) {
  if (!true_when_right) GiveUp(what);
}

}  // namespace sterna::bench
