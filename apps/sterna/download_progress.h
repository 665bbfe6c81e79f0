// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sterna::cli {

// How a download shows on stderr: on a terminal one line that is drawn over with a bar, the rate and the time that is
// left; elsewhere a line for every tenth.
class DownloadProgress {
 public:
  DownloadProgress();
  ~DownloadProgress();
  DownloadProgress(const DownloadProgress&) = delete;
  DownloadProgress& operator=(const DownloadProgress&) = delete;

  void Update(uint64_t done, uint64_t total);
  void Note(const std::string& line);  // one line above the bar

 private:
  using Clock = std::chrono::steady_clock;

  void Clear();
  std::string Numbers(uint64_t done, uint64_t total, Clock::time_point now) const;

  bool terminal_;
  bool drawn_ = false;
  bool started_ = false;
  Clock::time_point start_, shown_;
  uint64_t start_bytes_ = 0;  // of this run: what was there before says nothing about the rate
  uint64_t tenth_ = 0;
};

}  // namespace sterna::cli
