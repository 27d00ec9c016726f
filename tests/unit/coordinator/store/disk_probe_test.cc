#include "coordinator/store/disk_probe.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "common/io/files.h"

namespace farm::coordinator {
namespace {

TEST(DiskProbe, TellsWhenTheDirectoryTakesWrites) {
  const io::TempDirectory directory = *io::TempDirectory::create("/tmp", "farm-probe-");
  // No ledger there: its disk is away.
  const std::unique_ptr<DiskProbe> probe = *DiskProbe::start(directory.path());
  pollfd polled{probe->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 0);
  ASSERT_TRUE(io::make_directories(directory.path() + "/ledger"));
  EXPECT_EQ(::poll(&polled, 1, 30'000), 1);
  EXPECT_FALSE(io::exists(directory.path() + "/probe"));
}

TEST(DiskProbe, CanBeStoppedWhileTheDiskFails) {
  const std::unique_ptr<DiskProbe> probe = *DiskProbe::start("/nonexistent");
  pollfd polled{probe->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 0);
}

}  // namespace
}  // namespace farm::coordinator
