// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "engine/engine.h"
#include "flag_set.h"

namespace sterna::cli {

// The flags that every verb which runs a model takes.
struct ModelFlags {
  std::optional<std::string> model;
  uint32_t threads = 0;          // 0 = not given
  uint32_t threads_prefill = 0;  // 0 = not given
  uint32_t context = 0;          // 0 = not given
  std::string kv = "f16";
  std::string head = "auto";
  std::string ffn_act = "auto";
  std::string i2s_layout = "auto";
  std::string tl_tiles = "auto";
  model::TlTileOptions tl_tile_options;  // what tl_tiles says
  std::string weights = "auto";
  bool verify_checksums = false;
  uint32_t prefill_chunk = 256;
  uint64_t memory_limit_mb = 0;
  bool verbose = false;

  void AddTo(FlagSet& flags);
  // -m, --ffn-act, --i2s-layout, --tl-tiles and -v alone, for verbs that only read a file.
  void AddModelTo(FlagSet& flags);
  void AddReadingTo(FlagSet& flags);

  // The model's file: -m, else STERNA_MODEL, else the built-in model. Names are looked up in the caches.
  Result<std::string> ModelPath() const;
  // With STERNA_THREADS and STERNA_ISA where no flag decides.
  Result<engine::EngineOptions> EngineOptions() const;
  model::ModelOptions ModelOptions() const;
};

}  // namespace sterna::cli
