// Committer: makes batches durable, one at a time and in order, while the reactor forms the next.
// StoreThread does it on a thread of its own; InlineCommitter at once, for tests.
#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "common/base/channel.h"
#include "common/base/result.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

class Committer {
 public:
  virtual ~Committer() = default;
  /// Only when idle().
  virtual void start(Batch batch) = 0;
  virtual bool idle() const = 0;
  /// The outcome of the batch since the last call; empty while there is none.
  virtual std::optional<Result<void>> poll() = 0;
};

class InlineCommitter final : public Committer {
 public:
  explicit InlineCommitter(Store& store) : store_(store) {}
  void start(Batch batch) override { outcome_ = store_.apply(batch); }
  bool idle() const override { return !outcome_; }
  std::optional<Result<void>> poll() override { return std::exchange(outcome_, std::nullopt); }

 private:
  Store& store_;
  std::optional<Result<void>> outcome_;
};

class StoreThread final : public Committer {
 public:
  explicit StoreThread(Store& store);
  ~StoreThread() override;
  void start(Batch batch) override;
  bool idle() const override { return !busy_; }
  std::optional<Result<void>> poll() override;
  /// Readable when poll() has something.
  int fd() const { return outcomes_.fd(); }

 private:
  Store& store_;
  Channel<Batch> batches_{1};
  Channel<Result<void>> outcomes_{1};
  bool busy_ = false;
  std::thread thread_;
};

}  // namespace farm::coordinator
