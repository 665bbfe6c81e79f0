// SPDX-License-Identifier: Apache-2.0
#include "dummy_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "base/half.h"
#include "base/status_macros.h"
#include "counter_random.h"
#include "quant/quantize.h"
#include "quant/ternary.h"

namespace sterna::dummy_model {
namespace {

using format::GgufWriter;
using quant::TensorType;

constexpr size_t kIq2BnBlock = 64;
constexpr uint64_t kChunkValues = uint64_t{1} << 18;

uint64_t RowsPerChunk(uint64_t columns) { return std::max<uint64_t>(1, kChunkValues / columns); }

// How many of 256 equally likely random bytes become 0; even, so that both signs stay equally likely.
int ZeroBytes(double zero_share) { return 2 * int(std::lround(zero_share * 128)); }

std::array<uint8_t, 256> CodeOfByte(double zero_share) {
  const int zeros = ZeroBytes(zero_share);
  std::array<uint8_t, 256> codes;
  for (int byte = 0; byte < 256; ++byte) codes[size_t(byte)] = byte < zeros ? 1 : byte % 2 == 0 ? 0 : 2;
  return codes;
}

float TernaryScale(const TernaryMatrix& matrix) {
  const double nonzero = 1.0 - RealZeroShare(matrix.zero_share);
  const double plain = nonzero > 0 ? 1.0 / std::sqrt(double(matrix.columns) * nonzero) : 1.0;
  const double scale = double(matrix.scale_factor) * plain;
  return F16ToF32(F32ToF16(float(scale)));
}

// Codes `first` to `first + codes.size()` of the matrix; `first` is a multiple of 8.
void FillCodes(const CounterRandom& random, const std::array<uint8_t, 256>& code_of_byte, uint64_t first,
               std::vector<uint8_t>& codes) {
  for (size_t i = 0; i < codes.size(); i += 8) {
    uint64_t bits = random.At((first + i) / 8);
    for (size_t k = 0; k < std::min<size_t>(8, codes.size() - i); ++k, bits >>= 8)
      codes[i + k] = code_of_byte[bits & 255];
  }
}

// Whole rows from `first` on.
void FillRows(const CounterRandom& random, const std::array<uint8_t, 256>& code_of_byte, const TernaryMatrix& matrix,
              uint64_t first, std::vector<uint8_t>& codes) {
  FillCodes(random, code_of_byte, first * matrix.columns, codes);
  for (uint64_t row = 0; row < codes.size() / matrix.columns; ++row) {
    uint8_t* const start = codes.data() + row * matrix.columns;
    if (first + row < matrix.zero_rows) std::fill_n(start, matrix.columns, uint8_t{1});
    std::fill_n(start, matrix.minus_columns, uint8_t{0});
  }
}

Status WriteTernary(const TernaryMatrix& matrix, uint64_t seed, const GgufWriter::Sink& sink) {
  const CounterRandom random(seed, matrix.name);
  const auto code_of_byte = CodeOfByte(matrix.zero_share);
  const float scale = TernaryScale(matrix);
  const bool i2s = matrix.type == TensorType::kI2_S;
  std::vector<std::byte> tail;
  for (uint64_t row = 0; row < matrix.rows;) {
    const uint64_t rows = std::min(RowsPerChunk(matrix.columns), matrix.rows - row);
    std::vector<uint8_t> codes(rows * matrix.columns);
    FillRows(random, code_of_byte, matrix, row, codes);
    STERNA_ASSIGN_OR_RETURN(
        const auto packed, quant::PackTernary(matrix.type, quant::I2sLayout::kX86, rows, matrix.columns, codes, scale));
    const size_t body = i2s ? codes.size() / 4 : packed.size();
    tail.assign(packed.begin() + ptrdiff_t(body), packed.end());  // I2_S: scale and padding, once per tensor
    STERNA_RETURN_IF_ERROR(sink(std::span(packed).first(body)));
    row += rows;
  }
  return sink(tail);
}

// A row: its scale (0 for a row of zeros), then blocks of 64 codes; byte j of a block holds codes j, j + 16, j + 32 and
// j + 48 from its lowest bits up.
void PackIq2BnRow(std::span<const uint8_t> codes, float scale, std::byte* out) {
  const bool zero = std::all_of(codes.begin(), codes.end(), [](uint8_t code) { return code == 1; });
  const float stored = zero ? 0.0f : scale;
  std::memcpy(out, &stored, sizeof stored);
  out += sizeof stored;
  for (; !codes.empty(); codes = codes.subspan(kIq2BnBlock)) {
    for (size_t j = 0; j < kIq2BnBlock / 4; ++j) {
      *out++ = std::byte(codes[j] | codes[j + 16] << 2 | codes[j + 32] << 4 | codes[j + 48] << 6);
    }
  }
}

Status WriteIq2Bn(const TernaryMatrix& matrix, uint64_t seed, const GgufWriter::Sink& sink) {
  const CounterRandom random(seed, matrix.name);
  const auto code_of_byte = CodeOfByte(matrix.zero_share);
  const float scale = TernaryScale(matrix);
  std::vector<uint8_t> codes(matrix.columns);
  std::vector<std::byte> row(Iq2BnBytes(1, matrix.columns));
  for (uint64_t i = 0; i < matrix.rows; ++i) {
    FillRows(random, code_of_byte, matrix, i, codes);
    PackIq2BnRow(codes, scale, row.data());
    STERNA_RETURN_IF_ERROR(sink(row));
  }
  return {};
}

}  // namespace

uint64_t Iq2BnBytes(uint64_t rows, uint64_t columns) { return rows * (sizeof(float) + columns / 4); }

GgufWriter::Producer Iq2BnWeights(TernaryMatrix matrix, uint64_t seed) {
  return [matrix = std::move(matrix), seed](const GgufWriter::Sink& sink) { return WriteIq2Bn(matrix, seed, sink); };
}

double RealZeroShare(double zero_share) { return ZeroBytes(zero_share) / 256.0; }

GgufWriter::Producer TernaryWeights(TernaryMatrix matrix, uint64_t seed) {
  return [matrix = std::move(matrix), seed](const GgufWriter::Sink& sink) { return WriteTernary(matrix, seed, sink); };
}

namespace {

void FillUniform(const UniformMatrix& matrix, const CounterRandom& random, uint64_t row, std::span<float> values) {
  const float step = matrix.spread / 32768.0f;
  const uint64_t source = matrix.row_source ? matrix.row_source(row) : row;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t index = source * matrix.columns + i;
    const uint64_t bits = random.At(index / 4) >> (16 * (index % 4)) & 0xffff;
    const float factor = matrix.column_factors.empty() ? 1.0f : matrix.column_factors[i];
    values[i] =
        i < matrix.constant.count ? matrix.constant.value : factor * (matrix.mean + step * (float(bits) - 32767.5f));
  }
}

Status WriteUniform(const UniformMatrix& matrix, uint64_t seed, const GgufWriter::Sink& sink) {
  const CounterRandom random(seed, matrix.name);
  for (uint64_t row = 0; row < matrix.rows;) {
    const uint64_t chunk = std::min(RowsPerChunk(matrix.columns), matrix.rows - row);
    std::vector<float> values(chunk * matrix.columns);
    for (uint64_t i = 0; i < chunk; ++i) {
      FillUniform(matrix, random, row + i, std::span(values).subspan(i * matrix.columns, matrix.columns));
    }
    STERNA_ASSIGN_OR_RETURN(const uint64_t bytes, quant::TensorBytes(matrix.type, chunk, matrix.columns));
    std::vector<std::byte> stored(bytes);
    quant::QuantizeRow(matrix.type, values.data(), values.size(), stored.data());
    STERNA_RETURN_IF_ERROR(sink(stored));
    row += chunk;
  }
  return {};
}

}  // namespace

GgufWriter::Producer UniformWeights(UniformMatrix matrix, uint64_t seed) {
  return [matrix = std::move(matrix), seed](const GgufWriter::Sink& sink) { return WriteUniform(matrix, seed, sink); };
}

}  // namespace sterna::dummy_model
