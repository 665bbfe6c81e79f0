// SPDX-License-Identifier: Apache-2.0
#include "download/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace sterna::download {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kLongestWait{30'000};
constexpr uint32_t kLongestAskedSeconds = 60;
constexpr milliseconds kSlice{20};

}  // namespace

bool SleepUnlessStopped(milliseconds time, const Hooks& hooks) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    if (hooks.ShouldStop()) return false;
    std::this_thread::sleep_for(kSlice);
  }
  return !hooks.ShouldStop();
}

Status Retry::Wait(const HttpOutcome& outcome) {
  if (!outcome.may_retry) return outcome.status;
  if (tries_ >= limit_) {
    const std::string times = tries_ == 0 ? "" : fmt::format(" (tried {} times)", tries_ + 1);
    const std::string& message = outcome.status.message();
    const size_t advice = std::min(message.find("; "), message.size());
    return {outcome.status.code(), message.substr(0, advice) + times + message.substr(advice)};
  }
  milliseconds wait = std::min(kFirstWait * (int64_t{1} << std::min(tries_, 10u)), kLongestWait);
  if (outcome.retry_after > 0) wait = std::chrono::seconds(std::min(outcome.retry_after, kLongestAskedSeconds));
  ++tries_;
  const std::string what = outcome.status.message().substr(0, outcome.status.message().find("; "));
  hooks_.Note(
      fmt::format("{}; trying again in {:.1f} s ({} of {})", what, double(wait.count()) / 1000, tries_, limit_));
  return SleepUnlessStopped(wait, hooks_) ? Status() : Status::Cancelled("interrupted");
}

}  // namespace sterna::download
