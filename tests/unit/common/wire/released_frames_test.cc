// Every message as the last released minor of the protocol wrote it: read by this program, and
// written by it as the same bytes while nothing newer is set. FARM_UPDATE_GOLDEN=1, at a release only,
// writes the frames of schemas/golden/RELEASE anew.
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "common/wire/codec.h"
#include "common/wire/mapping.h"

namespace farm::wire::mapping {

/// The third direction of a list of fields: gives every member a value of its own.
struct Fill {
  uint64_t next = 1;

  template <class T, class S>
    requires std::is_arithmetic_v<T>
  void operator()(T& m, S&) {
    m = static_cast<T>(next++);
  }
  template <class E, class S>
    requires std::is_enum_v<E>
  void operator()(E& m, S&) {
    m = static_cast<E>(1);
  }
  template <class S>
  void operator()(std::string& m, S&) {
    m = "text " + std::to_string(next++);
  }
  template <class S>
  void operator()(Duration& m, S&) {
    m = Duration(static_cast<int64_t>(next++));
  }
  template <class S>
  void operator()(std::vector<std::string>& m, S&) {
    m = {"first " + std::to_string(next++), "second"};
  }
  template <class S>
  void operator()(std::vector<uint32_t>& m, S&) {
    m = {static_cast<uint32_t>(next++), 7};
  }
  void operator()(Digests m, std::vector<uint8_t>&) {
    m.list = {std::string(32, 'd'), std::string(32, 'e')};
  }
  template <class Tag, class S>
  void operator()(farm::Id<Tag>& m, S&) {
    m.bytes.fill(static_cast<uint8_t>(next++));
  }
  template <class S>
  void operator()(JobRef& m, S&) {
    m.job.bytes.fill(static_cast<uint8_t>(next++));
    m.epoch = {2, static_cast<uint32_t>(next++)};
  }
  template <class M, class T>
  void operator()(std::optional<M>& m, std::unique_ptr<T>& t) {
    (*this)(m.emplace(), t);
  }
  template <class M, class T>
    requires requires(Fill& d, M& m, T& t) { fields(d, m, t); }
  void operator()(M& m, std::unique_ptr<T>&) {
    T table;
    fields(*this, m, table);
  }
  template <class M, class T>
  void operator()(std::vector<M>& m, std::vector<std::unique_ptr<T>>&) {
    std::unique_ptr<T> table;
    (*this)(m.emplace_back(), table);
    (*this)(m.emplace_back(), table);
  }
  template <class V, class T>
  void operator()(std::map<std::string, V>& m, std::vector<std::unique_ptr<T>>&) {
    m = {{"key", V()}};
  }
};

}  // namespace farm::wire::mapping

namespace farm::wire {
namespace {

constexpr const char* kRelease = "1.0";
constexpr size_t kMinorAt = 5;  // in the header

// What a message of arbitrary values would lack.
template <class M>
void make_sensible(M&) {}
void make_sensible(UploadBegin& m) {
  m.chunk_size = 1U << 20;
  m.size = 2U << 20;
}
void make_sensible(UploadChunk& m) { m.digest = std::string(32, 'c'); }
void make_sensible(FetchData& m) {
  m.offset = 3;
  m.size = 100;
}
void make_sensible(Enroll& m) { m.public_key = std::string(40, 'k'); }

template <class M, class Table>
Message filled() {
  M message;
  Table table;
  mapping::Fill fill;
  mapping::fields(fill, message, table);
  make_sensible(message);
  return message;
}

std::vector<Message> released_messages() {
  return {
#define FARM_FILLED(M) filled<M, fb::M##T>()
      FARM_FILLED(Hello),        FARM_FILLED(Welcome),      FARM_FILLED(Sync),
      FARM_FILLED(SyncAck),      FARM_FILLED(Offer),        FARM_FILLED(Accept),
      FARM_FILLED(Refuse),       FARM_FILLED(PhaseChange),  FARM_FILLED(ResourceEvent),
      FARM_FILLED(Cancel),       FARM_FILLED(Revoke),       FARM_FILLED(Drain),
      FARM_FILLED(Restarting),   FARM_FILLED(JobResult),    FARM_FILLED(ResultAck),
      FARM_FILLED(LogData),      FARM_FILLED(LogAck),       FARM_FILLED(UploadBegin),
      FARM_FILLED(UploadNeed),   FARM_FILLED(UploadChunk),  FARM_FILLED(UploadCredit),
      FARM_FILLED(UploadEnd),    FARM_FILLED(UploadDone),   FARM_FILLED(FetchBegin),
      FARM_FILLED(FetchData),    FARM_FILLED(FetchCredit),  FARM_FILLED(FetchFailed),
      FARM_FILLED(Submit),       FARM_FILLED(SubmitAck),    FARM_FILLED(Query),
      FARM_FILLED(QueryReply),   FARM_FILLED(Command),      FARM_FILLED(Subscribe),
      FARM_FILLED(Unsubscribe),  FARM_FILLED(BuildEvent),   FARM_FILLED(LogChunk),
      FARM_FILLED(Enroll),       FARM_FILLED(EnrollReply),  FARM_FILLED(ProtocolError)};
#undef FARM_FILLED
}

std::string golden_path(const Message& message) {
  return std::string(FARM_SOURCE_DIR) + "/schemas/golden/" + kRelease + "/" +
         message_name(message) + ".bin";
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TEST(ReleasedFrames, AreReadAndWrittenAsTheyWere) {
  const bool update = std::getenv("FARM_UPDATE_GOLDEN") != nullptr;
  for (const Message& message : released_messages()) {
    SCOPED_TRACE(message_name(message));
    const std::string path = golden_path(message);
    if (update) {
      std::ofstream(path, std::ios::binary) << encode(message);
      continue;
    }
    const std::string golden = read(path);
    ASSERT_FALSE(golden.empty()) << path;
    const Result<Message> back = decode(golden);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(back->index(), message.index());
    std::string again = encode(*back);
    again[kMinorAt] = golden[kMinorAt];
    EXPECT_EQ(again, golden);
  }
  if (update) GTEST_SKIP() << "golden frames rewritten";
}

TEST(ReleasedFrames, ALaterMinorIsReadToo) {
  for (const Message& message : released_messages()) {
    std::string frame = encode(message);
    frame[kMinorAt] = '\x7f';
    EXPECT_TRUE(decode(frame).has_value()) << message_name(message);
  }
}

}  // namespace
}  // namespace farm::wire
