// PlannerPool: plans submissions in sandboxed child processes, few at a time. Each of its threads
// fills the bundle's bytes into the record, runs one farm-planner under a deadline and reads its
// answer; the reactor only hands in orders and takes outcomes.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/channel.h"
#include "coordinator/artifacts/file_index.h"
#include "coordinator/intake/planning.h"
#include "coordinator/store/chunk_store.h"

namespace farm::coordinator {

struct PlannerSettings {
  std::string program;  // farm-planner
  unsigned children = 2;
  Duration deadline = std::chrono::seconds(20);
};

class PlannerPool final : public Planning {
 public:
  /// `store` and `chunks` are read from the pool's threads.
  PlannerPool(PlannerSettings settings, Store& store, ChunkStore& chunks);
  /// Ends running planners.
  ~PlannerPool() override;
  PlannerPool(const PlannerPool&) = delete;
  PlannerPool& operator=(const PlannerPool&) = delete;

  bool start(PlanOrder order) override { return orders_.try_send(std::move(order)); }
  std::optional<PlanOutcome> receive() { return outcomes_.receive(); }
  /// Readable while receive() has something.
  int fd() const { return outcomes_.fd(); }

 private:
  void work();
  Result<plan::PlanReply> plan(const PlanOrder& order);
  Result<std::string> filled_record(const PlanOrder& order);
  Result<std::string> read_file(const std::string& sha256);

  const PlannerSettings settings_;
  FileIndex files_;
  ChunkStore& chunks_;
  Channel<PlanOrder> orders_{64};  // several threads wait() on it, none uses its descriptor
  Channel<PlanOutcome> outcomes_{256};
  CancelToken cancel_;
  std::vector<std::thread> threads_;
};

}  // namespace farm::coordinator
