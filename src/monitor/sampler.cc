// SPDX-License-Identifier: Apache-2.0
#include "monitor/sampler.h"

#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <utility>

namespace sterna::monitor {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

void KeepEverySecond(std::vector<Sample>& samples) {
  size_t kept = 0;
  for (size_t i = 0; i < samples.size(); i += 2) samples[kept++] = samples[i];
  samples.resize(kept);
}

}  // namespace

Status Sampler::CheckFrequency(uint32_t frequency_hz) {
  if (frequency_hz >= 1 && frequency_hz <= kMaxFrequencyHz) return {};
  return Status::InvalidArgument(
      fmt::format("sample_frequency_hz is {}; expected 1..{}", frequency_hz, kMaxFrequencyHz));
}

Sampler::Sampler(const Clock& clock, uint32_t frequency_hz, Read read)
    : clock_(clock), read_(std::move(read)), period_ns_(kSecondNs / frequency_hz) {
  samples_.reserve(kMaxSamples);
}

Status Sampler::Start() {
  try {
    thread_ = std::thread([this] { Run([this](int64_t time_ns) { return Sleep(time_ns); }); });
  } catch (const std::system_error& error) {
    return Status::ResourceExhausted(std::string("the system gives no thread for sampling: ") + error.what());
  }
  return {};
}

void Sampler::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// A sample that comes late does not shift the ones after it; those that it made late as well are left out.
void Sampler::Run(const WaitUntil& wait_until) {
  Take();
  int64_t next_ns = clock_.NowNs();
  while (true) {
    const int64_t period_ns = [this] {
      const std::lock_guard lock(mutex_);
      return period_ns_;
    }();
    const int64_t late_periods = (clock_.NowNs() - next_ns) / period_ns;
    next_ns += (late_periods + 1) * period_ns;
    const bool go_on = wait_until(next_ns);
    Take();
    if (!go_on) return;
  }
}

void Sampler::Take() {
  const Sample sample = read_(clock_.NowNs());
  const std::lock_guard lock(mutex_);
  ++taken_;
  if (samples_.size() == kMaxSamples) {
    KeepEverySecond(samples_);
    period_ns_ *= 2;
  }
  samples_.push_back(sample);
}

bool Sampler::Sleep(int64_t time_ns) {
  std::unique_lock lock(mutex_);
  const std::chrono::nanoseconds rest(time_ns - clock_.NowNs());
  return !stop_changed_.wait_for(lock, rest, [this] { return stopping_; });
}

std::vector<Sample> Sampler::samples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

uint64_t Sampler::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

double Sampler::frequency_hz() const {
  const std::lock_guard lock(mutex_);
  return double(kSecondNs) / double(period_ns_);
}

}  // namespace sterna::monitor
