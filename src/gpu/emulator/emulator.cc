// SPDX-License-Identifier: Apache-2.0
#include "gpu/emulator/emulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "base/status_macros.h"
#include "platform/aligned_buffer.h"

namespace sterna::gpu {
namespace {

constexpr uint8_t kRubbish = 0xa5;
constexpr size_t kFenceBytes = 1024;  // past the shared memory, to see who writes there

Status CheckLaunch(const EmulatedKernel& kernel, Grid grid, uint32_t shared_bytes) {
  const auto refused = [&](std::string_view what) {
    return Status::InvalidArgument(fmt::format("{}: no GPU launches {}", kernel.name, what));
  };
  if (kernel.threads == 0 || kernel.threads % 32 != 0 || kernel.threads > 1024) {
    return refused(fmt::format("blocks of {} threads; give a multiple of 32 up to 1024", kernel.threads));
  }
  if (grid.x == 0 || grid.y == 0 || grid.x > 0x7fffffffu || grid.y > 65535) {
    return refused(fmt::format("a grid of {} x {} blocks; give 1 to 2147483647 x 1 to 65535", grid.x, grid.y));
  }
  if (shared_bytes > Emulator::kMaxSharedBytes) {
    return refused(fmt::format("{} bytes of shared memory; give {} or less", shared_bytes, Emulator::kMaxSharedBytes));
  }
  return Status();
}

}  // namespace

Status Emulator::Run(const EmulatedKernel& kernel, Grid grid, uint32_t shared_bytes, const void* args) {
  STERNA_RETURN_IF_ERROR(CheckLaunch(kernel, grid, shared_bytes));
  if (block_ == nullptr || block_threads_ != kernel.threads) {
    block_ = std::make_unique<EmulatedBlock>(kernel.threads, seed_);
    block_threads_ = kernel.threads;
  }
  Status status = RunBlocks(kernel, grid, shared_bytes, args);
  if (!status.ok()) block_ = nullptr;
  return status;
}

Status Emulator::RunBlocks(const EmulatedKernel& kernel, Grid grid, uint32_t shared_bytes, const void* args) {
  STERNA_ASSIGN_OR_RETURN(AlignedBuffer memory, AlignedBuffer::Create(shared_bytes + kFenceBytes));
  const std::span<uint8_t> bytes = memory.as<uint8_t>();
  const std::span<uint8_t> shared = bytes.first(shared_bytes), fence = bytes.subspan(shared_bytes);
  std::fill(fence.begin(), fence.end(), kRubbish);
  std::vector<uint64_t> blocks(uint64_t{grid.x} * grid.y);
  std::iota(blocks.begin(), blocks.end(), uint64_t{0});
  if (seed_ != 0) std::shuffle(blocks.begin(), blocks.end(), std::minstd_rand(std::minstd_rand::result_type(seed_)));
  for (const uint64_t block : blocks) {
    const std::array<uint32_t, 2> place = {uint32_t(block % grid.x), uint32_t(block / grid.x)};
    std::fill(shared.begin(), shared.end(), kRubbish);
    std::string trouble = block_->Run(kernel, args, place, shared);
    if (!trouble.empty()) return Status::FailedPrecondition(std::move(trouble));
    if (std::any_of(fence.begin(), fence.end(), [](uint8_t byte) { return byte != kRubbish; })) {
      return Status::FailedPrecondition(fmt::format("{}, block ({}, {}): writes past its {} bytes of shared memory",
                                                    kernel.name, place[0], place[1], shared_bytes));
    }
  }
  return Status();
}

}  // namespace sterna::gpu
