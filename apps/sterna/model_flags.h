// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config_flags.h"
#include "engine/engine.h"
#include "flag_set.h"
#include "run_profile.h"

namespace sterna::cli {

// The flags that every verb which runs a model takes.
struct ModelFlags {
  std::optional<std::string> model;
  ConfigFlags config;
  std::string ffn_act = "auto";
  std::string i2s_layout = "auto";
  std::string tl_tiles = "auto";
  model::TlTileOptions tl_tile_options;  // what tl_tiles says
  std::string weights = "auto";
  bool verify_checksums = false;
  uint32_t prefill_chunk = 0;  // 0 = not given
  std::optional<std::string> profile;
  bool profile_detail = false;
  bool verbose = false;
  bool use_tuned = true;  // what `sterna tune` keeps for the model

  void AddTo(FlagSet& flags);
  // -m, --ffn-act, --i2s-layout, --tl-tiles and -v alone, for verbs that only read a file.
  void AddModelTo(FlagSet& flags);
  void AddReadingTo(FlagSet& flags);
  void AddWeightsTo(FlagSet& flags);

  // The model's file: -m, else STERNA_MODEL, else the built-in model. Names are looked up in the caches.
  Result<std::string> ModelPath() const;
  // By the configuration, with what was tuned for the model, and the flags that are no keys.
  Result<engine::EngineOptions> EngineOptions() const;
  model::ModelOptions ModelOptions() const;
  // What --profile, else STERNA_PROFILE asks for; null: nothing.
  Result<std::unique_ptr<RunProfile>> StartProfile() const;

 private:
  std::vector<config::Assignment> Tuned() const;
};

}  // namespace sterna::cli
