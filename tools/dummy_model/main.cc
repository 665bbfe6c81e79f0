// SPDX-License-Identifier: Apache-2.0
//
// sterna_dummy_model: a GGUF file of any shape with random ternary weights, for loading, memory and speed tests.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/status_macros.h"
#include "dummy_file.h"
#include "dummy_folder.h"

namespace sterna::dummy_model {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

// What the command line says; what it leaves out comes from the preset.
struct Flags {
  std::string preset = "tiny", format = "sterna";
  std::optional<uint64_t> hidden, ffn, layers, heads, kv_heads, vocab, context, seed, cycle;
  std::optional<double> zero_share, ffn_sparsity;
  std::optional<std::string> ternary, embedding, architecture, hidden_activation;
  std::string head_statistics = "flat";
  bool untied = false;
  bool folder = false;
  std::string output;
};

void Declare(CLI::App& app, Flags& flags) {
  app.add_option(
         "--preset", flags.preset,
         "Shape to start from: tiny, or 2b-4t (hidden 2560, ffn 6912, 30 layers, 20 heads, 5 KV heads, vocab 128256)")
      ->capture_default_str();
  app.add_option("--format", flags.format,
                 "The types and the architecture's name that a program wants: sterna, bitnet.cpp (I2_S), llama.cpp "
                 "(TQ2_0, Q6_K head) or ik_llama.cpp (IQ2_BN, Q6_K head); the values stay the same")
      ->capture_default_str();
  app.add_option("--hidden", flags.hidden, "Columns of the hidden state (tiny: 256)");
  app.add_option("--ffn", flags.ffn, "Columns of the feed-forward layer (tiny: 512)");
  app.add_option("--layers", flags.layers, "Layers (tiny: 2)");
  app.add_option("--heads", flags.heads, "Attention heads (tiny: 4)");
  app.add_option("--kv-heads", flags.kv_heads, "Key and value heads (tiny: 2)");
  app.add_option("--vocab", flags.vocab, "Tokens, 266 or more (tiny: 512)");
  app.add_option("--context", flags.context, "Context length in tokens (4096)");
  app.add_option("--type", flags.ternary, "Ternary weights: I2_S, TQ1_0 or TQ2_0 (I2_S)");
  app.add_option("--embedding", flags.embedding, "Embedding and head: F16, F32, BF16, Q8_0, Q6_K or Q4_0 (F16)");
  app.add_option("--arch", flags.architecture, "Architecture: bitnet-b1.58, bitnet-25 or bitnet (bitnet-b1.58)");
  app.add_option("--hidden-activation", flags.hidden_activation, "Value of a key of that name (no key)");
  app.add_option("--zeros", flags.zero_share, "Share of zeros among the ternary weights, 0 to 1 (0.33)");
  app.add_option(
      "--ffn-sparsity", flags.ffn_sparsity,
      "Share of feed-forward gates that are closed when the model runs, 0.05 to 0.95 (as random weights give: "
      "0.5)");
  app.add_option("--head-stats", flags.head_statistics,
                 "How rows of the head stand out: flat, or gemma3 (as in Gemma 3 270M, docs/head.md)")
      ->capture_default_str();
  app.add_flag("--untied", flags.untied, "Write a head of its own, output.weight");
  app.add_option("--cycle", flags.cycle,
                 "Greedy text goes round in circles of so many tokens, t, t + 1, ...: text that repeats itself, at the "
                 "cost of the shape (no circles)");
  app.add_option("--seed", flags.seed, "Seed of all weights (1)");
  app.add_flag(
      "--folder", flags.folder,
      "Write a Hugging Face folder with bfloat16 masters of the shape instead: config.json, tokenizer.json and "
      "model.safetensors (of the other flags only --seed counts)");
  app.add_option("-o,--output", flags.output, "File (folder) to write")->required();
}

template <class T>
void Override(const std::optional<T>& flag, T& value) {
  if (flag) value = *flag;
}

Status SetType(const std::optional<std::string>& flag, const std::map<std::string, quant::TensorType>& types,
               quant::TensorType& type) {
  if (!flag) return {};
  const auto found = types.find(*flag);
  if (found == types.end()) return Status::InvalidArgument("type '" + *flag + "' is not among those that --help lists");
  type = found->second;
  return {};
}

Result<ModelShape> ShapeOf(const Flags& flags) {
  using quant::TensorType;
  static const std::map<std::string, TensorType> kTernary = {
      {"I2_S", TensorType::kI2_S}, {"TQ1_0", TensorType::kTQ1_0}, {"TQ2_0", TensorType::kTQ2_0}};
  static const std::map<std::string, TensorType> kEmbedding = {
      {"F16", TensorType::kF16},   {"F32", TensorType::kF32},   {"BF16", TensorType::kBF16},
      {"Q8_0", TensorType::kQ8_0}, {"Q6_K", TensorType::kQ6_K}, {"Q4_0", TensorType::kQ4_0}};
  STERNA_ASSIGN_OR_RETURN(ModelShape shape, Preset(flags.preset));
  STERNA_RETURN_IF_ERROR(SetFormat(flags.format, shape));
  if (flags.ternary) shape.iq2_bn = false;
  Override(flags.hidden, shape.hidden);
  Override(flags.ffn, shape.ffn);
  Override(flags.layers, shape.layers);
  Override(flags.heads, shape.heads);
  Override(flags.kv_heads, shape.kv_heads);
  Override(flags.vocab, shape.vocab);
  Override(flags.context, shape.context);
  Override(flags.seed, shape.seed);
  Override(flags.cycle, shape.cycle);
  Override(flags.zero_share, shape.zero_share);
  Override(flags.ffn_sparsity, shape.ffn_sparsity);
  Override(flags.architecture, shape.architecture);
  Override(flags.hidden_activation, shape.hidden_activation);
  shape.untied = flags.untied;
  STERNA_RETURN_IF_ERROR(SetHeadStatistics(flags.head_statistics, shape));
  STERNA_RETURN_IF_ERROR(SetType(flags.ternary, kTernary, shape.ternary));
  STERNA_RETURN_IF_ERROR(SetType(flags.embedding, kEmbedding, shape.embedding));
  return shape;
}

void Report(const std::string& path, uint64_t bytes, uint64_t parameters, uint64_t ternary_parameters) {
  std::printf("%s: %llu bytes, %llu parameters, %llu of them ternary\n", path.c_str(),
              static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(parameters),
              static_cast<unsigned long long>(ternary_parameters));
}

Status Make(const Flags& flags) {
  STERNA_ASSIGN_OR_RETURN(const ModelShape shape, ShapeOf(flags));
  if (flags.folder) {
    STERNA_ASSIGN_OR_RETURN(const FolderSizes sizes, WriteFolder(shape, flags.output));
    Report(flags.output, sizes.bytes, sizes.parameters, sizes.ternary_parameters);
    return {};
  }
  STERNA_ASSIGN_OR_RETURN(const DummyFile file, Describe(shape));
  STERNA_RETURN_IF_ERROR(file.writer.Write(flags.output));
  std::error_code error;
  const auto bytes = std::filesystem::file_size(flags.output, error);
  Report(flags.output, error ? 0 : bytes, file.parameters, file.ternary_parameters);
  return {};
}

int Main(int argc, char** argv) {
  CLI::App app("Writes a GGUF model file with random ternary weights. Flags left out come from the preset.");
  Flags flags;
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const Status status = Make(flags);
  if (status.ok()) return 0;
  std::fprintf(stderr, "sterna_dummy_model: %s\n", status.message().c_str());
  return status.code() == StatusCode::kInvalidArgument ? kExitUsage : kExitFailure;
}

}  // namespace
}  // namespace sterna::dummy_model

int main(int argc, char** argv) { return sterna::dummy_model::Main(argc, argv); }
