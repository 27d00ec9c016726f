// Frames: [header][FlatBuffers body][raw payload]. decode() is the only way bytes of peers become
// messages: length caps by type, aligned copy, verifier with limits, enum and union checks, then a
// semantic check per message.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::wire {

/// "1.1": of every frame this program writes. Frames of any minor of its major are read; what a minor
/// added is left out by programs of an earlier one (fields) or refused by name (messages).
std::string protocol_version();
/// Largest frame that is read at all.
inline constexpr size_t kMaxFrame = 16U << 20;

/// The message as one frame (bulk bytes are appended raw behind the body).
std::string encode(const Message& message);
/// Corrupt: not a frame of this protocol; InvalidInput: a frame whose content makes no sense.
Result<Message> decode(std::string_view frame);
/// "hello", "log_data"...: for logs and errors.
const char* message_name(const Message& message);

}  // namespace farm::wire
