#include "coordinator/store/memory_store.h"

#include <iterator>

#include "coordinator/store/keys.h"
#include "coordinator/store/log_pieces.h"

namespace farm::coordinator {

void Batch::merge(Batch&& other) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()),
              std::make_move_iterator(from.end()));
  };
  append(puts, other.puts);
  append(deletes, other.deletes);
  append(logs, other.logs);
}

Result<void> MemoryStore::apply(const Batch& batch) {
  if (failures_ > 0) {
    --failures_;
    return failure_;
  }
  for (const Batch::Put& put : batch.puts) records_.insert_or_assign(put.key, put.value);
  for (const std::string& key : batch.deletes) records_.erase(key);
  for (const Batch::LogAppend& log : batch.logs) {
    records_.insert_or_assign(keys::log_piece(log.ref, log.offset), log.bytes);
  }
  return {};
}

Result<std::optional<std::string>> MemoryStore::get(std::string_view key) {
  const auto it = records_.find(key);
  if (it == records_.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

Result<void> MemoryStore::scan(std::string_view prefix, const RecordVisitor& visit) {
  for (auto it = records_.lower_bound(prefix);
       it != records_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    TRY(visit(it->first, it->second));
  }
  return {};
}

Result<uint64_t> MemoryStore::log_length(const wire::JobRef& ref) {
  const std::string prefix = keys::log_prefix(ref);
  auto it = records_.lower_bound(keys::after(prefix));
  if (it == records_.begin()) return uint64_t{0};
  --it;
  if (it->first.compare(0, prefix.size(), prefix) != 0) return uint64_t{0};
  const uint64_t offset = TRY(keys::log_offset(it->first));
  return offset + it->second.size();
}

Result<std::string> MemoryStore::read_log(const wire::JobRef& ref, uint64_t offset,
                                          size_t max_bytes) {
  const std::string prefix = keys::log_prefix(ref);
  auto it = records_.upper_bound(keys::log_piece(ref, offset));
  if (it == records_.begin()) return std::string();
  --it;  // the piece that holds `offset`
  if (it->first.compare(0, prefix.size(), prefix) != 0) return std::string();
  LogReader reader(offset, max_bytes);
  for (; it != records_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
    const uint64_t at = TRY(keys::log_offset(it->first));
    const bool more = TRY(reader.feed(at, it->second));
    if (!more) break;
  }
  return reader.take();
}

void MemoryStore::fail_next(int count, Error error) {
  failures_ = count;
  failure_ = std::move(error);
}

}  // namespace farm::coordinator
