// SPDX-License-Identifier: Apache-2.0
//
// After Prepare a step allocates nothing. This executable counts every operator new of every thread.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "unit/backend/mini_model.h"

namespace {

std::atomic<uint64_t> allocation_count{0};

void* Allocate(std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace sterna::test {
namespace {

uint64_t AllocationsOfAStep(uint32_t threads, uint32_t row_count) {
  MiniModel model(kernels::kScalarTable, {.threads = threads});
  const std::vector<uint32_t> blocks = {0, 1, 2};
  BatchRows rows;
  rows.tables = {blocks};
  for (uint32_t position = 0; position < row_count; ++position) rows.Add(int32_t(position % 70), position, 0);
  const uint64_t before = allocation_count.load();
  model.Step(rows.batch());
  return allocation_count.load() - before;
}

TEST(CpuBackendAllocation, TheCounterCounts) {
  const uint64_t before = allocation_count.load();
  const auto number = std::make_unique<int>(1);
  EXPECT_EQ(before + 1, allocation_count.load());
  EXPECT_EQ(1, *number);
}

TEST(CpuBackendAllocation, AStepOfOneRowAllocatesNothing) { EXPECT_EQ(0u, AllocationsOfAStep(1, 1)); }

TEST(CpuBackendAllocation, AStepOfManyRowsOnManyThreadsAllocatesNothing) { EXPECT_EQ(0u, AllocationsOfAStep(3, 150)); }

}  // namespace
}  // namespace sterna::test
