// SPDX-License-Identifier: Apache-2.0
//
// Batch files: any bytes become rows or an error.
#include <cstdio>
#include <cstdlib>

#include "batch_rows_fuzz_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string wrong = sterna::fuzz::CheckBatchRows({data, size});
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}
