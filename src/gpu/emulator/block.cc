// SPDX-License-Identifier: Apache-2.0
#include "gpu/emulator/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "gpu/dialect/dialect.h"

namespace sterna::gpu {
namespace {

constexpr size_t kCopyBytes = 16;
constexpr int kNotYet = 0xa5;  // what a copy's place holds before it has landed

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

bool Place::operator==(const Place& other) const { return line == other.line && std::string_view(file) == other.file; }

EmulatedBlock::EmulatedBlock(uint32_t threads, uint64_t seed)
    : random_(std::minstd_rand::result_type(seed)), in_order_(seed == 0) {
  threads_.reserve(threads);
  for (uint32_t i = 0; i < threads; ++i) threads_.push_back(std::make_unique<ThreadState>(*this, i));
}

void EmulatedBlock::RunThread(void* state) {
  auto& thread = *static_cast<ThreadState*>(state);
  EmulatedBlock& block = thread.block;
  const Thread self = {block.place_in_grid_[0],     block.place_in_grid_[1], thread.index, thread.index % kWarpThreads,
                       thread.index / kWarpThreads, block.shared_,           &block};
  block.kernel_->run(block.args_, self);
  thread.doing = Doing::kEnded;
}

std::string EmulatedBlock::Run(const EmulatedKernel& kernel, const void* args, std::array<uint32_t, 2> place_in_grid,
                               std::span<uint8_t> shared) {
  kernel_ = &kernel;
  args_ = args;
  place_in_grid_ = place_in_grid;
  shared_ = shared.data();
  last_ = uint32_t(threads_.size()) - 1;
  runnable_.clear();
  for (const auto& thread : threads_) {
    thread->doing = Doing::kRuns;
    thread->copies.clear();
    thread->issued_groups = 0;
    runnable_.push_back(thread->index);
  }
  while (trouble_.empty() && !runnable_.empty()) {
    ThreadState& thread = *threads_[NextThread()];
    thread.fibre.Resume();
    if (thread.doing != Doing::kRuns) std::erase(runnable_, thread.index);
  }
  const bool all_ended =
      std::all_of(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->doing == Doing::kEnded; });
  if (trouble_.empty() && !all_ended) trouble_ = DescribeStuck();
  return trouble_;
}

// In order: the next after the one that ran last.
uint32_t EmulatedBlock::NextThread() {
  if (!in_order_) return runnable_[random_() % runnable_.size()];
  const auto next = std::find_if(runnable_.begin(), runnable_.end(), [&](uint32_t thread) { return thread > last_; });
  return last_ = next == runnable_.end() ? runnable_.front() : *next;
}

std::span<const std::unique_ptr<EmulatedBlock::ThreadState>> EmulatedBlock::Warp(uint32_t thread) const {
  return std::span(threads_).subspan(thread / kWarpThreads * kWarpThreads, kWarpThreads);
}

bool EmulatedBlock::SameCollective(const ThreadState& x, const ThreadState& y) {
  return x.doing == y.doing && x.place == y.place && x.operand == y.operand;
}

void EmulatedBlock::Wake(std::span<const std::unique_ptr<ThreadState>> group) {
  for (const auto& thread : group) {
    thread->doing = Doing::kRuns;
    runnable_.push_back(thread->index);
  }
  std::sort(runnable_.begin(), runnable_.end());
  runnable_.erase(std::unique(runnable_.begin(), runnable_.end()), runnable_.end());
}

template <class Complete>
void EmulatedBlock::Meet(uint32_t thread, Doing what, Place place, std::span<const std::unique_ptr<ThreadState>> group,
                         Complete complete) {
  ThreadState& own = *threads_[thread];
  own.doing = what;
  own.place = place;
  const bool all_wait = std::all_of(group.begin(), group.end(), [](const auto& other) {
    return other->doing != Doing::kRuns && other->doing != Doing::kEnded;
  });
  if (all_wait) {
    const auto other =
        std::find_if(group.begin(), group.end(), [&](const auto& one) { return !SameCollective(*one, own); });
    if (other == group.end()) {
      complete(group);
      Wake(group);
    } else if (what != Doing::kBarrier || (*other)->doing == Doing::kBarrier) {
      trouble_ = fmt::format("{}, block ({}, {}): {} while {}", kernel_->name, place_in_grid_[0], place_in_grid_[1],
                             Describe(own), Describe(**other));
    }
  }
  own.fibre.Yield();
}

void EmulatedBlock::Barrier(uint32_t thread, Place place) {
  threads_[thread]->operand = 0;
  Meet(thread, Doing::kBarrier, place, threads_, [](const auto&) {});
}

uint32_t EmulatedBlock::Shuffle(uint32_t thread, uint32_t value, uint32_t source, uint32_t mask, Place place) {
  ThreadState& own = *threads_[thread];
  own.value = value;
  own.source = source % kWarpThreads;
  own.operand = mask;
  Meet(thread, Doing::kShuffle, place, Warp(thread), [](const auto& warp) {
    std::array<uint32_t, kWarpThreads> given;
    for (uint32_t lane = 0; lane < kWarpThreads; ++lane) given[lane] = warp[lane]->value;
    for (uint32_t lane = 0; lane < kWarpThreads; ++lane) warp[lane]->value = given[warp[lane]->source];
  });
  return own.value;
}

void EmulatedBlock::Multiply(uint32_t thread, TileC& c, const TileA& a, const TileB& b, Place place) {
  ThreadState& own = *threads_[thread];
  own.operand = 0;
  own.a = a;
  own.b = b;
  own.c = c;
  Meet(thread, Doing::kMultiply, place, Warp(thread), [](const auto& warp) {
    for (uint32_t row = 0; row < 16; ++row) {
      for (uint32_t column = 0; column < 8; ++column) {
        int32_t sum = 0;
        for (uint32_t p = 0; p < 8; ++p) {  // four of the 32 at a time
          const uint32_t x = warp[row % 8 * 4 + p % 4]->a.word[row / 8 + p / 4 * 2];
          sum = Dot4(sum, x, warp[column * 4 + p % 4]->b.word[p / 4]);
        }
        warp[row % 8 * 4 + column / 2]->c.sum[row / 8 * 2 + column % 2] += sum;
      }
    }
  });
  c = own.c;
}

// With a seed some copies land at once, as they may; the others as late as they
// may.
void EmulatedBlock::Issue(uint32_t thread, void* to, const void* from, bool valid) {
  ThreadState& own = *threads_[thread];
  const Copy copy = {to, valid ? from : nullptr, own.issued_groups};
  if (!in_order_ && random_() % 4 == 0) {
    valid ? std::memcpy(to, from, kCopyBytes) : std::memset(to, 0, kCopyBytes);
    return;
  }
  std::memset(to, kNotYet, kCopyBytes);
  own.copies.push_back(copy);
}

void EmulatedBlock::Land(uint32_t thread, uint32_t groups_left) {
  ThreadState& own = *threads_[thread];
  std::erase_if(own.copies, [&](const Copy& copy) {
    if (copy.group + groups_left >= own.issued_groups) return false;
    copy.from != nullptr ? std::memcpy(copy.to, copy.from, kCopyBytes) : std::memset(copy.to, 0, kCopyBytes);
    return true;
  });
}

std::string EmulatedBlock::Describe(const ThreadState& thread) const {
  if (thread.doing == Doing::kEnded) return fmt::format("thread {} has ended", thread.index);
  constexpr std::string_view kNames[] = {"runs", "the barrier", "the shuffle", "the tile product"};
  return fmt::format("thread {} waits in {} at {}:{}", thread.index, kNames[size_t(thread.doing)],
                     FileName(thread.place.file), thread.place.line);
}

// One that waits, and one that it may be waiting for.
std::string EmulatedBlock::DescribeStuck() const {
  const auto waiting =
      std::find_if(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->doing != Doing::kEnded; });
  const auto other = std::find_if(threads_.begin(), threads_.end(),
                                  [&](const auto& thread) { return !SameCollective(*thread, **waiting); });
  return fmt::format("{}, block ({}, {}): stuck: {} while {}", kernel_->name, place_in_grid_[0], place_in_grid_[1],
                     Describe(**waiting), other == threads_.end() ? "nobody comes" : Describe(**other));
}

void WaitAtBarrier(EmulatedBlock& block, uint32_t thread, Place place) { block.Barrier(thread, place); }
uint32_t ShuffleBits(EmulatedBlock& block, uint32_t thread, uint32_t value, uint32_t mask, Place place) {
  return block.Shuffle(thread, value, thread ^ mask, mask, place);
}
uint32_t PickBits(EmulatedBlock& block, uint32_t thread, uint32_t value, uint32_t lane, Place place) {
  return block.Shuffle(thread, value, lane, 0, place);
}
void MultiplyFragments(EmulatedBlock& block, uint32_t thread, TileC& c, const TileA& a, const TileB& b, Place place) {
  block.Multiply(thread, c, a, b, place);
}
void IssueCopy(EmulatedBlock& block, uint32_t thread, void* to, const void* from, bool valid) {
  block.Issue(thread, to, from, valid);
}
void CommitIssued(EmulatedBlock& block, uint32_t thread) { block.Commit(thread); }
void LandCopies(EmulatedBlock& block, uint32_t thread, uint32_t groups_left) { block.Land(thread, groups_left); }

}  // namespace sterna::gpu
