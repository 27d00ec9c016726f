#include "coordinator/store/keys.h"

#include <algorithm>

namespace farm::coordinator::keys {
namespace {

template <class Number>
void big_endian(std::string& out, Number number) {
  for (int shift = static_cast<int>(sizeof number) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(number >> shift & 0xff);
  }
}

void append_id(std::string& out, const IdBytes& bytes) {
  for (const uint8_t byte : bytes) out += static_cast<char>(byte);
}

std::string with_id(Table table, const IdBytes& bytes) {
  std::string key = prefix(table);
  append_id(key, bytes);
  return key;
}

constexpr size_t kHead = 2;
constexpr size_t kLogPrefix = kHead + 16 + 8;

}  // namespace

Family family_of(std::string_view key) {
  if (key.size() < kHead) return Family::Meta;
  switch (static_cast<Table>(key[1])) {
    case Table::Meta:
    case Table::Part: return Family::Meta;
    case Table::LogChunk: return Family::Log;
    case Table::Spec:
    case Table::File: return Family::Index;
    case Table::Build:
    case Table::Job:
    case Table::Agent:
    case Table::Resource: return Family::Ledger;
  }
  return Family::Meta;
}

std::string prefix(Table table) { return {kVersion, static_cast<char>(table)}; }

std::string meta(std::string_view name) { return prefix(Table::Meta).append(name); }
std::string build(const BuildId& id) { return with_id(Table::Build, id.bytes); }
std::string job(const JobId& id) { return with_id(Table::Job, id.bytes); }
std::string spec(const JobId& id) { return with_id(Table::Spec, id.bytes); }
std::string agent(const AgentId& id) { return with_id(Table::Agent, id.bytes); }

std::string resource(const ResourceKey& key) {
  std::string out = with_id(Table::Resource, key.job.bytes);
  big_endian(out, key.epoch.incarnation);
  big_endian(out, key.epoch.counter);
  big_endian(out, key.intent);
  return out;
}

std::string file(std::string_view sha256_hex) {
  return prefix(Table::File).append(sha256_hex);
}

std::string part(std::string_view name, std::string_view key) {
  return prefix(Table::Part).append(name).append(1, '\0').append(key);
}

std::string log_prefix(const wire::JobRef& ref) {
  std::string out = with_id(Table::LogChunk, ref.job.bytes);
  big_endian(out, ref.epoch.incarnation);
  big_endian(out, ref.epoch.counter);
  return out;
}

std::string log_piece(const wire::JobRef& ref, uint64_t offset) {
  std::string out = log_prefix(ref);
  big_endian(out, offset);
  return out;
}

Result<uint64_t> log_offset(std::string_view key) {
  if (key.size() != kLogPrefix + 8) return corrupt("a log key has the wrong length");
  uint64_t offset = 0;
  for (const char c : key.substr(kLogPrefix)) offset = offset << 8 | static_cast<uint8_t>(c);
  return offset;
}

Result<IdBytes> id_of(std::string_view key) {
  IdBytes bytes{};
  if (key.size() != kHead + bytes.size()) return corrupt("a key has the wrong length");
  std::copy(key.begin() + kHead, key.end(), bytes.begin());
  return bytes;
}

std::string after(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace farm::coordinator::keys
