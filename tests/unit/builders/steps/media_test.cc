#include "builders/steps/create_cd.h"
#include "builders/steps/create_floppy.h"
#include "builders/steps/output_directory.h"
#include "builders/steps/port_range.h"
#include "builders/steps/watched_cancel.h"
#include "common/io/process.h"
#include "common/net/http/server.h"
#include "tests/unit/builders/steps/build_fixture.h"

namespace farm::builders::steps {
namespace {

class Media : public testing::BuildFixture {
 protected:
  void SetUp() override {
    BuildFixture::SetUp();
    const std::string work = root_ + "/work";
    ASSERT_TRUE(io::make_directories(work + "/scripts/deep"));
    ASSERT_TRUE(io::write_file(work + "/answer=1.txt", "answer"));
    ASSERT_TRUE(io::write_file(work + "/scripts/a.sh", "a"));
    ASSERT_TRUE(io::write_file(work + "/scripts/deep/b.sh", "b"));
  }
  std::string output_of(std::vector<std::string> argv) {
    io::RunOptions options;
    options.spawn.argv = std::move(argv);
    options.deadline = std::chrono::seconds(60);
    const auto done = io::run_program(options, CancelToken());
    return done ? done->standard_output : done.error().message;
  }
};

TEST_F(Media, FloppyHoldsFlatFilesAndTrees) {
  FloppyOptions options;
  options.files = {"answer*.txt", "scripts"};
  options.directories = {"scripts"};
  options.content = {{"unattend/auto.xml", "<x/>"}};
  std::string image;
  CreateFloppy step(options, image);
  const auto made = step.run(context_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(io::file_size(image).value_or(0), 1440U * 1024);
  std::string read;  // mtype with several names takes the last one for a directory
  for (const char* path : {"::/answer=1.txt", "::/b.sh", "::/scripts/deep/b.sh",
                           "::/unattend/auto.xml"}) {
    read += output_of({"mtype", "-i", image, path}) + ";";
  }
  EXPECT_EQ(read, "answer;b;b;<x/>;");
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_FALSE(io::exists(image));
}

TEST_F(Media, FloppyThatOverflowsIsAnError) {
  ASSERT_TRUE(io::write_file(root_ + "/work/big", std::string(2 << 20, 'b')));
  FloppyOptions options;
  options.files = {"big"};
  std::string image;
  const auto made = CreateFloppy(options, image).run(context_);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("floppy image (1.44 MB): mcopy"), std::string::npos);
}

TEST_F(Media, CdHoldsFoldersContentsAndTexts) {
  CdOptions options;
  options.files = {"answer*.txt", "scripts", "scripts/*"};
  options.content = {{"meta-data", "id: 1"}, {"answer=1.txt", "content wins"}};
  options.label = "cidata";
  std::string image;
  CreateCd step(options, image);
  const auto made = step.run(context_);
  ASSERT_TRUE(made) << made.error().message;
  const std::string out = root_ + "/out";
  output_of({"xorriso", "-osirrox", "on", "-indev", image, "-extract", "/", out});
  EXPECT_EQ(io::read_file(out + "/answer=1.txt").value_or(""), "content wins");
  EXPECT_EQ(io::read_file(out + "/scripts/deep/b.sh").value_or(""), "b");
  EXPECT_EQ(io::read_file(out + "/deep/b.sh").value_or(""), "b");
  EXPECT_EQ(io::read_file(out + "/meta-data").value_or(""), "id: 1");
  EXPECT_NE(output_of({"xorriso", "-indev", image, "-pvd_info"}).find("Volume Id    : cidata"),
            std::string::npos);
  output_of({"chmod", "-R", "u+w", out});
}

TEST_F(Media, GraftListEscapes) {
  EXPECT_EQ(graft_list({{"/a=b", "/x\\y"}}), "/a\\=b=/x\\\\y\n");
}

TEST_F(Media, OutputDirectoryRules) {
  PrepareOutputDirectory step("out");
  ASSERT_TRUE(step.run(context_));
  EXPECT_EQ(ledger_.history, std::vector<std::string>{"path " + root_ + "/work/out"});
  const auto again = PrepareOutputDirectory("out").run(context_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message,
            "Output directory exists: out\n\nUse the force flag to delete it prior to building.");
  ASSERT_TRUE(step.cleanup(context_));
  EXPECT_TRUE(io::exists(root_ + "/work/out")) << "a good build keeps it";
  EXPECT_TRUE(ledger_.entries.empty());
  context_.force = true;
  ASSERT_TRUE(io::write_file(root_ + "/work/out/old", ""));
  PrepareOutputDirectory forced("out");
  ASSERT_TRUE(forced.run(context_));
  EXPECT_FALSE(io::exists(root_ + "/work/out/old"));
  context_.failure = internal("later step");
  ASSERT_TRUE(forced.cleanup(context_));
  EXPECT_FALSE(io::exists(root_ + "/work/out"));
  EXPECT_TRUE(ledger_.entries.empty());
}

TEST_F(Media, PortReservationsDoNotMeet) {
  const auto socket = net::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(socket);
  const uint16_t taken = net::bound_port(socket->get());
  const auto none = PortReservation::take(taken, taken, "127.0.0.1", root_ + "/cache", random_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::Conflict);
  const auto first =
      PortReservation::take(40000, 50000, "127.0.0.1", root_ + "/cache", random_);
  ASSERT_TRUE(first);
  const auto second = PortReservation::take(first->port(), first->port(), "127.0.0.1",
                                            root_ + "/cache", random_);
  EXPECT_FALSE(second) << "the lock file was ignored";
}

TEST_F(Media, WatchedCancelSaysWhyItFired) {
  io::SpawnOptions spawn;
  spawn.argv = {"true"};
  auto process = io::Process::spawn(spawn);
  ASSERT_TRUE(process);
  const WatchedCancel ended(cancel_, process->exit_fd(), std::nullopt);
  EXPECT_FALSE(ended.token().sleep(std::chrono::seconds(20)));
  EXPECT_EQ(ended.reason(), WatchedCancel::Reason::ProcessEnded);
  const WatchedCancel late(cancel_, -1, Duration(1));
  EXPECT_FALSE(late.token().sleep(std::chrono::seconds(20)));
  EXPECT_EQ(late.reason(), WatchedCancel::Reason::Deadline);
  const WatchedCancel child(cancel_, -1, std::nullopt);
  EXPECT_FALSE(child.token().cancelled());
  cancel_.cancel();
  EXPECT_FALSE(child.token().sleep(std::chrono::seconds(20)));
  EXPECT_EQ(child.reason(), WatchedCancel::Reason::Parent);
}

}  // namespace
}  // namespace farm::builders::steps
