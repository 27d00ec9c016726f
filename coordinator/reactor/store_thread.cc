#include "coordinator/reactor/committer.h"

namespace farm::coordinator {

StoreThread::StoreThread(Store& store) : store_(store) {
  thread_ = std::thread([this] {
    while (std::optional<Batch> batch = batches_.wait()) outcomes_.send(store_.apply(*batch));
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
