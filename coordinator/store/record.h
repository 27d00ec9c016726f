// Records: values of the store, encoded as FlatBuffers (schemas/record.fbs). The only file of the
// coordinator that sees generated code. Reading never trusts: a value that does not verify, or an
// enum out of range, is Corrupt and the record's owner decides what becomes of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "coordinator/fleet/agent.h"
#include "coordinator/ledger/resource_table.h"
#include "coordinator/queue/build.h"
#include "coordinator/queue/job.h"

namespace farm::coordinator {

/// A whole file that the store holds: bytes of its own, or chunks in order.
struct StoredFile {
  uint64_t size = 0;
  uint64_t chunk_size = 0;
  std::string chunks;        // 32-byte digests, concatenated
  std::string inline_bytes;  // small files only; then there are no chunks
  size_t chunk_count() const { return chunks.size() / 32; }
  std::string_view chunk(size_t index) const {
    return std::string_view(chunks).substr(index * 32, 32);
  }
};

std::string encode_job_record(const Job& job);
std::string encode_build_record(const Build& build);
std::string encode_agent_record(const Agent& agent);
std::string encode_resource_record(const Resource& resource);
std::string encode_file_record(const StoredFile& file);

// `id` and `key` come from the record's key.
Result<Job> decode_job_record(const JobId& id, std::string_view bytes);
Result<Build> decode_build_record(const BuildId& id, std::string_view bytes);
Result<Agent> decode_agent_record(const AgentId& id, std::string_view bytes);
Result<Resource> decode_resource_record(const ResourceKey& key, std::string_view bytes);
Result<StoredFile> decode_file_record(std::string_view bytes);

}  // namespace farm::coordinator
