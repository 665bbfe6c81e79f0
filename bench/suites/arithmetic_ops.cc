// SPDX-License-Identifier: Apache-2.0
//
// The three operations that a ternary layer is made of, on rows of 1K to 64K elements, with every kernel table that
// this CPU runs. Before a table is timed its result is compared with scalar's, bit by bit.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "kernels/dispatch.h"
#include "platform/aligned_buffer.h"
#include "platform/cpu_features.h"
#include "require.h"

namespace sterna::bench {
namespace {

using kernels::KernelTable;

constexpr size_t kRows = 4;  // of the ternary matrix: a group of rows that kernels take together
constexpr size_t kLengths[] = {1u << 10, 1u << 12, 1u << 14, 1u << 16};

// Numbers without a pattern that a kernel could profit from.
uint32_t Scramble(size_t i) { return uint32_t((i + 1) * 0x9e3779b97f4a7c15u >> 32); }

bool Equal(const AlignedBuffer& a, const AlignedBuffer& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

// One operation on rows of one length: its inputs, its output, and how a table is called.
struct Operation {
  explicit Operation(size_t length) : n(length) {}
  virtual ~Operation() = default;
  virtual void Run(const KernelTable& table) = 0;
  virtual size_t work() const { return n; }

  size_t n;
  AlignedBuffer out;
};

AlignedBuffer SomeFloats(size_t count) {
  AlignedBuffer buffer = Must(AlignedBuffer::Create(count * sizeof(float)));
  auto values = buffer.as<float>();
  for (size_t i = 0; i < count; ++i) values[i] = float(Scramble(i)) * 0x1p-31f - 1.0f;
  return buffer;
}

struct TernaryDot final : Operation {
  explicit TernaryDot(size_t length)
      : Operation(length),
        codes(Must(AlignedBuffer::Create(kRows * length / 4))),
        values(Must(AlignedBuffer::Create(n))) {
    out = Must(AlignedBuffer::Create(kRows * sizeof(float)));
    auto bytes = codes.as<uint8_t>();
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (unsigned shift = 0; shift < 8; shift += 2) bytes[i] |= uint8_t((Scramble(4 * i + shift) % 3) << shift);
    }
    auto q = values.as<int8_t>();
    for (size_t i = 0; i < n; ++i) q[i] = int8_t(int(Scramble(i) % 255) - 127), sum += q[i];
  }
  void Run(const KernelTable& table) override {
    const kernels::TernaryRows w{codes.as<uint8_t>().data(), kRows, n / kernels::kTernaryBlockColumns, 0.5f, nullptr};
    const kernels::Int8Rows x{values.as<int8_t>().data(), &scale, &sum, 1, n};
    table.ternary_linear(w, x, out.as<float>().data(), kRows);
  }
  size_t work() const override { return kRows * n; }

  AlignedBuffer codes, values;
  float scale = 2.0f;
  int32_t sum = 0;
};

struct Quantize final : Operation {
  explicit Quantize(size_t length) : Operation(length), x(SomeFloats(length)) {
    out = Must(AlignedBuffer::Create(n + 64));  // values, then scale and sum
  }
  void Run(const KernelTable& table) override {
    table.quantize_row(x.as<float>().data(), n, 0, out.as<int8_t>().data(), n, out.as<float>().data() + n / 4,
                       out.as<int32_t>().data() + n / 4 + 1);
  }
  AlignedBuffer x;
};

struct RmsNorm final : Operation {
  explicit RmsNorm(size_t length) : Operation(length), x(SomeFloats(length)), gain(SomeFloats(length)) {
    out = Must(AlignedBuffer::Create(n * sizeof(float)));
  }
  void Run(const KernelTable& table) override {
    table.rms_norm(x.as<float>().data(), gain.as<float>().data(), n, 1e-5f, out.as<float>().data());
  }
  AlignedBuffer x, gain;
};

template <class T>
void Time(benchmark::State& state, const KernelTable* table) {
  T operation(size_t(state.range(0))), reference(size_t(state.range(0)));
  operation.Run(*table);
  reference.Run(kernels::kScalarTable);
  Require(Equal(operation.out, reference.out), std::string("not the bits of scalar: ") + table->isa);
  const auto floats = reference.out.template as<uint8_t>();
  Require(std::any_of(floats.begin(), floats.end(), [](uint8_t byte) { return byte != 0; }), "nothing was computed");
  for (auto _ : state) {
    operation.Run(*table);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(int64_t(state.iterations()) * int64_t(operation.work()));
}

template <class T>
void Register(const std::string& name, const KernelTable* table) {
  auto* one = benchmark::RegisterBenchmark((name + "/" + table->isa).c_str(), &Time<T>, table);
  for (const size_t length : kLengths) one->Arg(int64_t(length));
}

void RegisterAll() {
  const uint64_t bits = platform::DetectCpu().bits;
  for (const KernelTable* table : kernels::AllTables()) {
    if ((table->needs & ~bits) != 0) continue;
    Register<TernaryDot>("ternary_dot", table);
    Register<Quantize>("quantize", table);
    Register<RmsNorm>("rms_norm", table);
  }
}

}  // namespace
}  // namespace sterna::bench

int main(int argc, char** argv) {
  sterna::bench::RegisterAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
