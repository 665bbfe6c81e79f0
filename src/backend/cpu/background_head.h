// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <thread>

#include "backend/cpu/head_planes.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::backend {

// Makes a head's planes on a thread of its own, so that nobody waits for them: until they are there, logits come from
// the whole head, which are the same. Ends early when it is destroyed.
class BackgroundHead {
 public:
  ~BackgroundHead();
  // `maker`'s planes are made from now on. ResourceExhausted without memory or a thread.
  Status Start(const HeadPlanesMaker& maker);
  // Whether the planes may be used. Once true, always true.
  bool ready() const { return ready_.load(std::memory_order_acquire); }

 private:
  AlignedBuffer row_;
  std::atomic<bool> stop_{false}, ready_{false};
  std::thread thread_;
};

}  // namespace sterna::backend
