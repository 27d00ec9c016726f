#include "common/wire/codec.h"

#include <array>
#include <fmt/format.h>

#include "common/wire/mapping.h"
#include "common/wire/weight.h"

namespace farm::wire {
namespace {

// The programs of tests/faults/previous speak the minor before.
#ifndef FARM_PROTOCOL_MINOR
#define FARM_PROTOCOL_MINOR 1
#endif
constexpr uint8_t kProtocolMajor = 1;
constexpr uint8_t kProtocolMinor = FARM_PROTOCOL_MINOR;
// The last message type of each minor. 1: surveys of providers.
constexpr uint16_t kLastTypes[] = {39, 41};

// Header, little-endian: magic u32, major u8, minor u8, type u16, flags u32, body length u32.
constexpr uint32_t kMagic = 0x314D5246;  // "FRM1"
constexpr size_t kHeaderSize = 16;
constexpr const char* kIdentifier = "FRM1";

constexpr size_t kSmall = 64U << 10;
constexpr size_t kMedium = 1U << 20;
constexpr size_t kLarge = 8U << 20;

// What is fixed per message: number on the wire (never reused), name, cap of the body.
struct Spec {
  uint16_t type;
  const char* name;
  size_t body_cap;
};
template <class M>
struct Kind;
#define FARM_MESSAGE(M, NUMBER, NAME, CAP)              \
  template <>                                           \
  struct Kind<M> {                                      \
    static constexpr Spec kSpec{NUMBER, NAME, CAP};     \
    using Table = fb::M;                                \
    using Object = fb::M##T;                            \
  };
FARM_MESSAGE(Hello, 1, "hello", kMedium)
FARM_MESSAGE(Welcome, 2, "welcome", kMedium)
FARM_MESSAGE(Sync, 3, "sync", kMedium)
FARM_MESSAGE(SyncAck, 4, "sync_ack", kMedium)
FARM_MESSAGE(Offer, 5, "offer", kLarge)
FARM_MESSAGE(Accept, 6, "accept", kSmall)
FARM_MESSAGE(Refuse, 7, "refuse", kSmall)
FARM_MESSAGE(PhaseChange, 8, "phase_change", kSmall)
FARM_MESSAGE(ResourceEvent, 9, "resource_event", kSmall)
FARM_MESSAGE(Cancel, 10, "cancel", kSmall)
FARM_MESSAGE(Revoke, 11, "revoke", kSmall)
FARM_MESSAGE(Drain, 12, "drain", kSmall)
FARM_MESSAGE(Restarting, 13, "restarting", kSmall)
FARM_MESSAGE(JobResult, 14, "job_result", kLarge)
FARM_MESSAGE(ResultAck, 15, "result_ack", kSmall)
FARM_MESSAGE(LogData, 16, "log_data", kSmall)
FARM_MESSAGE(LogAck, 17, "log_ack", kSmall)
FARM_MESSAGE(UploadBegin, 18, "upload_begin", kLarge)
FARM_MESSAGE(UploadNeed, 19, "upload_need", kLarge)
FARM_MESSAGE(UploadChunk, 20, "upload_chunk", kSmall)
FARM_MESSAGE(UploadCredit, 21, "upload_credit", kSmall)
FARM_MESSAGE(UploadEnd, 22, "upload_end", kLarge)
FARM_MESSAGE(UploadDone, 23, "upload_done", kSmall)
FARM_MESSAGE(FetchBegin, 24, "fetch_begin", kSmall)
FARM_MESSAGE(FetchData, 25, "fetch_data", kSmall)
FARM_MESSAGE(FetchCredit, 26, "fetch_credit", kSmall)
FARM_MESSAGE(FetchFailed, 27, "fetch_failed", kSmall)
FARM_MESSAGE(Submit, 28, "submit", kLarge)
FARM_MESSAGE(SubmitAck, 29, "submit_ack", kMedium)
FARM_MESSAGE(Query, 30, "query", kSmall)
FARM_MESSAGE(QueryReply, 31, "query_reply", kLarge)
FARM_MESSAGE(Command, 32, "command", kSmall)
FARM_MESSAGE(Subscribe, 33, "subscribe", kMedium)
FARM_MESSAGE(Unsubscribe, 34, "unsubscribe", kSmall)
FARM_MESSAGE(BuildEvent, 35, "build_event", kMedium)
FARM_MESSAGE(LogChunk, 36, "log_chunk", kSmall)
FARM_MESSAGE(Enroll, 37, "enroll", kSmall)
FARM_MESSAGE(EnrollReply, 38, "enroll_reply", kSmall)
FARM_MESSAGE(ProtocolError, 39, "protocol_error", kSmall)
FARM_MESSAGE(SurveyOrder, 40, "survey_order", kMedium)
FARM_MESSAGE(Survey, 41, "survey", kMedium)
#undef FARM_MESSAGE

// The bytes that ride behind the body; nullptr for messages without.
template <class M>
std::string* payload_of(M& message) {
  if constexpr (std::is_same_v<M, LogData> || std::is_same_v<M, UploadChunk> ||
                std::is_same_v<M, FetchData> || std::is_same_v<M, LogChunk>) {
    return &message.bytes;
  } else {
    return nullptr;
  }
}

template <class T>
void put_number(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(value >> (8 * i) & 0xff);
  }
}

template <class T>
T get_number(std::string_view in, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<uint8_t>(in[at + i])) << (8 * i));
  }
  return value;
}

template <class M>
std::string encode_one(const M& message) {
  // The mapping is written once for both directions and so takes non-const members.
  M& source = const_cast<M&>(message);
  typename Kind<M>::Object object;
  mapping::ToTable direction;
  mapping::fields(direction, source, object);
  flatbuffers::FlatBufferBuilder builder(1024);
  builder.Finish(Kind<M>::Table::Pack(builder, &object),
                 kIdentifier);
  const std::string* payload = payload_of(source);
  std::string frame;
  frame.reserve(kHeaderSize + builder.GetSize() + (payload == nullptr ? 0 : payload->size()));
  put_number<uint32_t>(frame, kMagic);
  put_number<uint8_t>(frame, kProtocolMajor);
  put_number<uint8_t>(frame, kProtocolMinor);
  put_number<uint16_t>(frame, Kind<M>::kSpec.type);
  put_number<uint32_t>(frame, 0);
  put_number<uint32_t>(frame, builder.GetSize());
  frame.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  if (payload != nullptr) frame += *payload;
  return frame;
}

Error bad_content(const char* name, const char* why) {
  return invalid_input(fmt::format("message {}: {}", name, why));
}

// Checks that hold for a message whatever the state of the receiver.
const char* senseless(const UploadBegin& m) {
  if (m.chunk_size < (64U << 10) || m.chunk_size > kMaxFrame / 2) return "chunk size out of range";
  if (m.chunks.empty()) return nullptr;
  const uint64_t expected = m.size / m.chunk_size + (m.size % m.chunk_size == 0 ? 0 : 1);
  return m.chunks.size() == expected ? nullptr : "number of chunks does not fit the size";
}
const char* senseless(const UploadChunk& m) {
  return m.digest.size() == 32 ? nullptr : "a digest has 32 bytes";
}
const char* senseless(const FetchData& m) {
  return m.offset <= m.size && m.bytes.size() <= m.size - m.offset ? nullptr
                                                                   : "bytes beyond the file";
}
const char* senseless(const Enroll& m) {
  return m.public_key.size() == 40 ? nullptr : "a public key has 40 characters";
}
const char* senseless(const Submit& m) { return m.request.empty() ? "no request id" : nullptr; }
template <class M>
const char* senseless(const M&) {
  return nullptr;
}

template <class M>
Result<Message> decode_one(std::string_view body, std::string_view payload) {
  const Spec spec = Kind<M>::kSpec;
  if (body.size() > spec.body_cap) return bad_content(spec.name, "body is too large");
  // Frames arrive at any address; the verifier and the accessors want 8-byte alignment.
  std::vector<uint64_t> aligned(body.size() / sizeof(uint64_t) + 1);
  std::memcpy(aligned.data(), body.data(), body.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(aligned.data());
  flatbuffers::Verifier::Options limits;
  limits.max_depth = 16;
  limits.max_tables = 200'000;
  flatbuffers::Verifier verifier(bytes, body.size(), limits);
  using Table = typename Kind<M>::Table;
  if (body.size() < 8 || !verifier.VerifyBuffer<Table>(kIdentifier)) {
    return corrupt(fmt::format("message {}: body does not verify", spec.name));
  }
  const Table* root = flatbuffers::GetRoot<Table>(bytes);
  const auto* plain = reinterpret_cast<const flatbuffers::Table*>(root);
  if (!weighs_at_most(*plain, *Table::MiniReflectTypeTable(), body.size())) {
    return bad_content(spec.name, "the body unpacks to more than it holds");
  }
  typename Kind<M>::Object object;
  root->UnPackTo(&object);
  M message;
  mapping::FromTable direction;
  mapping::fields(direction, message, object);
  if (direction.problem != nullptr) return bad_content(spec.name, direction.problem);
  std::string* slot = payload_of(message);
  if (slot == nullptr && !payload.empty()) return bad_content(spec.name, "unexpected payload");
  if (slot != nullptr) slot->assign(payload);
  if (const char* why = senseless(message)) return bad_content(spec.name, why);
  return Message(std::move(message));
}

using Decoder = Result<Message> (*)(std::string_view body, std::string_view payload);

template <size_t... I>
constexpr std::array<Decoder, sizeof...(I)> decoders(std::index_sequence<I...>) {
  return {&decode_one<std::variant_alternative_t<I, Message>>...};
}
template <size_t... I>
constexpr std::array<uint16_t, sizeof...(I)> types(std::index_sequence<I...>) {
  return {Kind<std::variant_alternative_t<I, Message>>::kSpec.type...};
}
constexpr auto kAll = std::make_index_sequence<std::variant_size_v<Message>>{};
constexpr auto kDecoders = decoders(kAll);
constexpr auto kTypes = types(kAll);

}  // namespace

const char* phase_name(Phase phase) {
  constexpr const char* kNames[] = {"preparing", "running", "uploading", "finished"};
  return kNames[static_cast<size_t>(phase)];
}

std::string protocol_version() { return fmt::format("{}.{}", kProtocolMajor, kProtocolMinor); }

std::string encode(const Message& message) {
  return std::visit([](const auto& m) { return encode_one(m); }, message);
}

Result<Message> decode(std::string_view frame) {
  if (frame.size() > kMaxFrame) return corrupt("frame is larger than 16 MiB");
  if (frame.size() < kHeaderSize) return corrupt("frame is shorter than its header");
  if (get_number<uint32_t>(frame, 0) != kMagic) return corrupt("frame is not of this protocol");
  const auto major = get_number<uint8_t>(frame, 4);
  if (major != kProtocolMajor) {
    return invalid_input(fmt::format("protocol version {} is not spoken here (this is {})",
                                     static_cast<int>(major), static_cast<int>(kProtocolMajor)));
  }
  const auto type = get_number<uint16_t>(frame, 6);
  const auto body_size = get_number<uint32_t>(frame, 12);
  if (body_size > frame.size() - kHeaderSize) return corrupt("frame is cut short");
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] != type || type > kLastTypes[kProtocolMinor]) continue;
    return kDecoders[i](frame.substr(kHeaderSize, body_size),
                        frame.substr(kHeaderSize + body_size));
  }
  return invalid_input(fmt::format("message type {} is unknown", type));
}

const char* message_name(const Message& message) {
  return std::visit([](const auto& m) { return Kind<std::decay_t<decltype(m)>>::kSpec.name; },
                    message);
}

}  // namespace farm::wire
