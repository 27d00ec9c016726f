#include "ops/farmctl/local/store_care.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/io/files.h"
#include "coordinator/store/rocks_chunk_store.h"
#include "coordinator/store/rocks_store.h"
#include "coordinator/store/sealed_store.h"
#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

using coordinator::Finding;
using coordinator::FsckReport;

const char* weight_name(const Finding& finding) {
  return finding.weight == Finding::Weight::Error ? "error" : "warning";
}

Error in_use(Error error, const std::string& data) {
  if (error.code != ErrorCode::Conflict) return error;
  return conflict("a coordinator runs on " + data +
                  "; stop it, or check a backup: farmctl backup, then farmctl fsck --data on it");
}

}  // namespace

Result<FsckReport> check_data(const std::string& data, bool deep,
                              const std::function<void(const std::string&)>& progress) {
  if (!io::is_directory(data + "/ledger")) {
    return not_found(data + " holds no records (no directory `ledger` in it)");
  }
  Result<std::unique_ptr<coordinator::RocksStore>> store = coordinator::RocksStore::open(data);
  if (!store) return in_use(std::move(store).error(), data);
  coordinator::FsckOptions options;
  options.deep = deep;
  options.incarnation = (*store)->incarnation();
  options.progress = progress;
  std::unique_ptr<coordinator::RocksChunkStore> chunks;
  if (io::is_directory(data + "/chunks")) {
    Result<std::unique_ptr<coordinator::RocksChunkStore>> opened =
        coordinator::RocksChunkStore::open(data);
    if (!opened) return in_use(std::move(opened).error(), data);
    chunks = *std::move(opened);
  }
  if (!io::exists(data + "/seal.key")) {
    return coordinator::check_store(**store, chunks.get(), options);
  }
  coordinator::SealedStore sealed(**store, TRY(seal::SealKey::load(data + "/seal.key")));
  return coordinator::check_store(sealed, chunks.get(), options);
}

std::string report_text(const std::string& data, const FsckReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text += fmt::format("{:<7} {:<6} {}: {}\n", weight_name(finding), finding.invariant,
                        finding.subject, finding.text);
  }
  text += fmt::format(
      "fsck {}: {}\n  {} builds, {} jobs, {} attempts, {} open resources, {} files ({}), {} of "
      "logs, {} audit entries\n",
      data, report.clean() ? "clean" : "NOT clean", report.builds, report.jobs, report.attempts,
      report.resources, report.files, human_size(report.file_bytes), human_size(report.log_bytes),
      report.audit_entries);
  if (report.chunks_read != 0) text += fmt::format("  {} chunks read\n", report.chunks_read);
  if (report.audit_entries != 0) text += fmt::format("  audit head {}\n", report.audit_head);
  return text;
}

std::string report_json(const std::string& data, const FsckReport& report) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"weight", weight_name(finding)},
                        {"invariant", finding.invariant},
                        {"subject", finding.subject},
                        {"text", finding.text}});
  }
  return nlohmann::ordered_json{{"data", data},
                                {"clean", report.clean()},
                                {"findings", std::move(findings)},
                                {"builds", report.builds},
                                {"jobs", report.jobs},
                                {"attempts", report.attempts},
                                {"open_resources", report.resources},
                                {"files", report.files},
                                {"file_bytes", report.file_bytes},
                                {"chunks_read", report.chunks_read},
                                {"log_bytes", report.log_bytes},
                                {"audit_entries", report.audit_entries},
                                {"audit_head", report.audit_head}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace farm::farmctl
