// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "model/architecture.h"
#include "model/model.h"
#include "model/tensor_reader.h"

namespace sterna::model {

// Builds a Model: finds every tensor by its role, checks it, and hands it to the backend. Used once, by Model::Load.
class ModelLoader {
 public:
  ModelLoader(const format::GgufFile& file, const ModelOptions& options, backend::Backend& backend);
  Result<std::unique_ptr<Model>> Load();

 private:
  Status LoadEmbeddingAndHead();
  Status LoadLayer(uint32_t index);
  void AddSlots();
  void ReportUnused();

  // "blk.3.attn_q.weight"
  static std::string Name(uint32_t layer, std::string_view role, std::string_view ending);
  Status LoadNorm(const std::string& name, uint32_t size, Model::Norm& norm);
  Status LoadLinear(uint32_t layer, std::string_view role, uint64_t rows, uint64_t columns, Model::Weight& weight);
  Status LoadDenseLinear(const std::string& name, uint64_t rows, uint64_t columns, backend::DenseId& id);
  // The same from a `sterna` file, whose matrices lie in the backend's layout.
  uint32_t GroupColumns(const std::string& name, uint64_t rows, uint64_t columns) const;
  Status LoadPacked(uint32_t layer, std::string_view role, uint64_t rows, uint64_t columns, backend::TernaryId& id);
  Status ReadSternaKeys();
  Status LoadDense(const std::string& name, TensorUse use, backend::DenseId& id, std::string& type_name);
  Status Refused(const std::string& name, const Status& why) const;

  const format::GgufFile& file_;
  const ModelOptions& options_;
  backend::Backend& backend_;
  const Architecture* architecture_ = nullptr;
  TensorReader tensors_;
  bool packed_ = false;         // a `sterna` file
  bool down_by_input_ = false;  // and how it stores `down`
  std::unique_ptr<Model> model_;
  std::set<std::string_view> weight_types_;
};

}  // namespace sterna::model
