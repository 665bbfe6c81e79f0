// SPDX-License-Identifier: Apache-2.0
#include "quant/tensor_type.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <vector>

#include "base/checked_math.h"

namespace sterna::quant {
namespace {

constexpr uint64_t kPairColumns = 256;  // that the size of a TL2 tensor counts at 4 bits a pair
constexpr uint64_t kMaxBytes = std::numeric_limits<int64_t>::max();

// In the order of TensorType.
constexpr std::array<TypeInfo, 25> kTypes{{
    {TensorType::kF32, "F32", 1, 4, false},
    {TensorType::kF16, "F16", 1, 2, false},
    {TensorType::kBF16, "BF16", 1, 2, false},
    {TensorType::kQ8_0, "Q8_0", 32, 34, false},
    {TensorType::kQ6_K, "Q6_K", 256, 210, false},
    {TensorType::kQ4_0, "Q4_0", 32, 18, false},
    {TensorType::kQ5_0, "Q5_0", 32, 22, false},
    {TensorType::kQ4_K, "Q4_K", 256, 144, false},
    {TensorType::kI2_S, "I2_S", 128, 32, true},
    {TensorType::kTQ1_0, "TQ1_0", 256, 54, true},
    {TensorType::kTQ2_0, "TQ2_0", 256, 66, true},
    {TensorType::kIQ1_BN, "IQ1_BN", 64, 13, true, 2},
    {TensorType::kIQ2_BN, "IQ2_BN", 64, 16, true, 4},
    {TensorType::kIQ2_BN_R4, "IQ2_BN_R4", 64, 16, true, 4, 4},
    {TensorType::kQ2_0, "Q2_0", 64, 18, true},
    {TensorType::kQ2_0_G128, "Q2_0 in groups of 128", 128, 34, true},
    {TensorType::kPQ2_0, "PQ2_0", 128, 34, true},
    {TensorType::kPTQ1_0, "PTQ1_0", 128, 28, true},
    {TensorType::kTL1, "TL1", 4, 1, true},
    {TensorType::kTL2, "TL2", 1, 0, true},
    {TensorType::kI8, "I8", 1, 1, false},
    {TensorType::kI16, "I16", 1, 2, false},
    {TensorType::kI32, "I32", 1, 4, false},
    {TensorType::kI64, "I64", 1, 8, false},
    {TensorType::kF64, "F64", 1, 8, false},
}};

constexpr bool InEnumOrder() {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (size_t(kTypes[i].type) != i) return false;
  }
  return true;
}
static_assert(InEnumOrder());

Status TooLarge(TensorType type, uint64_t rows, uint64_t columns) {
  return Status::InvalidArgument(
      fmt::format("a {} tensor of {} rows and {} columns needs 2^63 bytes or more", Info(type).name, rows, columns));
}

// As bitnet.cpp rounds it, on the left what triples of the other columns take at 5 bits each.
Result<uint64_t> Tl2Bytes(uint64_t rows, uint64_t columns) {
  if (columns < kPairColumns) {
    return Status::InvalidArgument(
        fmt::format("{} columns are fewer than the {} that a TL2 tensor has at least", columns, kPairColumns));
  }
  const auto triple_bits = CheckedMul<uint64_t>((columns - kPairColumns) * rows / 3, 5);
  const auto pair_bits = CheckedMul<uint64_t>(kPairColumns / 2 * rows, 4);
  if (!triple_bits || !pair_bits) return TooLarge(TensorType::kTL2, rows, columns);
  return (*triple_bits / 8 + *pair_bits / 8 + kScaleTailBytes - 1) / kScaleTailBytes * kScaleTailBytes +
         kScaleTailBytes;
}

}  // namespace

const TypeInfo& Info(TensorType type) { return kTypes[size_t(type)]; }

bool IsPlainFloat(TensorType type) {
  return type == TensorType::kF32 || type == TensorType::kF16 || type == TensorType::kBF16;
}

std::string TernaryTypeNames() {
  std::vector<std::string_view> names;
  for (const TypeInfo& info : kTypes) {
    if (info.ternary) names.push_back(info.name);
  }
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

Result<uint64_t> TensorBytes(TensorType type, uint64_t rows, uint64_t columns) {
  const TypeInfo& info = Info(type);
  const auto elements = CheckedMul(rows, columns);
  if (!elements) return TooLarge(type, rows, columns);
  if (type == TensorType::kTL2) return Tl2Bytes(rows, columns);
  if (type == TensorType::kI2_S || type == TensorType::kTL1) {
    if (*elements % 4 != 0) {
      return Status::InvalidArgument(fmt::format(
          "{} rows of {} columns are no multiple of the 4 values that a byte of {} holds", rows, columns, info.name));
    }
    return *elements / 4 + kScaleTailBytes;
  }
  if (columns % info.block_elements != 0) {
    return Status::InvalidArgument(fmt::format("{} columns are no multiple of the {} values of a {} block", columns,
                                               info.block_elements, info.name));
  }
  if (rows % info.row_multiple != 0) {
    return Status::InvalidArgument(
        fmt::format("{} rows are no multiple of the {} that {} packs together", rows, info.row_multiple, info.name));
  }
  const auto codes = CheckedMul<uint64_t>(*elements / info.block_elements, info.block_bytes);
  const auto scales = CheckedMul<uint64_t>(rows, info.row_bytes);
  const auto bytes = codes && scales ? CheckedAdd(*codes, *scales) : std::nullopt;
  if (!bytes || *bytes > kMaxBytes) return TooLarge(type, rows, columns);
  return *bytes;
}

}  // namespace sterna::quant
