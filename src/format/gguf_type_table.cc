// SPDX-License-Identifier: Apache-2.0
#include "format/gguf_type_table.h"

#include <algorithm>

#include "base/checked_math.h"

namespace sterna::format {
namespace {

using quant::TensorType;

constexpr std::string_view kGgml = "a ggml block format";
constexpr std::string_view kActivations = "a ggml format for activations";
constexpr std::string_view kRemoved = "a repacked format that ggml removed";
constexpr std::string_view kDeprecated = "a deprecated format of ik_llama.cpp";
constexpr std::string_view kPrism = "a format of the Prism fork";

constexpr TypeMeaning Read(uint32_t id, std::string_view name, uint32_t elements, uint32_t bytes, TensorType type) {
  return {id, name, "", SizeRule::kBlocks, elements, bytes, 0, 0, type};
}
constexpr TypeMeaning Blocks(uint32_t id, std::string_view name, uint32_t elements, uint32_t bytes,
                             std::string_view what = kGgml) {
  return {id, name, what, SizeRule::kBlocks, elements, bytes, 0, 0, std::nullopt};
}
constexpr TypeMeaning Rows(uint32_t id, std::string_view name, uint32_t row_bytes, uint32_t bytes, TensorType type) {
  return {id, name, "", SizeRule::kRowsOfBlocks, 64, bytes, row_bytes, 0, type};
}
constexpr TypeMeaning Unsized(uint32_t id, std::string_view name, std::string_view what) {
  return {id, name, what, SizeRule::kUnknown, 0, 0, 0, 0, std::nullopt};
}

// Sorted by id; equal ids are the clashes.
constexpr TypeMeaning kMeanings[] = {
    Read(0, "F32", 1, 4, TensorType::kF32),
    Read(1, "F16", 1, 2, TensorType::kF16),
    Read(2, "Q4_0", 32, 18, TensorType::kQ4_0),
    Blocks(3, "Q4_1", 32, 20),
    Unsized(4, "Q4_2", "a format that ggml removed"),
    Unsized(5, "Q4_3", "a format that ggml removed"),
    Read(6, "Q5_0", 32, 22, TensorType::kQ5_0),
    Blocks(7, "Q5_1", 32, 24),
    Read(8, "Q8_0", 32, 34, TensorType::kQ8_0),
    Blocks(9, "Q8_1", 32, 36, kActivations),
    Blocks(10, "Q2_K", 256, 84),
    Blocks(11, "Q3_K", 256, 110),
    Read(12, "Q4_K", 256, 144, TensorType::kQ4_K),
    Blocks(13, "Q5_K", 256, 176),
    Read(14, "Q6_K", 256, 210, TensorType::kQ6_K),
    Blocks(15, "Q8_K", 256, 292, kActivations),
    Blocks(16, "IQ2_XXS", 256, 66),
    Blocks(17, "IQ2_XS", 256, 74),
    Blocks(18, "IQ3_XXS", 256, 98),
    Blocks(19, "IQ1_S", 256, 50),
    Blocks(20, "IQ4_NL", 32, 18),
    Blocks(21, "IQ3_S", 256, 110),
    Blocks(22, "IQ2_S", 256, 82),
    Blocks(23, "IQ4_XS", 256, 136),
    Read(24, "I8", 1, 1, TensorType::kI8),
    Read(25, "I16", 1, 2, TensorType::kI16),
    Read(26, "I32", 1, 4, TensorType::kI32),
    Read(27, "I64", 1, 8, TensorType::kI64),
    Read(28, "F64", 1, 8, TensorType::kF64),
    Blocks(29, "IQ1_M", 256, 56),
    Read(30, "BF16", 1, 2, TensorType::kBF16),
    Blocks(31, "Q4_0_4_4", 32, 18, kRemoved),
    Blocks(32, "Q4_0_4_8", 32, 18, kRemoved),
    Blocks(33, "Q4_0_8_8", 32, 18, kRemoved),
    Read(34, "TQ1_0", 256, 54, TensorType::kTQ1_0),
    Read(35, "TQ2_0", 256, 66, TensorType::kTQ2_0),
    {36, "I2_S", "", SizeRule::kI2s, 4, 1, 0, 0, TensorType::kI2_S},
    Blocks(36, "IQ4_NL_4_4", 32, 18, kRemoved),
    Unsized(37, "I8_S", "a format of bitnet.cpp for activations, never in a file"),
    {38, "TL1", "", SizeRule::kI2s, 4, 1, 0, 32, TensorType::kTL1},
    Blocks(38, "IQ4_NL_8_8", 32, 18, kRemoved),
    Blocks(39, "MXFP4", 32, 17),
    {39, "TL2", "", SizeRule::kTl2, 1, 0, 0, 32, TensorType::kTL2},
    Blocks(40, "NVFP4", 64, 36),
    Blocks(40, "Q1_0 in groups of 32", 32, 6, kPrism),
    Blocks(41, "Q1_0", 128, 18),
    Read(42, "Q2_0", 64, 18, TensorType::kQ2_0),
    Read(42, "Q2_0 in groups of 128", 128, 34, TensorType::kQ2_0_G128),
    Rows(134, "IQ1_BN", 2, 13, TensorType::kIQ1_BN),
    Rows(135, "IQ2_BN", 4, 16, TensorType::kIQ2_BN),
    Unsized(136, "Q8_K64", "a format of ik_llama.cpp for activations"),
    Read(142, "PQ2_0", 128, 34, TensorType::kPQ2_0),
    Unsized(142, "IQ2_TN", kDeprecated),
    Read(143, "PTQ1_0", 128, 28, TensorType::kPTQ1_0),
    Unsized(143, "IQ1_TN", kDeprecated),
    Rows(335, "IQ2_BN_R4", 4, 16, TensorType::kIQ2_BN_R4),
};

constexpr bool IdLess(const TypeMeaning& a, const TypeMeaning& b) { return a.id < b.id; }
static_assert(std::is_sorted(std::begin(kMeanings), std::end(kMeanings), IdLess));

std::optional<uint64_t> BlockBytes(const TypeMeaning& meaning, uint64_t rows, uint64_t columns) {
  if (columns % meaning.block_elements != 0) return std::nullopt;
  const auto codes = CheckedMul<uint64_t>(columns / meaning.block_elements, meaning.block_bytes);
  const auto row = codes ? CheckedAdd<uint64_t>(*codes, meaning.row_bytes) : std::nullopt;
  return row ? CheckedMul(*row, rows) : std::nullopt;
}

}  // namespace

std::span<const TypeMeaning> MeaningsOf(uint32_t id) {
  const auto [first, last] = std::equal_range(std::begin(kMeanings), std::end(kMeanings),
                                              TypeMeaning{id, {}, {}, SizeRule::kUnknown, 0, 0, 0, 0, {}}, IdLess);
  return {first, last};
}

std::optional<uint64_t> MeaningBytes(const TypeMeaning& meaning, uint64_t rows, uint64_t columns) {
  switch (meaning.rule) {
    case SizeRule::kBlocks:
    case SizeRule::kRowsOfBlocks: return BlockBytes(meaning, rows, columns);
    case SizeRule::kI2s: {
      const auto elements = CheckedMul(rows, columns);
      if (!elements || *elements % 4 != 0) return std::nullopt;
      return CheckedAdd<uint64_t>(*elements / 4, 32);
    }
    case SizeRule::kTl2: {
      const auto bytes = quant::TensorBytes(TensorType::kTL2, rows, columns);
      return bytes.ok() ? std::optional<uint64_t>(*bytes) : std::nullopt;
    }
    case SizeRule::kUnknown: break;
  }
  return std::nullopt;
}

}  // namespace sterna::format
