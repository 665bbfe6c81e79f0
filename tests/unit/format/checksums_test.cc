// SPDX-License-Identifier: Apache-2.0
#include "format/checksums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "support/test_sequences.h"

namespace sterna::format {
namespace {

using quant::TensorType;
using sterna::testing::LcgBytes;
using ::testing::HasSubstr;

// Two tensors and the checksums that a test gives them.
Status Verify(const std::vector<uint64_t>& sums, TensorType type = TensorType::kI64, bool last = true) {
  const auto a = LcgBytes(20, 4), b = LcgBytes(64, 5);
  const auto stored = std::as_bytes(std::span(sums));
  GgufWriter writer;
  if (!last) writer.AddTensor(kChecksumsTensor, {sums.size()}, type, stored);
  writer.AddTensor("a", {5}, TensorType::kF32, a);
  writer.AddTensor("b", {64}, TensorType::kI8, b);
  if (last) writer.AddTensor(kChecksumsTensor, {stored.size() / (type == TensorType::kI64 ? 8 : 1)}, type, stored);
  const auto image = *writer.Serialize();
  const auto file = GgufFile::Parse(image, "m");
  EXPECT_TRUE(file.ok()) << file.status().ToString();
  return VerifyChecksums(*file);
}

std::vector<uint64_t> RightSums() { return {Hash64(LcgBytes(20, 4)), Hash64(LcgBytes(64, 5))}; }

TEST(Checksums, HoldForWhatWasWritten) { EXPECT_TRUE(Verify(RightSums()).ok()); }

TEST(Checksums, NameTheTensorThatChanged) {
  for (const size_t changed : {0, 1}) {
    std::vector<uint64_t> sums = RightSums();
    sums[changed] ^= 1;
    const Status status = Verify(sums);
    EXPECT_EQ(StatusCode::kCorrupt, status.code());
    EXPECT_THAT(status.message(), HasSubstr(changed == 0 ? "'a'" : "'b'"));
  }
}

TEST(Checksums, AreOneI64ForEachTensorBeforeThem) {
  std::vector<uint64_t> sums = RightSums();
  EXPECT_EQ(StatusCode::kCorrupt, Verify(sums, TensorType::kI64, /*last=*/false).code());
  EXPECT_EQ(StatusCode::kCorrupt, Verify(sums, TensorType::kI8).code());
  sums.pop_back();
  EXPECT_EQ(StatusCode::kCorrupt, Verify(sums).code());
}

TEST(Hasher64, GivesTheSameForAnyPieces) {
  const auto bytes = LcgBytes(1000, 6);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{256}, size_t{999}, size_t{1000}}) {
    Hasher64 hasher;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      hasher.Add(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
    EXPECT_EQ(Hash64(bytes), hasher.Value()) << piece;
  }
}

// Of the reference implementation's documentation: XXH3_64bits of no bytes and seed 0.
TEST(Hash64, IsXxh3) { EXPECT_EQ(0x2d06800538d394c2u, Hash64({})); }

}  // namespace
}  // namespace sterna::format
