// SPDX-License-Identifier: Apache-2.0
//
// The entries of the scalar table, by the file that defines them. Contracts: kernels/table.h.
#pragma once

#include "kernels/table.h"

namespace sterna::kernels::scalar {

// quantize.cc
bool QuantizeRow(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                 int32_t* sum) noexcept;
// norm.cc
void RmsNorm(const float* x, const float* gain, size_t count, float eps, float* y) noexcept;
// ternary.cc
void TernaryLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept;
void TernaryGroupLinear(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept;
void TernaryListedRows(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                       float* out) noexcept;
// ternary_columns.cc
void TernaryColumnsLinear(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x, float* out,
                          size_t out_stride) noexcept;
void TernaryColumnsAdd(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                       int32_t* sums) noexcept;
// lists.cc
size_t ListPositive(const float* x, size_t count, uint32_t* listed) noexcept;
size_t ListNonzero(const int8_t* q, size_t count, uint32_t* listed) noexcept;
// decode.cc
template <DenseType kType>
void DecodeRow(const uint8_t* row, size_t columns, float* out) noexcept;
// Bytes of `columns` stored values; columns a multiple of the type's block.
template <DenseType kType>
size_t StoredBytes(size_t columns) noexcept;
// dense.cc
template <DenseType kType>
void DenseLinear(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept;
// screen.cc
void Hadamard(float* x, size_t count, size_t block) noexcept;
void ScreenEncode(const float* row, const float* offsets, size_t groups, ScreenOrder order, const ScreenCodes& codes,
                  ScreenNorms* norms) noexcept;
void ScreenNibbles(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                   size_t count) noexcept;
void ScreenPairs(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows, size_t count) noexcept;
// attention.cc
template <KvType kType>
void StoreKv(const float* key, const float* value, size_t head_dim, const KvBlock& block, size_t slot) noexcept;
template <KvType kType>
void AttendBlock(const float* q, size_t heads, size_t q_stride, const KvBlock& block, size_t tokens, size_t head_dim,
                 float softmax_scale, float* partials, size_t partial_stride) noexcept;
void AttendMerge(float* into, const float* next, size_t count, size_t stride, size_t head_dim) noexcept;
void AttendFinish(const float* partial, size_t head_dim, float* out) noexcept;
// elementwise.cc
void Rope(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines, const float* sines) noexcept;
void RopePairs(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
               const float* sines) noexcept;
void Add(float* x, const float* y, size_t count) noexcept;
void Relu2Mul(float* gate, const float* up, size_t count) noexcept;
void SiluMul(float* gate, const float* up, size_t count) noexcept;
void GeluMul(float* gate, const float* up, size_t count) noexcept;
void ExpRow(const float* x, size_t count, float* y) noexcept;

}  // namespace sterna::kernels::scalar
