// SPDX-License-Identifier: Apache-2.0
//
// The specification's attention kernels against softmax in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/half.h"
#include "kernels/table.h"
#include "support/kernel_harness.h"

namespace sterna::kernels {
namespace {

using test::Random;

// Keys and values of a run of tokens of one head, as stored in blocks.
template <KvType kType>
class StoredTokens {
 public:
  StoredTokens(size_t tokens, size_t head_dim) : head_dim_(head_dim), blocks_((tokens + 63) / 64) {
    Random random(tokens * 1000 + head_dim);
    for (Block& block : blocks_) block.Allocate(head_dim);
    std::vector<float> key(head_dim), value(head_dim);
    for (size_t j = 0; j < tokens; ++j) {
      for (float& x : key) x = random.Uniform() * 2.0f;
      for (float& x : value) x = random.Uniform();
      kScalarTable.store_kv[kType](key.data(), value.data(), head_dim, Get(j / 64), j % 64);
      keys_.push_back(key);
      values_.push_back(value);
    }
  }

  KvBlock Get(size_t block) {
    Block& b = blocks_[block];
    return {b.keys.data(), b.values.data(), b.key_scales.data(), b.value_scales.data()};
  }

  // Attention of `q` over the tokens from `from` on by the kernels, blocks in order.
  std::vector<float> Attend(const std::vector<float>& q, float scale, size_t from = 0) {
    std::vector<float> so_far(kPartialHeader + head_dim_), next(so_far), out(head_dim_);
    for (size_t b = from / 64; b < blocks_.size(); ++b) {
      const size_t tokens = std::min<size_t>(64, keys_.size() - 64 * b);
      KvBlock block = Get(b);
      block.first = b == from / 64 ? from % 64 : 0;
      kScalarTable.attend_block[kType](q.data(), 1, head_dim_, block, tokens, head_dim_, scale,
                                       b == from / 64 ? so_far.data() : next.data(), so_far.size());
      if (b > from / 64) kScalarTable.attend_merge(so_far.data(), next.data(), 1, next.size(), head_dim_);
    }
    kScalarTable.attend_finish(so_far.data(), head_dim_, out.data());
    return out;
  }

  // The same in double, over the values before they were stored.
  std::vector<double> Exact(const std::vector<float>& q, float scale, size_t from = 0) const {
    std::vector<double> p;
    double largest = -1e300, sum = 0;
    for (size_t j = from; j < keys_.size(); ++j) {
      double score = 0;
      for (size_t d = 0; d < head_dim_; ++d) score += double(q[d]) * double(keys_[j][d]);
      p.push_back(score * double(scale));
      largest = std::max(largest, p.back());
    }
    for (double& x : p) sum += x = std::exp(x - largest);
    std::vector<double> out(head_dim_);
    for (size_t j = 0; j < p.size(); ++j) {
      for (size_t d = 0; d < head_dim_; ++d) out[d] += p[j] / sum * double(values_[from + j][d]);
    }
    return out;
  }

 private:
  struct Block {
    void Allocate(size_t head_dim) {
      keys.resize(head_dim * 64);
      values.resize(head_dim * 64);
      key_scales.resize(64);
      value_scales.resize(64);
    }
    std::vector<float> keys, values;  // large enough for every type
    std::vector<float> key_scales, value_scales;
  };
  size_t head_dim_;
  std::vector<Block> blocks_;
  std::vector<std::vector<float>> keys_, values_;
};

// `step`: the largest relative error that storing adds to a key or value, compared with the largest of its row.
template <KvType kType>
void ExpectSoftmax(size_t tokens, double step, size_t from = 0) {
  constexpr size_t kHeadDim = 24;
  StoredTokens<kType> stored(tokens, kHeadDim);
  Random random(9);
  std::vector<float> q(kHeadDim);
  for (float& x : q) x = random.Uniform() * 2.0f;
  const float scale = 1.0f / std::sqrt(float(kHeadDim));
  const std::vector<float> out = stored.Attend(q, scale, from);
  const std::vector<double> exact = stored.Exact(q, scale, from);
  // |q| and |key| are at most 2: a score errs by 4 d (d 2^-24 + step) scale; twice that in each weight and in their
  // sum, and the weighted sum of values (at most 1) adds its own roundings and step.
  const double score_error = 4.0 * kHeadDim * double(scale) * (kHeadDim * 0x1p-24 + step);
  const double bound = 4 * score_error + double(tokens + 16) * 0x1p-24 + step;
  for (size_t d = 0; d < kHeadDim; ++d) EXPECT_NEAR(exact[d], double(out[d]), bound) << "tokens " << tokens;
}

TEST(ScalarAttention, IsSoftmaxOverOneBlock) {
  for (const size_t tokens : {size_t{1}, size_t{2}, size_t{17}, size_t{64}}) ExpectSoftmax<kKvF32>(tokens, 0);
}

TEST(ScalarAttention, IsSoftmaxOverManyBlocks) {
  for (const size_t tokens : {size_t{65}, size_t{128}, size_t{200}}) ExpectSoftmax<kKvF32>(tokens, 0);
}

TEST(ScalarAttention, LeavesOutWhatLiesBeforeTheFirstSlot) {
  for (const size_t from : {size_t{1}, size_t{63}, size_t{64}, size_t{70}, size_t{129}}) {
    ExpectSoftmax<kKvF32>(130, 0, from);
    ExpectSoftmax<kKvQ8>(130, 0.5 / 127, from);
  }
}

TEST(ScalarAttention, ErrsByHalfPrecisionWithF16) {
  for (const size_t tokens : {size_t{3}, size_t{130}}) ExpectSoftmax<kKvF16>(tokens, 0x1p-11);
}

TEST(ScalarAttention, ErrsByHalfAStepOf127WithQ8) {
  for (const size_t tokens : {size_t{3}, size_t{130}}) ExpectSoftmax<kKvQ8>(tokens, 0.5 / 127);
}

TEST(ScalarAttention, GivesTheOnlyValueForOneToken) {
  StoredTokens<kKvF32> stored(1, 5);
  const std::vector<float> out = stored.Attend({1, 2, 3, 4, 5}, 0.4f);
  for (size_t d = 0; d < out.size(); ++d) EXPECT_EQ(static_cast<const float*>(stored.Get(0).values)[d], out[d]);
}

TEST(ScalarStoreKv, TransposesKeys) {
  std::vector<float> keys(3 * 64), values(64 * 3);
  const KvBlock block = {keys.data(), values.data(), nullptr, nullptr};
  const float key[] = {1, 2, 3}, value[] = {4, 5, 6};
  kScalarTable.store_kv[kKvF32](key, value, 3, block, 7);
  for (size_t d = 0; d < 3; ++d) {
    EXPECT_EQ(key[d], keys[d * 64 + 7]);
    EXPECT_EQ(value[d], values[7 * 3 + d]);
  }
}

TEST(ScalarStoreKv, RoundsF16ToNearestEven) {
  std::vector<uint16_t> keys(2 * 64), values(64 * 2);
  const KvBlock block = {keys.data(), values.data(), nullptr, nullptr};
  const float key[] = {1.0f + 0x1p-11f, 1.0f + 0x3p-11f}, value[] = {70000.0f, -0.1f};
  kScalarTable.store_kv[kKvF16](key, value, 2, block, 0);
  EXPECT_EQ(1.0f, F16ToF32(keys[0]));
  EXPECT_EQ(1.0f + 0x1p-9f, F16ToF32(keys[64]));
  EXPECT_TRUE(std::isinf(F16ToF32(values[0])));
}

TEST(ScalarStoreKv, Q8KeepsARowOfZeros) {
  std::vector<int8_t> keys(2 * 64, int8_t{1}), values(64 * 2, int8_t{1});
  std::vector<float> key_scales(64, 1.0f), value_scales(64, 1.0f);
  const KvBlock block = {keys.data(), values.data(), key_scales.data(), value_scales.data()};
  const float zeros[] = {0.0f, -0.0f};
  kScalarTable.store_kv[kKvQ8](zeros, zeros, 2, block, 0);
  EXPECT_EQ(0.0f, key_scales[0]);
  EXPECT_EQ(0.0f, value_scales[0]);
  EXPECT_EQ(0, keys[0]);
  EXPECT_EQ(0, values[1]);
}

}  // namespace
}  // namespace sterna::kernels
