#include "common/wire/weight.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "common/wire/codec.h"
#include "schemas/agent_generated.h"
#include "schemas/client_generated.h"

namespace farm::wire {
namespace {

// A frame of the type that `like` has, with another body.
std::string frame_with(const Message& like, const flatbuffers::FlatBufferBuilder& builder) {
  std::string frame = encode(like).substr(0, 12);
  for (int i = 0; i < 4; ++i) frame += static_cast<char>(builder.GetSize() >> (8 * i) & 0xff);
  frame.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  return frame;
}

TEST(Weight, RefusesOneStringManyTimes) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString(std::string(100'000, 'x'));
  const auto labels = builder.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>(100'000, text));
  fb::HelloBuilder hello(builder);
  hello.add_labels(labels);
  builder.Finish(hello.Finish(), "FRM1");  // 0.5 MB that would unpack to 10 GB
  const Result<Message> read = decode(frame_with(Hello(), builder));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message, "message hello: the body unpacks to more than it holds");
}

TEST(Weight, RefusesOneTableManyTimes) {
  flatbuffers::FlatBufferBuilder builder;
  const auto spec = builder.CreateVector(std::vector<uint8_t>(1'000'000));
  fb::SubmittedJobBuilder job(builder);
  job.add_spec(spec);
  const auto jobs = builder.CreateVector(
      std::vector<flatbuffers::Offset<fb::SubmittedJob>>(100'000, job.Finish()));
  fb::SubmitBuilder submit(builder);
  submit.add_jobs(jobs);
  builder.Finish(submit.Finish(), "FRM1");
  const Result<Message> read = decode(frame_with(Submit(), builder));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message, "message submit: the body unpacks to more than it holds");
}

TEST(Weight, CountsWhatIsThereOnce) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString("0123456789");
  fb::ErrorBuilder error(builder);
  error.add_message(text);
  builder.Finish(error.Finish());
  const auto& table = *flatbuffers::GetRoot<flatbuffers::Table>(builder.GetBufferPointer());
  // The table itself 4, the length of the string 4, its bytes 10.
  EXPECT_TRUE(weighs_at_most(table, *fb::Error::MiniReflectTypeTable(), 18));
  EXPECT_FALSE(weighs_at_most(table, *fb::Error::MiniReflectTypeTable(), 17));
}

}  // namespace
}  // namespace farm::wire
