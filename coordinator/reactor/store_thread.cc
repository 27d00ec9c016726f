#include "coordinator/reactor/committer.h"

#include "common/base/fault_point.h"

namespace farm::coordinator {

StoreThread::StoreThread(Store& store) : store_(store) {
  thread_ = std::thread([this] {
    while (std::optional<Batch> batch = batches_.wait()) {
      fault_point("coordinator.batch.before");
      Result<void> applied = store_.apply(*batch);
      fault_point("coordinator.batch.after");
      outcomes_.send(std::move(applied));
    }
  });
}

StoreThread::~StoreThread() {
  batches_.close();
  thread_.join();
}

void StoreThread::start(Batch batch) {
  FARM_CHECK(!busy_);
  busy_ = true;
  batches_.send(std::move(batch));
}

std::optional<Result<void>> StoreThread::poll() {
  std::optional<Result<void>> outcome = outcomes_.receive();
  if (outcome) busy_ = false;
  return outcome;
}

}  // namespace farm::coordinator
