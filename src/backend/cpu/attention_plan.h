// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "platform/aligned_buffer.h"
#include "sterna/status.h"

namespace sterna::backend {

// How a step's attention is cut into pieces, and the memory for what the pieces give.
//
// Many rows: neighbouring rows of a sequence form a tile, so that a block of keys and values that came into the cache
// serves all of them. A piece is a tile and a KV head over all blocks; partials of a few blocks are kept at a time.
// Few rows on several threads: a piece is a run of blocks of one row and KV head. The partials of all blocks are kept
// and merged afterwards. Either way the merges are those of one block after the other in order of position.
class AttentionPlan {
 public:
  struct Limits {
    uint32_t rows = 1;       // of a step
    uint32_t positions = 1;  // of a sequence
    uint32_t threads = 1;
    uint32_t kv_heads = 1;
    uint32_t group = 1;  // query heads that share a KV head
    uint32_t head_dim = 1;
    uint32_t window = 0;  // positions that a row sees, its own included; 0: all up to its own
  };
  // Blocks by number, `first` to `end` - 1.
  struct Tile {
    uint32_t row;
    uint32_t rows;
    uint32_t first, end;  // from the first row's first block on to the last row's last
  };
  // Blocks of one row, for each KV head a piece; the partials of [kv head][blocks of the row] start at `partials`.
  struct Run {
    uint32_t row;
    uint32_t first, end;
  };
  struct Row {
    uint32_t first, end;
    uint64_t partials;  // number of the first group of partials
    uint32_t blocks() const { return end - first; }
  };

  static constexpr uint32_t kTileRows = 8;
  static constexpr uint32_t kWindowBlocks = 8;  // whose partials a tile keeps at a time

  Status Prepare(const Limits& limits);
  // Cuts the batch's rows. Allocates nothing.
  void Cut(const Batch& batch);

  bool split() const { return !runs_.empty(); }
  std::span<const Tile> tiles() const { return tiles_; }   // when not split
  std::span<const Run> runs() const { return runs_; }      // when split
  const Row& row(size_t row) const { return rows_[row]; }  // when split

  // What a row at `position` sees begins at this position.
  uint32_t FirstSeen(uint32_t position) const {
    return limits_.window > 0 && position >= limits_.window ? position + 1 - limits_.window : 0;
  }
  uint32_t FirstBlock(uint32_t position) const;

  // Partials of a group are `group_floats` apart, those of its heads `partial_floats`.
  size_t partial_floats() const { return partial_floats_; }
  size_t group_floats() const { return limits_.group * partial_floats_; }
  uint32_t group() const { return limits_.group; }
  // Room for kTileRows * kWindowBlocks groups.
  float* WindowOf(uint32_t worker);
  // All partials of a row and KV head, in order of position (when split).
  float* PartialsOf(size_t row, uint32_t kv_head);
  uint64_t size_bytes() const { return windows_.size() + kept_.size(); }
  // What Prepare takes for such limits.
  static uint64_t BytesFor(const Limits& limits);

 private:
  // Pieces per thread that even out different speeds.
  static constexpr uint32_t kPiecesPerThread = 4;
  // Rows of full length whose partials can be kept.
  static uint32_t KeptRows(const Limits& limits);
  void CutIntoTiles(const Batch& batch);
  bool CutIntoRuns(const Batch& batch);

  Limits limits_;
  size_t partial_floats_ = 0;
  uint64_t kept_groups_ = 0;
  std::vector<Tile> tiles_;
  std::vector<Run> runs_;
  std::vector<Row> rows_;
  AlignedBuffer windows_, kept_;
};

}  // namespace sterna::backend
