// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/head_planes.h"
#include "backend/cpu/work_splitter.h"
#include "kernels/table.h"
#include "platform/aligned_buffer.h"

namespace sterna::backend {

// Since creation. Bytes are those of codes and weights that were read.
struct ScreenedHeadCounters {
  uint64_t outputs = 0;       // rows of logits that were screened
  uint64_t passes = 0;        // readings of the first plane, each for all outputs of a step
  uint64_t refined_rows = 0;  // rows looked at in the second plane
  uint64_t exact_rows = 0;    // rows computed from the model's own
  uint64_t bytes = 0;
  uint64_t multiply_adds = 0;  // those of low-bit planes count in full
};

// Finds the largest logits of a head without reading it whole: the first plane tells about every row; the exact logits
// of those that look best give a threshold that as many true ones reach; rows that may reach it are looked at in the
// second plane too, and those that still may are computed from the model's own rows by the full head's kernel.
// So the answer holds every row that is among the best, with the full head's bits. Where few rows are asked for, these
// are computed, and no plane is read. All memory is taken by Allocate.
class ScreenedHead {
 public:
  // More rows of logits than this in a step are cheaper with the whole head.
  static constexpr size_t kMaxOutputs = HeadPlanes::kMaxQueries;

  struct Output {
    const float* x;     // normed, [columns], memory as a row of kernels::FloatRows
    LogitNeed need;     // best > 0
    float* values;      // [rows] room for approximations
    bool open = false;  // not found: the caller computes every logit
    std::span<const int32_t> ids;
    std::span<float> logits;
  };

  ScreenedHead(const kernels::KernelTable& kernels, kernels::DenseType type, const kernels::DenseRows& head,
               const HeadPlanes& planes)
      : kernels_(kernels), type_(type), head_(head), planes_(planes) {}

  Status Allocate(size_t max_outputs);
  uint64_t size_bytes() const;

  ScreenedHeadCounters counters() const;

  // Whether such a question is worth asking.
  bool Answers(const LogitNeed& need) const;
  // At most kMaxOutputs. Ids and logits stay valid until the next call.
  void Find(std::span<Output> outputs, WorkSplitter& work);

 private:
  struct Slot {
    HeadQuery query;
    std::vector<int32_t> ids;
    std::vector<float> logits;
  };
  struct Guess {
    float value;
    uint32_t row;
  };
  enum Flag : uint8_t { kOpen, kWanted, kNever };

  size_t max_candidates() const { return head_.rows / 8; }
  bool AsksForFew(const LogitNeed& need) const;
  void FindFew(Output& output, Slot& slot, WorkSplitter& work);
  void Answer(Output& output, Slot& slot, WorkSplitter& work);
  size_t slot_rows() const;  // ids and logits that a slot has room for
  void CoarsePass(std::span<Output> outputs, const std::array<bool, kMaxOutputs>& screened, WorkSplitter& work);
  bool FindOne(Output& output, Slot& slot, WorkSplitter& work);
  void Flag(const LogitNeed& need, bool set);
  void FlagAllBut(std::span<const uint64_t> among, enum Flag flag);
  bool GuessBest(const Output& output);
  float Threshold(const Output& output, Slot& slot, WorkSplitter& work);
  void FinePass(const Output& output, const HeadQuery& query, float threshold, WorkSplitter& work);
  void FinePiece(const Output& output, const HeadQuery& query, float threshold, size_t first, size_t end);
  bool Gather(const Output& output, Slot& slot) const;
  void Exact(const Output& output, Slot& slot, WorkSplitter& work);

  const kernels::KernelTable& kernels_;
  kernels::DenseType type_;
  kernels::DenseRows head_;
  HeadPlanes planes_;
  AlignedBuffer scratch_;  // the queries' memory
  AlignedBuffer flags_;    // [rows] kOpen between questions
  std::vector<Slot> slots_;
  std::vector<Guess> guesses_;
  ScreenedHeadCounters counters_;  // without refined_rows, bytes and multiply_adds
  std::atomic<uint64_t> refined_rows_{0};
};

}  // namespace sterna::backend
