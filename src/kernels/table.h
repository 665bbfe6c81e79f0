// SPDX-License-Identifier: Apache-2.0
//
// The hot loops, as one table of function pointers per instruction set. `scalar` is the specification: every other
// table returns the same bits for the same input, whatever the input. This is the only project header that a per-ISA
// file includes.
//
// Layouts
//   ternary weights  a row is `blocks` blocks of 128 columns in 32 bytes: element j of a block is bits 7-2s..6-2s of
//   byte
//                    j % 32 with s = j / 32, codes 0, 1, 2 for -1, 0, +1 (the published I2_S order). Columns past the
//                    model's are code 1. Rows follow each other without gaps, 64-byte aligned start.
//   ternary columns  the same blocks with inputs and outputs exchanged: one input's codes for all outputs lie together,
//                    `blocks` blocks of 128 outputs, and inputs follow each other. Outputs and inputs past the matrix
//                    are code 1; inputs are padded to a multiple of 4. A zero input costs no read.
//   int8 rows        `stride` bytes apart, stride = blocks * 128, zero past the model's columns, 64-byte aligned.
//   float rows       `stride` floats apart, stride % 16 == 0, 64-byte aligned.
// No kernel reads or writes outside the ranges it states, whatever the bytes. Outputs never overlap inputs unless said
// so. Which NaN a NaN result is, and the product of a stored code 3, are not part of the promise of equal bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sterna::kernels {

constexpr size_t kTernaryBlockColumns = 128;
constexpr size_t kTernaryBlockBytes = 32;
constexpr size_t kTernaryGroupColumns = 256;  // columns that share a scale in block-scaled formats (TQ1_0, TQ2_0)
constexpr size_t kKvBlockTokens = 64;

// Activations of `count` tokens, quantized by quantize_row.
struct Int8Rows {
  const int8_t* values;
  const float* scales;  // [count] s of each row: x is about q / s
  const int32_t* sums;  // [count] sum of a row's values
  size_t count;
  size_t stride;  // bytes between rows
  // KernelTable::ternary_scratch.bytes, 64-byte aligned, that the call may overwrite; null: none. No result changes.
  void* scratch = nullptr;
};

struct FloatRows {
  const float* values;
  size_t count;
  size_t stride;  // floats between rows
};

struct TernaryRows {
  const uint8_t* codes;
  size_t rows;
  size_t blocks;              // 128-column blocks in a row
  float scale;                // of the whole matrix (ternary_linear)
  const float* group_scales;  // [rows][blocks / 2] (ternary_group_linear)
};

// A matrix stored by input (inputs = columns of the matrix, outputs = its rows).
struct TernaryColumns {
  const uint8_t* codes;
  size_t inputs;   // padded to a multiple of 4; not more than Int8Rows::stride
  size_t outputs;  // of the matrix
  size_t blocks;   // 128-output blocks of an input
  float scale;
};

// Stored types of embeddings and heads; block layouts as in quant/dequantize.h.
enum DenseType : uint8_t {
  kDenseF32,
  kDenseF16,
  kDenseBF16,
  kDenseQ8_0,
  kDenseQ6_K,
  kDenseQ4_0,
  kDenseTQ1_0,
  kDenseTQ2_0,
  kDenseQ5_0,
  kDenseQ4_K,
  kDenseQ2_0,       // in groups of 64
  kDenseQ2_0_G128,  // also PQ2_0
  kDenseTypeCount
};

struct DenseRows {
  const uint8_t* data;  // rows one after the other
  size_t rows;
  size_t columns;  // a multiple of the type's block
  size_t row_bytes;
};

// Storage of keys and values.
enum KvType : uint8_t { kKvF32, kKvF16, kKvQ8, kKvTypeCount };

// 64 tokens of one KV head. Keys lie transposed, so that scores of neighbouring tokens are neighbours in memory.
struct KvBlock {
  void* keys;           // [head_dim][64]
  void* values;         // [64][head_dim]
  float* key_scales;    // [64], kKvQ8 only
  float* value_scales;  // [64], kKvQ8 only
  // attend_block: slots before this one do not count (below the number of tokens).
  size_t first = 0;
  // A hint: what the caller attends to after this block, laid out alike (keys, then values), or any address.
  const void* upcoming = nullptr;
};

// Screening an output head (docs/head.md): 6-bit codes of a row in two planes, of which the first alone tells most rows
// apart. A group of 64 columns has a multiplier 0..127; a code c of column i stands for
// scale * multiplier * (c - offset[i]).
//   nibble plane  32 bytes a group: byte j holds columns j (low half) and j + 32
//   pair plane    16 bytes a group: bits 2s..2s+1 of byte j hold column j + 16 s
constexpr size_t kScreenGroupColumns = 64;
constexpr size_t kScreenNibbleBytes = 32;
constexpr size_t kScreenPairBytes = 16;
constexpr size_t kScreenMaxGroups = 128;  // sums of codes times multipliers times int8 stay within int32

enum ScreenOrder : uint8_t { kNibblesFirst, kPairsFirst };  // which plane holds a code's upper bits

// Where screen_encode writes one row, and what it found.
struct ScreenCodes {
  uint8_t* multipliers;  // [groups]
  uint8_t* nibbles;      // [groups][32]
  uint8_t* pairs;        // [groups][16]
};
struct ScreenNorms {
  float scale;
  float square;         // sum of w^2
  float coarse_square;  // sum of (w - what the first plane alone says)^2: the lower bits at the middle of their range
  float fine_square;    // sum of (w - what both planes say)^2
};

// One plane of some rows. `multipliers` rows are readable up to a multiple of 16 groups.
struct ScreenRows {
  const uint8_t* codes;
  size_t stride;  // bytes between rows
  const uint8_t* multipliers;
  size_t multiplier_stride;
  const float* scales;  // [rows]
  size_t groups;
};
struct ScreenInput {
  const int8_t* values;  // [groups][64]
  const float* offsets;  // [groups], zeros up to a multiple of 16
  float factor;          // what one step of the plane's codes counts
  float* out;            // [rows asked for]
};

// 2 sqrt(2 / pi), and that times 0.044715.
constexpr float kGeluLinear = 1.5957691216f;
constexpr float kGeluCubic = 0.0713548163f;

// The attention of one query head over a run of keys: softmax numerators against their own maximum.
// Layout of a partial: {max, sum, unused..., out[head_dim]} with out at float kPartialHeader.
constexpr size_t kPartialHeader = 16;

// Memory with which ternary_linear and ternary_columns_linear are fastest: on between least_tokens and most_tokens rows
// of activations and as many rows of weights as there are. Without (0 bytes): on about a first-level cache of weights
// and any activations.
struct TernaryScratch {
  size_t bytes = 0;
  size_t least_tokens = 0, most_tokens = 0;
};

struct KernelTable {
  const char* isa;  // "scalar", "avx2", "neon": the name in tests, logs and STERNA_ISA
  uint64_t needs;   // platform::CpuFeature bits that must all be present
  TernaryScratch ternary_scratch = {};
  // Does the multiply-adds of plain ternary products on registers alone, `rounds` times a fixed number, and returns how
  // many: what the integer units give when nothing is loaded. Null: nobody wrote one. Only measured, so no bits to
  // equal.
  uint64_t (*integer_peak)(uint64_t rounds) noexcept = nullptr;

  // s = 127 / max(largest, 1e-5), where a `largest` of 0 stands for max |x|; q = round_half_even(clamp(x * s, -128,
  // 127)); sum = sum of q. NaN quantizes to 0 and does not count for the maximum; an infinite maximum gives s = 0 and
  // q = 0. Writes `stride` bytes, zeros past count. Says whether some |x * s| is 127.5 or more: it never is without a
  // `largest`.
  bool (*quantize_row)(const float* x, size_t count, float largest, int8_t* q, size_t stride, float* scale,
                       int32_t* sum) noexcept;

  // y[i] = (x[i] * r) * gain[i], r = 1 / sqrt(mean(x^2) + eps), the mean over count. Sum: lane i % 16, one fma each,
  // then the tree lane[i] += lane[i + w] for w = 8, 4, 2, 1. y may be x.
  void (*rms_norm)(const float* x, const float* gain, size_t count, float eps, float* y) noexcept;

  // out[t][r] = float(sum_k (code[r][k] - 1) * q[t][k]) * (w.scale / s[t]); the sum is exact in int32.
  void (*ternary_linear)(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept;

  // out[t][r] = a / s[t]; a = fma(float(sum over group g), group_scale[r][g], a) for g in order, starting from 0.
  void (*ternary_group_linear)(const TernaryRows& w, const Int8Rows& x, float* out, size_t out_stride) noexcept;

  // out[listed[i]] = what ternary_linear gives for row listed[i] and the first row of x, for i < count; the other
  // places of out are left alone. `listed` ascends.
  void (*ternary_listed_rows)(const TernaryRows& w, const Int8Rows& x, const uint32_t* listed, size_t count,
                              float* out) noexcept;

  // out[t][o] = what ternary_linear gives for the same matrix stored by row, for the outputs o of the blocks
  // first_block .. first_block + blocks - 1.
  void (*ternary_columns_linear)(const TernaryColumns& w, size_t first_block, size_t blocks, const Int8Rows& x,
                                 float* out, size_t out_stride) noexcept;

  // sums[o] += sum over i < count of (code[listed[i]][o] - 1) * q[listed[i]], exact in int32, for all w.blocks * 128
  // outputs. `listed` ascends.
  void (*ternary_columns_add)(const TernaryColumns& w, const int8_t* q, const uint32_t* listed, size_t count,
                              int32_t* sums) noexcept;

  // The indices i < count with x[i] > 0 (or q[i] != 0), ascending, to `listed` (room for count); returns how many.
  size_t (*list_positive)(const float* x, size_t count, uint32_t* listed) noexcept;
  size_t (*list_nonzero)(const int8_t* q, size_t count, uint32_t* listed) noexcept;

  // out[t][r] = sum_k w[r][k] * x[t][k], w decoded exactly to float: lane k % 16, one fma each, then the tree of
  // rms_norm.
  void (*dense_linear[kDenseTypeCount])(const DenseRows& w, const FloatRows& x, float* out, size_t out_stride) noexcept;

  // One stored row to floats.
  void (*decode_row[kDenseTypeCount])(const uint8_t* row, size_t columns, float* out) noexcept;

  // In place on blocks of `block` floats (a power of two, 64 or more, that divides count): for h = 1, 2, 4 .. block / 2
  // the pairs (i, i + h) become (a + b, a - b).
  void (*hadamard)(float* x, size_t count, size_t block) noexcept;

  // Codes of one row of groups * 64 floats. largest = max |w| of the row, NaN ignored; reach = 29.99 (kNibblesFirst) or
  // 23.98; scale = largest / (127 * reach); a group's multiplier m = min(ceil(group's largest * (127 / largest)), 127);
  // step = scale * m, c = round_half_even(min(max(fma(w, m > 0 ? 1 / step : 0, offset), 0), 63)), NaN to 0.
  // With largest outside [2^-100, 2^100] scale, multipliers and codes are 0. Errors fma(step, offset - value, w); sums
  // of squares: lanes, tree of rms_norm.
  void (*screen_encode)(const float* row, const float* offsets, size_t groups, ScreenOrder order,
                        const ScreenCodes& codes, ScreenNorms* norms) noexcept;

  // For each of `inputs` (1 or more) inputs x and i < count: x.out[i] = scale[r] * fma(float(a), x.factor, o),
  // r = rows[i] (i itself when rows is null); a = sum over groups of m * (sum of code * value), exact in int32;
  // o = sum of m * offset: lane group % 16, one fma each, the tree.
  void (*screen_nibbles)(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                         size_t count) noexcept;
  void (*screen_pairs)(const ScreenRows& w, const ScreenInput* x, size_t inputs, const uint32_t* rows,
                       size_t count) noexcept;

  // In place on `heads` heads of head_dim floats: dims i and i + rotary / 2 (i < rotary / 2) turn by the angle whose
  // cosine and sine are given: (a * c) - (b * s), (b * c) + (a * s), each product rounded. Dims from rotary on are left
  // alone.
  void (*rope)(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
               const float* sines) noexcept;

  // The same with dims 2 i and 2 i + 1 in the place of i and i + rotary / 2.
  void (*rope_pairs)(float* x, size_t heads, size_t head_dim, size_t rotary, const float* cosines,
                     const float* sines) noexcept;

  // Stores one token's key and value of one KV head at `slot` (0..63) of a block. kKvF16: rounded to nearest even.
  // kKvQ8: per token and head s = max|x| / 127, q = round_half_even(x / s) clamped to +-127, NaN to 0;
  // s = 0 gives q = 0. NaN does not count for the maximum.
  void (*store_kv[kKvTypeCount])(const float* key, const float* value, size_t head_dim, const KvBlock& block,
                                 size_t slot) noexcept;

  // For each of `heads` queries (head_dim floats, q_stride apart) over the first `tokens` (1..64) slots of a block:
  //   score[j] = softmax_scale * (chain over d of fma(q[d], key[d][j], acc), from 0); -infinity for j < block.first
  //   max      = the largest score that is a number (-infinity when there is none), + 0 so that it is never -0
  //   p[j]     = exp(score[j] - max)
  //   sum      = p in lanes j % 16, plain adds, then the tree of rms_norm
  //   out[d]   = chain over j of fma(p[j], value[j][d], acc), from 0
  // kKvQ8: the chain over d runs over the stored integers as floats and is multiplied by key_scale[j] before
  // softmax_scale; p[j] * value_scale[j] stands in p's place in the chain over j (not in sum).
  // Writes one partial per head, partial_stride floats apart.
  void (*attend_block[kKvTypeCount])(const float* q, size_t heads, size_t q_stride, const KvBlock& block, size_t tokens,
                                     size_t head_dim, float softmax_scale, float* partials,
                                     size_t partial_stride) noexcept;

  // For each of `count` partials, `stride` floats apart, in order: into := into followed by next: m = max;
  // a = exp(into.max - m), b = exp(next.max - m); sum = fma(next.sum, b, into.sum * a);
  // out[d] = fma(next.out[d], b, into.out[d] * a).
  void (*attend_merge)(float* into, const float* next, size_t count, size_t stride, size_t head_dim) noexcept;

  // out[d] = partial.out[d] / partial.sum.
  void (*attend_finish)(const float* partial, size_t head_dim, float* out) noexcept;

  // x[i] = x[i] + y[i]
  void (*add)(float* x, const float* y, size_t count) noexcept;
  // gate[i] = (r * r) * up[i], r = max(gate[i], 0), NaN to 0; +0 where r is 0, whatever up[i] is (infinity and NaN
  // included), so that nobody need compute it
  void (*relu2_mul)(float* gate, const float* up, size_t count) noexcept;
  // gate[i] = (gate[i] / (1 + exp(-gate[i]))) * up[i]
  void (*silu_mul)(float* gate, const float* up, size_t count) noexcept;

  // gate[i] = (g / (1 + exp(-(g * fma(g * g, kGeluCubic, kGeluLinear))))) * up[i], g = gate[i]: GELU as its tanh
  // approximation has it, g / 2 (1 + tanh(sqrt(2 / pi) (g + 0.044715 g^3)))
  void (*gelu_mul)(float* gate, const float* up, size_t count) noexcept;

  // y[i] = exp(x[i]) by the table's own polynomial (kernels/scalar/exp.h gives it); here so that tests can compare it.
  void (*exp)(const float* x, size_t count, float* y) noexcept;
};

// Defined by the folder of each set that the build holds (dispatch.h lists them).
extern const KernelTable kScalarTable;
extern const KernelTable kAvx2Table;
extern const KernelTable kNeonTable;
extern const KernelTable kNeonDotprodTable;
extern const KernelTable kNeonI8mmTable;
extern const KernelTable kAvxVnniTable;
extern const KernelTable kAvx512Table;
extern const KernelTable kAmxTable;

}  // namespace sterna::kernels
