// Keys of the store, built in this one file: [version][table][big-endian fields], so that records
// of one table, build or job lie together and iterate in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/wire/message.h"
#include "coordinator/ledger/resource_table.h"

namespace farm::coordinator::keys {

inline constexpr char kVersion = 1;

/// Stored by letter. Column family of each: see family_of.
enum class Table : char {
  Meta = 'm',
  Build = 'b',
  Job = 'j',
  Spec = 's',
  Agent = 'a',
  Resource = 'r',
  File = 'f',     // whole files by SHA-256: their chunks
  Part = 'p',     // records of other parts of the coordinator (access, audit)
  LogChunk = 'l',
};

/// "ledger", "index", "log", "meta": few column families, because each costs at creation.
enum class Family : uint8_t { Ledger, Index, Log, Meta };
inline constexpr const char* kFamilyNames[] = {"ledger", "index", "log", "meta"};
Family family_of(std::string_view key);

std::string prefix(Table table);
std::string meta(std::string_view name);
std::string build(const BuildId& id);
std::string job(const JobId& id);
std::string spec(const JobId& id);
std::string agent(const AgentId& id);
std::string resource(const ResourceKey& key);
std::string file(std::string_view sha256_hex);
/// Record `key` of another part of the coordinator; an empty key is the prefix of all of them.
std::string part(std::string_view name, std::string_view key);

/// All pieces of the log of one attempt.
std::string log_prefix(const wire::JobRef& ref);
/// The piece that starts at `offset`.
std::string log_piece(const wire::JobRef& ref, uint64_t offset);
/// The offset in a log_piece key. Corrupt: it is none.
Result<uint64_t> log_offset(std::string_view key);

/// The id at the end of a build, job, spec or agent key. Corrupt: it has none.
Result<IdBytes> id_of(std::string_view key);
/// The smallest key above every key with this prefix.
std::string after(std::string prefix);

}  // namespace farm::coordinator::keys
