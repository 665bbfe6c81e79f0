// SPDX-License-Identifier: Apache-2.0
#include "model/activation.h"

#include <fmt/format.h>

#include <optional>

#include "base/status_macros.h"
#include "format/gguf_names.h"

namespace sterna::model {
namespace {

using backend::Activation;

std::optional<Activation> ActivationOf(ModelOptions::FfnActivation flag) {
  switch (flag) {
    case ModelOptions::FfnActivation::kAuto: return std::nullopt;
    case ModelOptions::FfnActivation::kRelu2: return Activation::kRelu2;
    case ModelOptions::FfnActivation::kSilu: return Activation::kSilu;
    case ModelOptions::FfnActivation::kGelu: return Activation::kGelu;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ActivationName(backend::Activation kind) {
  switch (kind) {
    case Activation::kRelu2: return "relu2";
    case Activation::kSilu: return "silu";
    case Activation::kGelu: return "gelu";
  }
  return "unknown";
}

std::string_view StoredActivationName(backend::Activation kind) {
  return kind == Activation::kGelu ? "gelu_tanh" : ActivationName(kind);
}

std::optional<Activation> ActivationByName(std::string_view name) {
  for (std::string_view relu2 : {"relu2", "relu_squared", "squared_relu", "relu^2"}) {
    if (name == relu2) return Activation::kRelu2;
  }
  for (std::string_view silu : {"silu", "swish"}) {
    if (name == silu) return Activation::kSilu;
  }
  for (std::string_view gelu : {"gelu_tanh", "gelu_pytorch_tanh"}) {
    if (name == gelu) return Activation::kGelu;
  }
  return std::nullopt;
}

Result<ActivationChoice> DecideActivation(const Architecture& architecture, const ConfigKeys& keys,
                                          const ModelConfig& config, std::string_view tokenizer_model,
                                          ModelOptions::FfnActivation flag) {
  if (const std::optional<Activation> asked = ActivationOf(flag)) {
    return ActivationChoice{*asked, fmt::format("{}: --ffn-act", ActivationName(*asked))};
  }

  STERNA_ASSIGN_OR_RETURN(const std::optional<std::string_view> stored, keys.Text(kActivationKey));
  if (stored) {
    const std::optional<Activation> kind = ActivationByName(*stored);
    if (!kind) {
      return Status::Unsupported(fmt::format("{} is {}; known are relu2, silu and gelu_tanh", keys.Key(kActivationKey),
                                             format::Quoted(*stored)));
    }
    return ActivationChoice{*kind, fmt::format("{}: key {}", ActivationName(*kind), keys.Key(kActivationKey))};
  }

  if (std::optional<ActivationChoice> inferred = architecture.infer_activation(config, tokenizer_model)) {
    return *std::move(inferred);
  }
  return Status::InvalidArgument(
      fmt::format("the file does not say whether its feed-forward activation is relu2 or silu ({} stands for both, "
                  "and a vocabulary of {} with hidden size {} is no known model); pass --ffn-act relu2 or "
                  "--ffn-act silu",
                  config.architecture, config.vocabulary_size, config.hidden));
}

}  // namespace sterna::model
