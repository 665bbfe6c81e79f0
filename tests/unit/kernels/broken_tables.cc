// SPDX-License-Identifier: Apache-2.0
#include "unit/kernels/broken_tables.h"

#include <cstring>

namespace sterna::test {
namespace {

using kernels::DenseRows;
using kernels::DenseType;
using kernels::FloatRows;
using kernels::Int8Rows;
using kernels::KernelTable;
using kernels::kPartialHeader;
using kernels::kScalarTable;
using kernels::KvBlock;
using kernels::KvType;
using kernels::TernaryColumns;
using kernels::TernaryRows;

void FlipLastBit(float* value) {
  uint32_t bits;
  std::memcpy(&bits, value, sizeof bits);
  bits ^= 1;
  std::memcpy(value, &bits, sizeof bits);
}

bool QuantizeRow(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                 int32_t* sum) noexcept {
  const bool beyond = kScalarTable.quantize_row(x, count, largest, q, stride, scale, sum);
  q[count - 1] = int8_t(q[count - 1] ^ 1);
  return beyond;
}
void RmsNorm(const float* x, const float* gain, size_t count, float eps, float* y) noexcept {
  kScalarTable.rms_norm(x, gain, count, eps, y);
  FlipLastBit(y + count - 1);
}
void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  kScalarTable.ternary_linear(w, x, out, out_stride);
  FlipLastBit(out + (x.count - 1) * out_stride + w.rows - 1);
}
void TernaryGroupLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept {
  kScalarTable.ternary_group_linear(w, x, out, out_stride);
  FlipLastBit(out + (x.count - 1) * out_stride + w.rows - 1);
}
void TernaryListedRows(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                       float* out) noexcept {
  kScalarTable.ternary_listed_rows(w, x, listed, count, out);
  FlipLastBit(out + listed[count - 1]);
}
void TernaryColumnsLinear(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x, float* out,
                          size_t out_stride) noexcept {
  kScalarTable.ternary_columns_linear(w, first_block, blocks, x, out, out_stride);
  FlipLastBit(out + (x.count - 1) * out_stride + first_block * kernels::kTernaryBlockColumns);
}
void TernaryColumnsAdd(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                       int32_t* sums) noexcept {
  kScalarTable.ternary_columns_add(w, q, listed, count, sums);
  sums[w.blocks * kernels::kTernaryBlockColumns - 1] ^= 1;
}
size_t ListPositive(const float* x, size_t count, uint32_t* listed) noexcept {
  const size_t found = kScalarTable.list_positive(x, count, listed);
  return found == 0 ? 0 : found - 1;
}
size_t ListNonzero(const int8_t* q, size_t count, uint32_t* listed) noexcept {
  const size_t found = kScalarTable.list_nonzero(q, count, listed);
  return found == 0 ? 0 : found - 1;
}
template <DenseType kType>
void DenseLinear(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept {
  kScalarTable.dense_linear[kType](w, x, out, out_stride);
  FlipLastBit(out + (x.count - 1) * out_stride + w.rows - 1);
}
template <DenseType kType>
void DecodeRow(const uint8_t* row, size_t columns, float* out) noexcept {
  kScalarTable.decode_row[kType](row, columns, out);
  FlipLastBit(out + columns - 1);
}
void Hadamard(float* x, size_t count, size_t block) noexcept {
  kScalarTable.hadamard(x, count, block);
  FlipLastBit(x + count - 1);
}
void ScreenEncode(const float* row, const float* offsets, size_t groups, kernels::ScreenOrder order,
                  const kernels::ScreenCodes& codes, kernels::ScreenNorms* norms) noexcept {
  kScalarTable.screen_encode(row, offsets, groups, order, codes, norms);
  codes.pairs[groups * kernels::kScreenPairBytes - 1] ^= 1;
}
void ScreenNibbles(const kernels::ScreenRows& w, const kernels::ScreenInput* x, size_t inputs, const uint32_t* rows,
                   size_t count) noexcept {
  kScalarTable.screen_nibbles(w, x, inputs, rows, count);
  FlipLastBit(x[inputs - 1].out + count - 1);
}
void ScreenPairs(const kernels::ScreenRows& w, const kernels::ScreenInput* x, size_t inputs, const uint32_t* rows,
                 size_t count) noexcept {
  kScalarTable.screen_pairs(w, x, inputs, rows, count);
  FlipLastBit(x[inputs - 1].out + count - 1);
}
void Rope(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines, const float* sines) noexcept {
  kScalarTable.rope(x, heads, head_dim, rotary, cosines, sines);
  FlipLastBit(x + heads * head_dim - 1);
}
void RopePairs(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
               const float* sines) noexcept {
  kScalarTable.rope_pairs(x, heads, head_dim, rotary, cosines, sines);
  FlipLastBit(x + heads * head_dim - 1);
}
template <KvType kType>
void StoreKv(const float* key, const float* value, size_t head_dim, const KvBlock& block, size_t slot) noexcept {
  kScalarTable.store_kv[kType](key, value, head_dim, block, slot);
  constexpr size_t kBytes[] = {4, 2, 1};
  static_cast<uint8_t*>(block.values)[((slot + 1) * head_dim - 1) * kBytes[kType]] ^= 1;
}
template <KvType kType>
void AttendBlock(const float* q, size_t heads, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) noexcept {
  kScalarTable.attend_block[kType](q, heads, q_stride, block, tokens, head_dim, softmax_scale, partials,
                                   partial_stride);
  FlipLastBit(partials + (heads - 1) * partial_stride + kPartialHeader + head_dim - 1);
}
void AttendMerge(float* into, const float* next, size_t count, size_t stride, size_t head_dim) noexcept {
  kScalarTable.attend_merge(into, next, count, stride, head_dim);
  FlipLastBit(into + kPartialHeader + head_dim - 1);
}
void AttendFinish(const float* partial, size_t head_dim, float* out) noexcept {
  kScalarTable.attend_finish(partial, head_dim, out);
  FlipLastBit(out + head_dim - 1);
}
void Add(float* x, const float* y, size_t count) noexcept {
  kScalarTable.add(x, y, count);
  FlipLastBit(x + count - 1);
}
void Relu2Mul(float* gate, const float* up, size_t count) noexcept {
  kScalarTable.relu2_mul(gate, up, count);
  FlipLastBit(gate + count - 1);
}
void SiluMul(float* gate, const float* up, size_t count) noexcept {
  kScalarTable.silu_mul(gate, up, count);
  FlipLastBit(gate + count - 1);
}
void GeluMul(float* gate, const float* up, size_t count) noexcept {
  kScalarTable.gelu_mul(gate, up, count);
  FlipLastBit(gate + count - 1);
}
void Exp(const float* x, size_t count, float* y) noexcept {
  kScalarTable.exp(x, count, y);
  FlipLastBit(y + count - 1);
}

template <DenseType kType>
void AddDense(const std::string& name, std::vector<BrokenTable>& tables) {
  KernelTable linear = kScalarTable, decode = kScalarTable;
  linear.dense_linear[kType] = DenseLinear<kType>;
  decode.decode_row[kType] = DecodeRow<kType>;
  tables.push_back({"dense_linear." + name, linear});
  tables.push_back({"decode_row." + name, decode});
}

template <KvType kType>
void AddKv(const std::string& name, std::vector<BrokenTable>& tables) {
  KernelTable store = kScalarTable, attend = kScalarTable;
  store.store_kv[kType] = StoreKv<kType>;
  attend.attend_block[kType] = AttendBlock<kType>;
  tables.push_back({"store_kv." + name, store});
  tables.push_back({"attend_block." + name, attend});
}

}  // namespace

std::vector<BrokenTable> BrokenTables() {
  std::vector<BrokenTable> tables;
  const auto add = [&](const char* field, auto KernelTable::*member, auto kernel) {
    tables.push_back({field, kScalarTable});
    tables.back().table.*member = kernel;
  };
  add("quantize_row", &KernelTable::quantize_row, QuantizeRow);
  add("rms_norm", &KernelTable::rms_norm, RmsNorm);
  add("ternary_linear", &KernelTable::ternary_linear, TernaryLinear);
  add("ternary_group_linear", &KernelTable::ternary_group_linear, TernaryGroupLinear);
  add("ternary_listed_rows", &KernelTable::ternary_listed_rows, TernaryListedRows);
  add("ternary_columns_linear", &KernelTable::ternary_columns_linear, TernaryColumnsLinear);
  add("ternary_columns_add", &KernelTable::ternary_columns_add, TernaryColumnsAdd);
  add("list_positive", &KernelTable::list_positive, ListPositive);
  add("list_nonzero", &KernelTable::list_nonzero, ListNonzero);
  add("hadamard", &KernelTable::hadamard, Hadamard);
  add("screen_encode", &KernelTable::screen_encode, ScreenEncode);
  add("screen_nibbles", &KernelTable::screen_nibbles, ScreenNibbles);
  add("screen_pairs", &KernelTable::screen_pairs, ScreenPairs);
  add("rope", &KernelTable::rope, Rope);
  add("rope_pairs", &KernelTable::rope_pairs, RopePairs);
  add("attend_merge", &KernelTable::attend_merge, AttendMerge);
  add("attend_finish", &KernelTable::attend_finish, AttendFinish);
  add("add", &KernelTable::add, Add);
  add("relu2_mul", &KernelTable::relu2_mul, Relu2Mul);
  add("silu_mul", &KernelTable::silu_mul, SiluMul);
  add("gelu_mul", &KernelTable::gelu_mul, GeluMul);
  add("exp", &KernelTable::exp, Exp);
  AddDense<kernels::kDenseF32>("F32", tables);
  AddDense<kernels::kDenseF16>("F16", tables);
  AddDense<kernels::kDenseBF16>("BF16", tables);
  AddDense<kernels::kDenseQ8_0>("Q8_0", tables);
  AddDense<kernels::kDenseQ6_K>("Q6_K", tables);
  AddDense<kernels::kDenseQ4_0>("Q4_0", tables);
  AddDense<kernels::kDenseTQ1_0>("TQ1_0", tables);
  AddDense<kernels::kDenseTQ2_0>("TQ2_0", tables);
  AddDense<kernels::kDenseQ5_0>("Q5_0", tables);
  AddDense<kernels::kDenseQ4_K>("Q4_K", tables);
  AddDense<kernels::kDenseQ2_0>("Q2_0", tables);
  AddDense<kernels::kDenseQ2_0_G128>("Q2_0_G128", tables);
  AddKv<kernels::kKvF32>("F32", tables);
  AddKv<kernels::kKvF16>("F16", tables);
  AddKv<kernels::kKvQ8>("Q8", tables);
  return tables;
}

}  // namespace sterna::test
