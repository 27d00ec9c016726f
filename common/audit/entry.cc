#include "common/audit/entry.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/io/digests.h"

namespace farm::audit {
namespace {

using nlohmann::ordered_json;

void add_field(io::Digest& digest, std::string_view text) {
  digest.update(fmt::format("{}:", text.size()));
  digest.update(text);
}

}  // namespace

std::string digest_of(const Entry& entry) {
  io::Digest digest(io::DigestKind::Sha256);
  add_field(digest, entry.previous);
  add_field(digest, std::to_string(entry.sequence));
  add_field(digest, std::to_string(entry.time.nanos));
  for (const std::string* field : {&entry.actor, &entry.role, &entry.action, &entry.subject,
                                   &entry.outcome, &entry.detail}) {
    add_field(digest, *field);
  }
  return digest.finish_hex();
}

std::string encode(const Entry& entry) {
  const ordered_json document = {{"sequence", entry.sequence}, {"time_ns", entry.time.nanos},
                                 {"actor", entry.actor},       {"role", entry.role},
                                 {"action", entry.action},     {"subject", entry.subject},
                                 {"outcome", entry.outcome},   {"detail", entry.detail},
                                 {"previous", entry.previous}, {"digest", entry.digest}};
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<Entry> decode(std::string_view text) {
  try {
    const ordered_json document = ordered_json::parse(text);
    Entry entry;
    entry.sequence = document.at("sequence").get<uint64_t>();
    entry.time = WallTime{document.at("time_ns").get<int64_t>()};
    entry.actor = document.at("actor").get<std::string>();
    entry.role = document.at("role").get<std::string>();
    entry.action = document.at("action").get<std::string>();
    entry.subject = document.at("subject").get<std::string>();
    entry.outcome = document.at("outcome").get<std::string>();
    entry.detail = document.at("detail").get<std::string>();
    entry.previous = document.at("previous").get<std::string>();
    entry.digest = document.at("digest").get<std::string>();
    return entry;
  } catch (const ordered_json::exception& error) {
    return corrupt(fmt::format("an audit entry cannot be read: {}", error.what()));
  }
}

Result<void> Verifier::feed(const Entry& entry) {
  if (entry.sequence != entries_ + 1) {
    return corrupt(fmt::format("audit entry {} is missing (found {})", entries_ + 1,
                               entry.sequence));
  }
  if (entry.previous != head_) {
    return corrupt(fmt::format("audit entry {} does not follow entry {}", entry.sequence,
                               entries_));
  }
  if (digest_of(entry) != entry.digest) {
    return corrupt(fmt::format("audit entry {} was changed", entry.sequence));
  }
  ++entries_;
  head_ = entry.digest;
  return {};
}

}  // namespace farm::audit
