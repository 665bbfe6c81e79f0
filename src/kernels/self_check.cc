// SPDX-License-Identifier: Apache-2.0
#include "kernels/self_check.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace sterna::kernels {
namespace {

// Memory as kernels want it: 64-byte aligned, zeros at first.
template <class T>
class Aligned {
 public:
  explicit Aligned(size_t count) : lines_((count * sizeof(T) + sizeof(Line) - 1) / sizeof(Line)), count_(count) {}
  T* data() { return reinterpret_cast<T*>(lines_.data()); }
  T& operator[](size_t i) { return data()[i]; }
  std::span<T> span() { return {data(), count_}; }

 private:
  struct alignas(64) Line {
    std::array<std::byte, 64> bytes{};
  };
  std::vector<Line> lines_;
  size_t count_;
};

// The inputs of a check, the same for every table (splitmix64), and a place for what the kernels write.
class Trial {
 public:
  explicit Trial(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  float Unit() { return float(Bits() >> 40) * 0x1p-23f - 1.0f; }  // [-1, 1)

  Aligned<float> Floats(size_t count) {
    Aligned<float> floats(count);
    for (float& value : floats.span()) value = Unit() * 4;
    return floats;
  }
  Aligned<int8_t> Int8s(size_t count) {
    Aligned<int8_t> values(count);
    for (int8_t& value : values.span()) value = int8_t(int(Bits() % 255) - 127);
    return values;
  }
  // Codes 0, 1 and 2 alone.
  Aligned<uint8_t> Codes(size_t bytes) {
    Aligned<uint8_t> codes(bytes);
    for (uint8_t& byte : codes.span()) {
      for (int shift = 0; shift < 8; shift += 2) byte = uint8_t(byte | (Bits() % 3) << shift);
    }
    return codes;
  }
  // Stored weights whose scales, wherever they lie, are finite: the upper byte of a float is at an odd place.
  Aligned<uint8_t> Stored(size_t bytes) {
    Aligned<uint8_t> stored(bytes);
    for (size_t i = 0; i < bytes; ++i) stored[i] = uint8_t(Bits() & (i % 2 == 1 ? 0x3f : 0xff));
    return stored;
  }

  template <class T>
  void Keep(Aligned<T>& written) {
    const auto bytes = std::as_bytes(written.span());
    kept_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  template <class T>
  void Keep(T value) {
    Aligned<T> one(1);
    one[0] = value;
    Keep(one);
  }
  const std::string& kept() const { return kept_; }

 private:
  uint64_t state_;
  std::string kept_;
};

constexpr size_t kColumns = 640, kRows = 21, kTokens = 3;  // five blocks of columns; rows and tokens are no lane counts
constexpr size_t kBlocks = kColumns / kTernaryBlockColumns;

void QuantizeRow(const KernelTable& table, Trial& trial) {
  Aligned<float> x = trial.Floats(kColumns);
  Aligned<int8_t> q(kColumns + kTernaryBlockColumns);
  float scale = 0;
  int32_t sum = 0;
  for (const float largest : {0.0f, 0.5f}) {  // the row's own, and one that some values lie beyond
    const bool beyond =
        table.quantize_row(x.data(), kColumns - 5, largest, q.data(), kColumns + kTernaryBlockColumns, &scale, &sum);
    trial.Keep(q);
    trial.Keep(scale);
    trial.Keep(sum);
    trial.Keep(beyond);
  }
}

void RmsNorm(const KernelTable& table, Trial& trial) {
  Aligned<float> x = trial.Floats(kColumns), gain = trial.Floats(kColumns), y(kColumns);
  table.rms_norm(x.data(), gain.data(), kColumns - 3, 1e-5f, y.data());
  trial.Keep(y);
}

// Int8 rows with what quantize_row would give beside them.
struct Activations {
  explicit Activations(Trial& trial) : values(trial.Int8s(kTokens * kColumns)), scales(kTokens), sums(kTokens) {
    for (size_t t = 0; t < kTokens; ++t) {
      scales[t] = 30 + trial.Unit();
      for (size_t k = 0; k < kColumns; ++k) sums[t] += values[t * kColumns + k];
    }
  }
  Int8Rows Rows(size_t count) { return {values.data(), scales.data(), sums.data(), count, kColumns}; }
  Aligned<int8_t> values;
  Aligned<float> scales;
  Aligned<int32_t> sums;
};

void TernaryByRow(const KernelTable& table, Trial& trial) {
  Activations x(trial);
  Aligned<uint8_t> codes = trial.Codes((kRows + 1) * kBlocks * kTernaryBlockBytes);
  const TernaryRows w = {codes.data(), kRows, kBlocks, 0.37f, nullptr};
  for (const size_t tokens : {size_t{1}, kTokens}) {
    Aligned<float> y(tokens * kRows);
    table.ternary_linear(w, x.Rows(tokens), y.data(), kRows);
    trial.Keep(y);
  }
}

void TernaryByGroup(const KernelTable& table, Trial& trial) {
  Activations x(trial);
  constexpr size_t kEvenBlocks = kBlocks / 2 * 2;
  Aligned<uint8_t> codes = trial.Codes(kRows * kEvenBlocks * kTernaryBlockBytes);
  Aligned<float> scales = trial.Floats(kRows * kEvenBlocks / 2), y(kTokens * kRows);
  const TernaryRows w = {codes.data(), kRows, kEvenBlocks, 1, scales.data()};
  Int8Rows rows = x.Rows(kTokens);
  rows.stride = kEvenBlocks * kTernaryBlockColumns;
  table.ternary_group_linear(w, rows, y.data(), kRows);
  trial.Keep(y);
}

void TernaryListed(const KernelTable& table, Trial& trial) {
  Activations x(trial);
  Aligned<uint8_t> codes = trial.Codes(kRows * kBlocks * kTernaryBlockBytes);
  constexpr uint32_t kListed[] = {0, 3, 4, 9, kRows - 1};
  Aligned<float> y(kRows);
  table.ternary_listed_rows({codes.data(), kRows, kBlocks, 0.37f, nullptr}, x.Rows(1), kListed, std::size(kListed),
                            y.data());
  trial.Keep(y);
}

void TernaryByColumn(const KernelTable& table, Trial& trial) {
  Activations x(trial);
  constexpr size_t kOutputBlocks = 2, kOutputs = kOutputBlocks * kTernaryBlockColumns;
  Aligned<uint8_t> codes = trial.Codes(kColumns * kOutputBlocks * kTernaryBlockBytes);
  const TernaryColumns w = {codes.data(), kColumns, kOutputs, kOutputBlocks, 0.37f};
  Aligned<float> y(kTokens * kOutputs);
  table.ternary_columns_linear(w, 0, kOutputBlocks, x.Rows(kTokens), y.data(), kOutputs);
  trial.Keep(y);
  constexpr uint32_t kListed[] = {1, 2, 77, kColumns - 1};
  Aligned<int32_t> sums(kOutputs);
  table.ternary_columns_add(w, x.values.data(), kListed, std::size(kListed), sums.data());
  trial.Keep(sums);
}

void Lists(const KernelTable& table, Trial& trial) {
  Aligned<float> x = trial.Floats(kColumns);
  Aligned<int8_t> q = trial.Int8s(kColumns);
  for (size_t i = 0; i < kColumns; i += 3) q[i] = 0;
  Aligned<uint32_t> positive(kColumns), nonzero(kColumns);
  const size_t positives = table.list_positive(x.data(), kColumns - 3, positive.data());
  const size_t nonzeros = table.list_nonzero(q.data(), kColumns - 3, nonzero.data());
  trial.Keep(positives);
  trial.Keep(nonzeros);
  for (size_t i = 0; i < positives; ++i) trial.Keep(positive[i]);  // what lies behind the list may be anything
  for (size_t i = 0; i < nonzeros; ++i) trial.Keep(nonzero[i]);
}

// Elements and bytes of a block (quant/dequantize.h).
struct StoredBlock {
  size_t elements, bytes;
};
constexpr StoredBlock kStoredBlocks[kDenseTypeCount] = {{1, 4},     {1, 2},     {1, 2},    {32, 34},
                                                        {256, 210}, {32, 18},   {256, 54}, {256, 66},
                                                        {32, 22},   {256, 144}, {64, 18},  {128, 34}};

void Dense(const KernelTable& table, Trial& trial) {
  constexpr size_t kDenseColumns = 512, kDenseRows = 5;
  for (size_t type = 0; type < kDenseTypeCount; ++type) {
    const size_t row_bytes = kDenseColumns / kStoredBlocks[type].elements * kStoredBlocks[type].bytes;
    Aligned<uint8_t> stored = trial.Stored(kDenseRows * row_bytes);
    Aligned<float> x = trial.Floats(kTokens * kDenseColumns), y(kTokens * kDenseRows), decoded(kDenseColumns);
    table.dense_linear[type]({stored.data(), kDenseRows, kDenseColumns, row_bytes}, {x.data(), kTokens, kDenseColumns},
                             y.data(), kDenseRows);
    table.decode_row[type](stored.data(), kDenseColumns, decoded.data());
    trial.Keep(y);
    trial.Keep(decoded);
  }
}

void Hadamard(const KernelTable& table, Trial& trial) {
  Aligned<float> x = trial.Floats(512);
  table.hadamard(x.data(), 512, 128);
  trial.Keep(x);
}

constexpr size_t kGroups = 20, kGroupsPadded = 32;

void ScreenEncode(const KernelTable& table, Trial& trial) {
  Aligned<float> row = trial.Floats(kGroups * kScreenGroupColumns), offsets(kGroups * kScreenGroupColumns);
  for (float& offset : offsets.span()) offset = 31.5f + trial.Unit();
  for (const ScreenOrder order : {kNibblesFirst, kPairsFirst}) {
    Aligned<uint8_t> multipliers(kGroups), nibbles(kGroups * kScreenNibbleBytes), pairs(kGroups * kScreenPairBytes);
    ScreenNorms norms{};
    table.screen_encode(row.data(), offsets.data(), kGroups, order, {multipliers.data(), nibbles.data(), pairs.data()},
                        &norms);
    trial.Keep(multipliers);
    trial.Keep(nibbles);
    trial.Keep(pairs);
    for (const float norm : {norms.scale, norms.square, norms.coarse_square, norms.fine_square}) trial.Keep(norm);
  }
}

void ScreenProducts(const KernelTable& table, Trial& trial) {
  Aligned<uint8_t> codes = trial.Stored(kRows * kGroups * kScreenNibbleBytes), multipliers(kRows * kGroupsPadded);
  for (uint8_t& multiplier : multipliers.span()) multiplier = uint8_t(trial.Bits() % 128);
  Aligned<int8_t> values = trial.Int8s(kGroups * kScreenGroupColumns);
  Aligned<float> scales = trial.Floats(kRows), offsets(kGroupsPadded), nibbles(kRows), pairs(kRows);
  for (size_t i = 0; i < kGroups; ++i) offsets[i] = trial.Unit() * 100;
  const ScreenRows wide = {codes.data(), kGroups * kScreenNibbleBytes, multipliers.data(), kGroupsPadded, scales.data(),
                           kGroups};
  const ScreenRows narrow = {codes.data(), kGroups * kScreenPairBytes, multipliers.data(), kGroupsPadded, scales.data(),
                             kGroups};
  const ScreenInput to_nibbles = {values.data(), offsets.data(), 4, nibbles.data()};
  const ScreenInput to_pairs = {values.data(), offsets.data(), 4, pairs.data()};
  table.screen_nibbles(wide, &to_nibbles, 1, nullptr, kRows);
  table.screen_pairs(narrow, &to_pairs, 1, nullptr, kRows);
  trial.Keep(nibbles);
  trial.Keep(pairs);
}

constexpr size_t kHeads = 3, kHeadDim = 80;

void Rope(const KernelTable& table, Trial& trial) {
  constexpr size_t kRotary = 64;
  Aligned<float> halves = trial.Floats(kHeads * kHeadDim), pairs = trial.Floats(kHeads * kHeadDim);
  Aligned<float> cosines = trial.Floats(kRotary / 2), sines = trial.Floats(kRotary / 2);
  table.rope(halves.data(), kHeads, kHeadDim, kRotary, cosines.data(), sines.data());
  table.rope_pairs(pairs.data(), kHeads, kHeadDim, kRotary, cosines.data(), sines.data());
  trial.Keep(halves);
  trial.Keep(pairs);
}

void Attention(const KernelTable& table, Trial& trial) {
  constexpr size_t kStored = 37, kElements = kKvBlockTokens * kHeadDim, kPartial = kPartialHeader + kHeadDim;
  for (size_t type = 0; type < kKvTypeCount; ++type) {
    Aligned<float> keys(kElements), values(kElements), key_scales(kKvBlockTokens), value_scales(kKvBlockTokens);
    const KvBlock block = {keys.data(), values.data(), key_scales.data(), value_scales.data()};
    for (size_t slot = 0; slot < kStored; ++slot) {
      Aligned<float> key = trial.Floats(kHeadDim), value = trial.Floats(kHeadDim);
      table.store_kv[type](key.data(), value.data(), kHeadDim, block, slot);
    }
    Aligned<float> q = trial.Floats(kHeads * kHeadDim), partials(kHeads * kPartial), out(kHeadDim);
    table.attend_block[type](q.data(), kHeads, kHeadDim, block, kStored, kHeadDim, 0.11f, partials.data(), kPartial);
    for (Aligned<float>* written : {&keys, &values, &key_scales, &value_scales, &partials}) trial.Keep(*written);
    table.attend_merge(partials.data(), partials.data() + kPartial, kHeads - 1, kPartial, kHeadDim);
    table.attend_finish(partials.data(), kHeadDim, out.data());
    trial.Keep(partials);
    trial.Keep(out);
  }
}

void Elementwise(const KernelTable& table, Trial& trial) {
  constexpr size_t kCount = kColumns - 3;
  Aligned<float> y = trial.Floats(kColumns), exps(kColumns);
  for (const auto kernel : {table.add, table.relu2_mul, table.silu_mul, table.gelu_mul}) {
    Aligned<float> x = trial.Floats(kColumns);
    kernel(x.data(), y.data(), kCount);
    trial.Keep(x);
  }
  table.exp(y.data(), kCount, exps.data());
  trial.Keep(exps);
}

struct Check {
  const char* what;
  void (*run)(const KernelTable& table, Trial& trial);
};

constexpr Check kChecks[] = {
    {"quantizing a row", QuantizeRow},
    {"the norm", RmsNorm},
    {"ternary products by row", TernaryByRow},
    {"ternary products with group scales", TernaryByGroup},
    {"ternary products of listed rows", TernaryListed},
    {"ternary products by column", TernaryByColumn},
    {"lists of what is not zero", Lists},
    {"products of stored numbers", Dense},
    {"the Hadamard transform", Hadamard},
    {"codes of a screened head", ScreenEncode},
    {"products of a screened head", ScreenProducts},
    {"rotary embeddings", Rope},
    {"attention", Attention},
    {"activations", Elementwise},
};

}  // namespace

Status SelfCheck(const KernelTable& table, uint64_t seed) {
  for (const Check& check : kChecks) {
    Trial expected(seed), actual(seed);
    check.run(kScalarTable, expected);
    check.run(table, actual);
    if (expected.kept() == actual.kept()) continue;
    return Status::Internal(
        fmt::format("kernels {}: {} differ from the scalar ones (seed {})", table.isa, check.what, seed));
  }
  return {};
}

}  // namespace sterna::kernels
