// SPDX-License-Identifier: Apache-2.0
#include "model/architecture.h"

#include "model/architecture_bitnet.h"
#include "model/architecture_gemma.h"
#include "model/architecture_llama.h"
#include "model/architecture_qwen.h"

namespace sterna::model {

const std::vector<const Architecture*>& Architectures() {
  static const std::vector<const Architecture*> all = [] {
    std::vector<const Architecture*> list;
    for (const auto family : {BitnetArchitectures(), LlamaArchitectures(), QwenArchitectures(), GemmaArchitectures()}) {
      for (const Architecture& architecture : family) list.push_back(&architecture);
    }
    return list;
  }();
  return all;
}

const Architecture* FindArchitecture(std::string_view name) {
  for (const Architecture* architecture : Architectures()) {
    if (architecture->name == name) return architecture;
  }
  return nullptr;
}

}  // namespace sterna::model
