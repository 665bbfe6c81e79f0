// SPDX-License-Identifier: Apache-2.0
#include "monitor/recorder.h"

#include <gtest/gtest.h>

#include <thread>

#include "monitor/worker_times.h"
#include "unit/monitor/hand_clock.h"

namespace sterna::monitor {
namespace {

TEST(Recorder, EveryThreadWritesATrackOfItsOwnWhileAnotherReads) {
  constexpr size_t kThreads = 4, kSpans = 2000;
  Recorder recorder({.spans_per_track = kSpans});
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&recorder, t] {
      Track* const track = recorder.AddTrack("thread " + std::to_string(t));
      for (size_t i = 0; i < kSpans / 2; ++i) {
        const Span outer(track, "outer");
        const Span inner(track, "inner");
      }
    });
  }
  size_t seen = 0;
  while (seen < kThreads * kSpans) {
    seen = 0;
    for (const Track* track : recorder.tracks()) {
      const size_t size = track->size();
      for (size_t i = 0; i < size; ++i) ASSERT_LE(track->event(i).start_ns, track->event(i).end_ns);
      seen += size;
    }
  }
  for (std::thread& thread : threads) thread.join();
  for (const Track* track : recorder.tracks()) EXPECT_EQ(track->dropped(), 0u);
}

TEST(Recorder, TracksPastTheLastAreCountedAndNull) {
  Recorder recorder({.spans_per_track = 1});
  for (size_t i = 0; i < Recorder::kMaxTracks; ++i) ASSERT_NE(recorder.AddTrack("track"), nullptr);
  EXPECT_EQ(recorder.AddTrack("one too many"), nullptr);
  EXPECT_EQ(recorder.refused_tracks(), 1u);
  EXPECT_EQ(recorder.tracks().size(), Recorder::kMaxTracks);
}

TEST(Recorder, OperationsAddUp) {
  Recorder recorder;
  OperationTotal* const attention = recorder.AddOperation("prompt", "attention");
  attention->Add(5, 100, 1000);
  attention->Add(7, 1, 10);
  EXPECT_EQ(attention->calls, 2u);
  EXPECT_EQ(attention->time_ns, 12u);
  EXPECT_EQ(attention->bytes, 101u);
  EXPECT_EQ(attention->multiply_adds, 1010u);
}

TEST(WorkerTimes, TellsEachWorkersFirstStartAndLastEndOnce) {
  HandClock clock;
  WorkerTimes times(3);
  EXPECT_FALSE(times.on());
  times.SetClock(&clock);
  const int64_t start = clock.NowNs();
  for (int piece = 0; piece < 2; ++piece) times.Note(2, [&] { clock.Move(10); });
  std::vector<uint32_t> workers;
  times.Drain([&](uint32_t worker, const WorkerTimes::Work& work) {
    workers.push_back(worker);
    EXPECT_EQ(work.first_ns, start);
    EXPECT_EQ(work.last_ns, start + 20);
    EXPECT_EQ(work.pieces, 2u);
  });
  EXPECT_EQ(workers, std::vector<uint32_t>{2});
  times.Drain([](uint32_t, const WorkerTimes::Work&) { ADD_FAILURE() << "told twice"; });
}

}  // namespace
}  // namespace sterna::monitor
