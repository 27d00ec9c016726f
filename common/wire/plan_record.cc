#include "common/wire/plan_record.h"

#include "common/wire/mapping.h"
#include "common/wire/weight.h"
#include "schemas/plan_generated.h"

namespace farm::wire::mapping {

template <>
inline constexpr uint8_t kLast<plan::PlanAnswer::Kind> =
    static_cast<uint8_t>(plan::PlanAnswer::Kind::NamedFile);

// Beside the structs' other lists of fields; found by the directions through their own namespace.
template <class D>
void fields(D& d, plan::PlanAnswer& m, fb::PlanAnswerT& t) {
  d(m.kind, t.kind);
  d(m.question, t.question);
  d(m.ok, t.ok);
  d(m.value, t.value);
  d(m.bundle, t.bundle);
  d(m.error, t.error);
}
template <class D>
void fields(D& d, plan::PlanVariable& m, fb::PlanVariableT& t) {
  d(m.name, t.name);
  d(m.value, t.value);
}
template <class D>
void fields(D& d, plan::PlanRecord& m, fb::PlanRecordT& t) {
  d(m.path, t.path);
  d(m.config_type, t.config_type);
  d(m.var_files, t.var_files);
  d(m.variables, t.variables);
  d(m.only, t.only);
  d(m.except, t.except);
  d(m.core_version, t.core_version);
  d(m.start_nanos, t.start_nanos);
  d(m.working_directory, t.working_directory);
  d(m.home_directory, t.home_directory);
  d(m.answers, t.answers);
  d(m.randoms, t.randoms);
  d(m.components, t.components);
}
template <class D>
void fields(D& d, plan::PlannedJob& m, fb::PlannedJobT& t) {
  d(m.name, t.name);
  d(m.spec, t.spec);
}
template <class D>
void fields(D& d, plan::PlanReply& m, fb::PlanReplyT& t) {
  d(m.jobs, t.jobs);
  d(m.sensitive, t.sensitive);
  d(m.error, t.error);
}

}  // namespace farm::wire::mapping

namespace farm::wire {
namespace {

constexpr const char* kPlanIdentifier = "FRMP";

template <class Table, class Struct>
std::string encode_plan_part(const Struct& part) {
  // The mapping is written once for both directions and so takes non-const members.
  auto& source = const_cast<Struct&>(part);
  typename Table::NativeTableType object;
  mapping::ToTable direction;
  mapping::fields(direction, source, object);
  flatbuffers::FlatBufferBuilder builder(1024);
  builder.Finish(Table::Pack(builder, &object), kPlanIdentifier);
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

template <class Table, class Struct>
Result<Struct> decode_plan_part(std::string_view bytes, size_t limit, const char* name) {
  const std::string what(name);
  if (bytes.size() > limit) return corrupt(what + " is too large");
  std::vector<uint64_t> aligned(bytes.size() / sizeof(uint64_t) + 1);
  std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto* start = reinterpret_cast<const uint8_t*>(aligned.data());
  flatbuffers::Verifier::Options limits;
  limits.max_depth = 16;
  limits.max_tables = 200'000;
  flatbuffers::Verifier verifier(start, bytes.size(), limits);
  if (bytes.size() < 8 || !verifier.VerifyBuffer<Table>(kPlanIdentifier)) {
    return corrupt(what + " does not verify");
  }
  const Table* root = flatbuffers::GetRoot<Table>(start);
  const auto* plain = reinterpret_cast<const flatbuffers::Table*>(root);
  if (!weighs_at_most(*plain, *Table::MiniReflectTypeTable(), bytes.size())) {
    return corrupt(what + " unpacks to more than it holds");
  }
  typename Table::NativeTableType object;
  root->UnPackTo(&object);
  Struct made;
  mapping::FromTable direction;
  mapping::fields(direction, made, object);
  if (direction.problem != nullptr) return corrupt(what + ": " + direction.problem);
  return made;
}

}  // namespace

std::string encode_plan_record(const plan::PlanRecord& record) {
  return encode_plan_part<fb::PlanRecord>(record);
}

Result<plan::PlanRecord> decode_plan_record(std::string_view bytes, size_t limit) {
  return decode_plan_part<fb::PlanRecord, plan::PlanRecord>(bytes, limit,
                                                            "the record of the planning");
}

std::string encode_plan_reply(const plan::PlanReply& reply) {
  return encode_plan_part<fb::PlanReply>(reply);
}

Result<plan::PlanReply> decode_plan_reply(std::string_view bytes) {
  return decode_plan_part<fb::PlanReply, plan::PlanReply>(bytes, kMaxPlanReply,
                                                          "the planner's answer");
}

}  // namespace farm::wire
