#include "coordinator/store/disk_probe.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

#include "common/io/files.h"

namespace farm::coordinator {
namespace {

constexpr Duration kAgain = std::chrono::seconds(1);
constexpr uint64_t kRoom = 16U << 20;   // beside the logs that the next start writes into tables
constexpr size_t kWritten = 1U << 20;

void signal(const io::Fd& event) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event.get(), &one, sizeof one);
}

Result<uint64_t> room_to_open(const std::string& directory) {
  uint64_t room = kRoom;
  const std::vector<std::string> files = TRY(io::list_files(directory + "/ledger"));
  for (const std::string& file : files) {
    if (file.ends_with(".log")) room += TRY(io::file_size(file));
  }
  return room;
}

Result<void> write_probe(const std::string& path, uint64_t room) {
  const io::Fd file = TRY(io::open_file(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
  const int refused = ::posix_fallocate(file.get(), 0, static_cast<off_t>(room));
  if (refused != 0) return unavailable(std::string("no room: ") + std::strerror(refused));
  TRY(io::write_all(file.get(), std::string(kWritten, 'p')));
  return io::sync(file.get());
}

Result<void> probe(const std::string& directory) {
  const std::string path = directory + "/probe";
  const uint64_t room = TRY(room_to_open(directory));
  Result<void> written = write_probe(path, room);
  Result<void> removed = io::remove_file(path);
  return written ? removed : written;
}

void watch(const std::string& directory, const io::Fd& stop, const io::Fd& well) {
  while (!probe(directory)) {
    const Instant again = io::steady_now() + kAgain;
    if (io::wait_ready(stop.get(), POLLIN, again, CancelToken()) != io::Readiness::Deadline) return;
  }
  signal(well);
}

}  // namespace

Result<std::unique_ptr<DiskProbe>> DiskProbe::start(const std::string& directory) {
  io::Fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  io::Fd well(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid() || !well.valid()) return internal("eventfd failed");
  std::unique_ptr<DiskProbe> made(new DiskProbe(std::move(stop), std::move(well)));
  DiskProbe& self = *made;
  self.thread_ = std::thread([directory, &self] { watch(directory, self.stop_, self.well_); });
  return made;
}

DiskProbe::~DiskProbe() {
  signal(stop_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace farm::coordinator
