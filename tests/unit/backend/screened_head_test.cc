// SPDX-License-Identifier: Apache-2.0
//
// Heads that are not read whole give the ids and the bits of the whole head.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include "kernels/dispatch.h"
#include "platform/cpu_features.h"
#include "quant/quantize.h"
#include "unit/backend/mini_model.h"

namespace sterna::backend {
namespace {

using quant::TensorType;
using test::Random;
using test::RandomFloats;

struct HeadCase {
  HeadMode mode = HeadMode::kCertified;
  TensorType type = TensorType::kF16;
  uint32_t rows = 3000, columns = 256;
  bool in_background = false;
};

// The same head in two backends, one that computes it whole and one that screens it.
class TwoHeads {
 public:
  TwoHeads(const HeadCase& head, const std::vector<float>& values, const kernels::KernelTable& kernels) : case_(head) {
    stored_.resize(quant::TensorBytes(head.type, head.rows, head.columns).value());
    const size_t row_bytes = stored_.size() / head.rows;
    for (size_t row = 0; row < head.rows; ++row) {
      quant::QuantizeRow(head.type, values.data() + row * head.columns, head.columns, stored_.data() + row * row_bytes);
    }
    pool_ = *platform::ThreadPool::Create(2);
    for (const HeadMode mode : {HeadMode::kExact, head.mode}) backends_.push_back(MakeBackend(mode, kernels));
  }

  // Runs both heads on rows of activations (already of unit mean square, so that the norm leaves them about alone).
  void Run(const std::vector<std::vector<float>>& activations, std::span<const LogitNeed> needs) {
    const size_t count = activations.size();
    std::vector<int32_t> tokens(count, 0);
    std::vector<uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0u);
    for (const auto& backend : backends_) {
      backend->BeginStep({tokens, rows, rows, {}, rows, needs});
      for (uint32_t i = 0; i < count; ++i) {
        std::copy(activations[i].begin(), activations[i].end(), backend->SlotRow(slot_, i).begin());
      }
      backend->Head(head_, slot_, gain_, 0.0f);
      EXPECT_TRUE(backend->EndStep().ok());
    }
  }
  LogitRow Whole(uint32_t output) { return backends_[0]->Logits(output); }
  LogitRow Screened(uint32_t output) { return backends_[1]->Logits(output); }
  CpuBackendCounters counters() const { return backends_[1]->Counters(); }
  const HeadCase& head() const { return case_; }

 private:
  std::unique_ptr<CpuBackend> MakeBackend(HeadMode mode, const kernels::KernelTable& kernels) {
    auto backend = CpuBackend::Create(
        kernels, *pool_,
        {.work_item_bytes = 4096, .parallel_threshold = 0, .head = mode, .head_in_background = case_.in_background});
    head_ = backend->AddDense(case_.type, case_.rows, case_.columns, stored_).value();
    gain_ = backend->AddVector(std::vector<float>(case_.columns, 1.0f)).value();
    slot_ = backend->AddSlot(case_.columns);
    EXPECT_TRUE(backend->AddHead(head_).ok());
    EXPECT_TRUE(backend->SetKv({.layers = 1, .kv_heads = 1, .head_dim = 16, .block_count = 1}).ok());
    EXPECT_TRUE(backend->Prepare(16, 16).ok());
    return backend;
  }

  HeadCase case_;
  std::vector<std::byte> stored_;
  std::unique_ptr<platform::ThreadPool> pool_;
  std::vector<std::unique_ptr<CpuBackend>> backends_;
  DenseId head_{};
  VectorId gain_{};
  SlotId slot_{};
};

bool Has(std::span<const int32_t> ids, int32_t id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

// Whether the row may count among the best.
bool MayBeBest(const LogitNeed& need, size_t id) {
  const bool among = need.among.empty() || (id / 64 < need.among.size() && (need.among[id / 64] >> id % 64 & 1));
  return among && !Has(need.ids, int32_t(id)) && !Has(need.never, int32_t(id));
}

// The screened answer holds what was asked for, and each logit in it has the whole head's bits.
void ExpectAnswer(TwoHeads& heads, uint32_t output, const LogitNeed& need) {
  const LogitRow whole = heads.Whole(output), part = heads.Screened(output);
  ASSERT_TRUE(whole.all);
  if (part.all) {
    ASSERT_EQ(part.logits.size(), whole.logits.size());
    EXPECT_EQ(std::memcmp(part.logits.data(), whole.logits.data(), whole.logits.size_bytes()), 0);
    return;
  }
  ASSERT_EQ(part.ids.size(), part.logits.size());
  ASSERT_TRUE(std::is_sorted(part.ids.begin(), part.ids.end(), std::less_equal<>()));
  for (size_t i = 0; i < part.ids.size(); ++i) {
    EXPECT_FALSE(Has(need.never, part.ids[i]));
    EXPECT_TRUE(Has(need.ids, part.ids[i]) || MayBeBest(need, size_t(part.ids[i]))) << part.ids[i];
    EXPECT_TRUE(test::SameBits(part.logits[i], whole.logits[size_t(part.ids[i])])) << part.ids[i];
  }
  std::vector<float> open;
  for (size_t id = 0; id < whole.logits.size(); ++id) {
    if (Has(need.ids, int32_t(id)) && !Has(need.never, int32_t(id))) {
      EXPECT_TRUE(Has(part.ids, int32_t(id))) << id;
    } else if (MayBeBest(need, id) && !std::isnan(whole.logits[id])) {
      open.push_back(whole.logits[id]);
    }
  }
  std::sort(open.begin(), open.end(), std::greater<>());
  const float last = open[std::min<size_t>(need.best, open.size()) - 1];
  for (size_t id = 0; id < whole.logits.size(); ++id) {
    EXPECT_TRUE(!MayBeBest(need, id) || !(whole.logits[id] >= last) || Has(part.ids, int32_t(id))) << id;
  }
}

// A head whose logits have a few that stand out, as trained ones have: activations lean towards some rows.
std::vector<float> Activation(const std::vector<float>& values, const HeadCase& head, Random& random) {
  std::vector<float> x = RandomFloats(head.columns, random);
  const size_t liked = random.Below(head.rows);
  for (size_t i = 0; i < head.columns; ++i) x[i] = 1.7f * x[i] + 0.6f * values[liked * head.columns + i];
  return x;
}

void ForEachTable(const std::function<void(const kernels::KernelTable&)>& run) {
  for (const kernels::KernelTable* table : kernels::AllTables()) {
    if (!platform::DetectCpu().Has(table->needs)) continue;
    SCOPED_TRACE(table->isa);
    run(*table);
  }
}

constexpr HeadCase kCases[] = {
    {HeadMode::kCertified, TensorType::kF16, 3000, 256},  {HeadMode::kScreened, TensorType::kF16, 3000, 256},
    {HeadMode::kCertified, TensorType::kF32, 2001, 130},  {HeadMode::kScreened, TensorType::kF32, 2001, 130},
    {HeadMode::kCertified, TensorType::kBF16, 2000, 640}, {HeadMode::kCertified, TensorType::kQ8_0, 2000, 96},
    {HeadMode::kCertified, TensorType::kQ6_K, 2000, 512}, {HeadMode::kScreened, TensorType::kQ4_0, 2000, 256}};

TEST(ScreenedHead, GivesTheWholeHeadsBestForEveryCountAndType) {
  ForEachTable([](const kernels::KernelTable& table) {
    for (const HeadCase& head : kCases) {
      Random random(uint64_t(head.columns) + uint64_t(head.type));
      const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
      TwoHeads heads(head, values, table);
      for (const uint32_t best : {1, 2, 7, 40, 200}) {
        const LogitNeed need{best, {}, {}};
        heads.Run({Activation(values, head, random)}, {&need, 1});
        ExpectAnswer(heads, 0, need);
        EXPECT_TRUE(best > 7 || !heads.Screened(0).all) << best;
      }
      EXPECT_EQ(heads.counters().head_outputs, 5u);
      EXPECT_LE(heads.counters().head_whole, 2u);  // where bounds are wide (few columns), for a tenth of all rows
      EXPECT_LT(heads.counters().head_exact_rows, 5u * head.rows / 10);
    }
  });
}

// Whole answers at first, screened ones once the planes are there; the same tokens all the time.
TEST(ScreenedHead, PlanesMadeInTheBackgroundAreUsedOnceTheyAreThere) {
  HeadCase head = kCases[0];
  head.in_background = true;
  Random random(5);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const LogitNeed need{1, {}, {}};
  bool screened = false;
  for (int step = 0; step < 100000 && !screened; ++step) {
    heads.Run({Activation(values, head, random)}, {&need, 1});
    ExpectAnswer(heads, 0, need);
    screened = !heads.Screened(0).all;
    std::this_thread::yield();
  }
  EXPECT_TRUE(screened);
  heads.Run({Activation(values, head, random)}, {&need, 1});
  EXPECT_FALSE(heads.Screened(0).all);
}

TEST(ScreenedHead, ABackendMayGoWhileItsPlanesAreMade) {
  HeadCase head = kCases[0];
  head.in_background = true;
  head.rows = 60000;
  const std::vector<float> values(size_t{head.rows} * head.columns, 0.5f);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const LogitNeed need{1, {}, {}};
  heads.Run({std::vector<float>(head.columns, 1.0f)}, {&need, 1});
  EXPECT_TRUE(heads.Screened(0).all);
}

TEST(ScreenedHead, WantedIdsAreThereAndForbiddenOnesAreNot) {
  const HeadCase head = kCases[0];
  Random random(1);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> x = Activation(values, head, random);
    heads.Run({x}, {});
    std::vector<int32_t> by_logit(head.rows);
    std::iota(by_logit.begin(), by_logit.end(), 0);
    const std::vector<float> logits(heads.Whole(0).logits.begin(), heads.Whole(0).logits.end());
    std::sort(by_logit.begin(), by_logit.end(), [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
    // Some of the best are asked for, or forbidden, and so do not count among the best; one is both.
    const int32_t wanted[] = {by_logit[0], by_logit[2], by_logit[5], by_logit[2000]};
    const int32_t never[] = {by_logit[1], by_logit[5], by_logit[2999]};
    const LogitNeed need{5, wanted, never};
    heads.Run({x}, {&need, 1});
    ExpectAnswer(heads, 0, need);
    EXPECT_FALSE(heads.Screened(0).all);
    EXPECT_FALSE(Has(heads.Screened(0).ids, by_logit[1]));
  }
}

// A share of the rows, and none from `end` on.
std::vector<uint64_t> SomeRows(double share, size_t end, Random& random) {
  std::vector<uint64_t> among((end + 63) / 64);
  for (size_t row = 0; row < end; ++row) {
    if (double(random.Below(1000)) < share * 1000) among[row / 64] |= uint64_t{1} << row % 64;
  }
  among[0] |= 1;  // never empty
  return among;
}

TEST(ScreenedHead, TheBestAmongSomeAreThoseOfTheWholeHead) {
  for (const HeadCase& head : {kCases[0], kCases[2]}) {
    Random random(3);
    const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
    TwoHeads heads(head, values, kernels::kScalarTable);
    for (const double share : {0.002, 0.01, 0.2, 0.6, 1.0}) {
      for (const size_t end : {size_t{head.rows}, size_t{1500}}) {
        const std::vector<float> x = Activation(values, head, random);
        const std::vector<uint64_t> among = SomeRows(share, end, random);
        const int32_t wanted[] = {7, 1999}, never[] = {0, 3};
        const LogitNeed need{5, wanted, never, among};
        heads.Run({x}, {&need, 1});
        ExpectAnswer(heads, 0, need);
        heads.Run({x}, std::vector<LogitNeed>{{5, {}, {}}});  // nothing of it is left for the next
        ExpectAnswer(heads, 0, {5, {}, {}});
      }
    }
  }
}

TEST(ScreenedHead, FewRowsAreReadWithoutAnyPlane) {
  const HeadCase head = kCases[0];
  Random random(4);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const std::vector<uint64_t> among = {0b1011, 0, uint64_t{1} << 63};
  const LogitNeed need{40, {}, {}, among};  // more than there are
  heads.Run({Activation(values, head, random)}, {&need, 1});
  EXPECT_FALSE(heads.Screened(0).all);
  EXPECT_EQ(std::vector<int32_t>(heads.Screened(0).ids.begin(), heads.Screened(0).ids.end()),
            (std::vector<int32_t>{0, 1, 3, 191}));
  EXPECT_EQ(heads.counters().head_bytes, uint64_t{4} * head.columns * 2);
}

TEST(ScreenedHead, RowsWithOtherNeedsShareAStep) {
  const HeadCase head = kCases[0];
  Random random(2);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const int32_t wanted[] = {4, 9};
  const std::vector<uint64_t> few = {0xf0};
  const std::vector<LogitNeed> needs = {{1, {}, {}}, {}, {3, wanted, {}}, {}, {2, {}, {}, few}, {50, {}, {}}};
  std::vector<std::vector<float>> activations;
  for (size_t i = 0; i < needs.size(); ++i) activations.push_back(Activation(values, head, random));
  heads.Run(activations, needs);
  for (uint32_t i = 0; i < needs.size(); ++i) {
    EXPECT_EQ(heads.Screened(i).all, needs[i].best == LogitNeed::kAll) << i;
    if (needs[i].best != LogitNeed::kAll) ExpectAnswer(heads, i, needs[i]);
  }
  EXPECT_EQ(heads.counters().head_whole, 2u);
}

TEST(ScreenedHead, ManyOutputsOfAStepAreComputedWhole) {
  const HeadCase head = kCases[0];
  Random random(3);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const std::vector<LogitNeed> needs(16, {1, {}, {}});
  heads.Run(std::vector<std::vector<float>>(16, Activation(values, head, random)), needs);
  for (uint32_t i = 0; i < 16; ++i) {
    EXPECT_TRUE(heads.Screened(i).all);
    ExpectAnswer(heads, i, needs[i]);
  }
}

TEST(ScreenedHead, QuestionsThatAreTooWideGetEveryLogit) {
  const HeadCase head = kCases[0];
  Random random(4);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  std::vector<int32_t> many(head.rows / 8);
  std::iota(many.begin(), many.end(), 0);
  for (const LogitNeed& need : {LogitNeed{head.rows / 8, {}, {}}, LogitNeed{1, many, {}}}) {
    heads.Run({Activation(values, head, random)}, {&need, 1});
    EXPECT_TRUE(heads.Screened(0).all);
    ExpectAnswer(heads, 0, need);
  }
}

// Heads in which nothing stands out: equal rows, zero rows, two values only.
TEST(ScreenedHead, TiesAreAllInTheAnswer) {
  HeadCase head = kCases[0];
  for (const HeadMode mode : {HeadMode::kCertified, HeadMode::kScreened}) {
    head.mode = mode;
    Random random(5);
    std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
    const std::vector<float> x = RandomFloats(head.columns, random);
    for (const size_t row : {7, 8, 1500, 2999}) {  // four equal rows, the best there are
      for (size_t i = 0; i < head.columns; ++i) values[row * head.columns + i] = x[i] * 1.5f;
    }
    std::fill_n(values.begin() + ptrdiff_t(40 * head.columns), 100 * head.columns, 0.0f);
    TwoHeads heads(head, values, kernels::kScalarTable);
    for (const uint32_t best : {1, 2, 4, 5}) {
      const LogitNeed need{best, {}, {}};
      heads.Run({x}, {&need, 1});
      EXPECT_FALSE(heads.Screened(0).all);
      ExpectAnswer(heads, 0, need);
    }
  }
}

TEST(ScreenedHead, AFlatHeadIsComputedWhole) {
  const HeadCase head = kCases[0];
  Random random(6);
  std::vector<float> values = RandomFloats(head.columns, random);
  for (uint32_t row = 1; row < head.rows; ++row)
    values.insert(values.end(), values.begin(), values.begin() + head.columns);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const LogitNeed need{1, {}, {}};
  heads.Run({RandomFloats(head.columns, random)}, {&need, 1});
  EXPECT_TRUE(heads.Screened(0).all);
  ExpectAnswer(heads, 0, need);
}

TEST(ScreenedHead, RowsThatAreNoNumbersOrHugeDoNotHideTheBest) {
  HeadCase head = kCases[2];
  Random random(7);
  std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  const std::vector<float> x = Activation(values, head, random);
  values[10 * head.columns] = NAN;
  values[20 * head.columns] = INFINITY;
  values[30 * head.columns] = -INFINITY;
  for (size_t i = 0; i < head.columns; ++i) values[40 * head.columns + i] *= 1e37f;
  TwoHeads heads(head, values, kernels::kScalarTable);
  for (const uint32_t best : {1, 3, 20}) {
    const LogitNeed need{best, {}, {}};
    heads.Run({x}, {&need, 1});
    EXPECT_FALSE(heads.Screened(0).all);
    ExpectAnswer(heads, 0, need);
  }
}

TEST(ScreenedHead, ActivationsThatAreNoNumbersGetEveryLogit) {
  const HeadCase head = kCases[0];
  Random random(8);
  const std::vector<float> values = RandomFloats(size_t{head.rows} * head.columns, random);
  TwoHeads heads(head, values, kernels::kScalarTable);
  const LogitNeed need{1, {}, {}};
  for (const float odd : {NAN, INFINITY}) {
    std::vector<float> x = Activation(values, head, random);
    x[17] = odd;
    heads.Run({x}, {&need, 1});
    EXPECT_TRUE(heads.Screened(0).all);
  }
}

TEST(ScreenedHead, AHeadThatIsTooWideForPlanesIsRefused) {
  const auto pool = platform::ThreadPool::Create(1).value();
  const auto backend = CpuBackend::Create(kernels::kScalarTable, *pool, {.head = HeadMode::kCertified});
  const std::vector<float> row(10000, 1.0f);
  const DenseId head = backend->AddDense(TensorType::kF32, 1, 10000, std::as_bytes(std::span(row))).value();
  EXPECT_EQ(backend->AddHead(head).code(), StatusCode::kUnsupported);
  EXPECT_EQ(HeadPlanesBytes(1, 10000), 0u);
}

}  // namespace
}  // namespace sterna::backend
