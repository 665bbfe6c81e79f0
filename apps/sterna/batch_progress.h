// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "batch/run_rows.h"

namespace sterna::cli {

// How a batch shows on stderr: on a terminal one line that is drawn over with a bar, the speed and the time that is
// left; elsewhere a line for every tenth of the rows. One caller at a time.
class BatchProgress {
 public:
  BatchProgress();
  ~BatchProgress();
  BatchProgress(const BatchProgress&) = delete;
  BatchProgress& operator=(const BatchProgress&) = delete;

  void Update(const batch::Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;
  std::string Numbers(const batch::Progress& progress, Clock::time_point now) const;

  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_;
  bool drawn_ = false;
  size_t tenth_ = 0;
};

}  // namespace sterna::cli
