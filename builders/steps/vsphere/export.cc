#include "builders/steps/vsphere/export.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::builders::vsphere {
namespace {

constexpr auto kLeaseReadyLimit = std::chrono::minutes(10);
constexpr auto kReportPause = std::chrono::seconds(10);  // leases run out after some minutes
constexpr auto kDownloadLimit = std::chrono::hours(24);

struct LeaseFile {
  std::string key;
  std::string url;
  std::string target;
  uint64_t size = 0;
};

struct Downloaded {
  std::string device;
  std::string path;
  uint64_t size = 0;
  std::string digest;
};

class Lease {
 public:
  Lease(Session& session, Reference ref) : session_(session), ref_(std::move(ref)) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (done_) return;
    const CancelToken never;
    (void)session_.call(ref_, "HttpNfcLeaseAbort", {}, never, Renewal::Never);
  }

  Result<std::vector<LeaseFile>> wait_ready(bool image_files, const CancelToken& cancel) {
    XmlNode info;
    TRY(wait_for_properties(session_, ref_, {"state", "error"}, kLeaseReadyLimit, cancel,
                            [&](const ObjectProperties& lease) -> Result<bool> {
                              const std::string state = lease.text("state");
                              if (state == "error") {
                                const XmlNode error = lease.value("error");
                                return fault_error(error.child("fault").type(),
                                                   error.child("fault"),
                                                   error.text("localizedMessage"))
                                    .within("export lease");
                              }
                              return state == "ready";
                            }));
    const ObjectProperties lease = TRY(retrieve(session_, ref_, {"info"}, cancel));
    std::vector<LeaseFile> files;
    for (const XmlNode& device : lease.value("info").children("deviceUrl")) {
      std::string target = device.text("targetId");
      std::string url = device.text("url");
      if (target.empty()) target = io::base_name(url.substr(0, url.find('?')));
      if (!image_files && io::extension(target) != "vmdk") continue;
      // "*" stands for the host that was asked.
      const size_t star = url.find("://*");
      if (star != std::string::npos) {
        const size_t path = url.find('/', star + 4);
        url = session_.endpoint() + url.substr(path);
      }
      files.push_back({device.text("key"), url, target,
                       static_cast<uint64_t>(std::max<int64_t>(0, device.number("fileSize")))});
    }
    return files;
  }

  Result<void> report(int percent, const CancelToken& cancel) {
    const Result<XmlNode> told =
        session_.call(ref_, "HttpNfcLeaseProgress",
                      [&](XmlWriter& out) { out.number("percent", percent); }, cancel);
    if (!told) return told.error();
    return {};
  }

  Result<void> complete(const CancelToken& cancel) {
    const Result<XmlNode> told = session_.call(ref_, "HttpNfcLeaseComplete", {}, cancel);
    if (!told) return told.error();
    done_ = true;
    return {};
  }

 private:
  Session& session_;
  Reference ref_;
  bool done_ = false;
};

io::DigestKind manifest_digest(const std::string& manifest) {
  return io::digest_from_name(manifest).value_or(io::DigestKind::Sha256);
}

}  // namespace

Result<std::vector<std::string>> export_machine(Session& session, const ExportRequest& request,
                                                const ProgressSink& progress,
                                                const CancelToken& cancel) {
  const XmlNode started = TRY(session.call(request.machine, "ExportVm", {}, cancel));
  Lease lease(session, started.child("returnval").reference());
  const std::vector<LeaseFile> files = TRY(lease.wait_ready(request.image_files, cancel));
  uint64_t total = 0;
  for (const LeaseFile& file : files) total += file.size;

  SystemClock clock;
  Instant reported = clock.now();
  uint64_t done = 0;
  std::vector<Downloaded> downloaded;
  for (const LeaseFile& file : files) {
    const std::string name = request.name + "-" + io::base_name(file.target);
    const std::string path = io::join_path(request.directory, name);
    const io::Fd out = TRY(io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    io::Digest digest(manifest_digest(request.manifest));
    uint64_t size = 0;
    Result<void> told;
    net::HttpRequest get;
    get.url = file.url;
    get.deadline = kDownloadLimit;
    get.verify_tls = !session.options().insecure;
    get.headers = {{"Cookie", session.cookie()}};
    net::HttpClient transfers;  // the session's own client keeps the lease alive meanwhile
    get.on_body = [&](std::string_view piece) -> Result<void> {
      TRY(io::write_all(out.get(), piece));
      digest.update(piece);
      size += piece.size();
      if (progress) progress(done + size, total);
      if (clock.now() - reported < kReportPause) return {};
      reported = clock.now();
      const uint64_t percent = total == 0 ? 0 : std::min<uint64_t>(99, (done + size) * 100 / total);
      return lease.report(static_cast<int>(percent), cancel);
    };
    const Result<net::HttpResponse> got = transfers.send(get, cancel);
    if (!got) return got.error().within("export " + file.target);
    if (!got->success()) {
      return unavailable(fmt::format("export {}: HTTP status {}", file.target, got->status));
    }
    done += size;
    downloaded.push_back({file.key, path, size, digest.finish_hex()});
  }
  TRY(lease.report(100, cancel));

  const XmlNode described = TRY(session.call(
      session.content().ovf_manager, "CreateDescriptor",
      [&](XmlWriter& out) {
        out.reference("obj", request.machine);
        out.element("cdp", [&] {
          for (const Downloaded& file : downloaded) {
            out.element("ovfFiles", [&] {
              out.text("deviceId", file.device);
              out.text("path", io::base_name(file.path));
              out.number("size", static_cast<int64_t>(file.size));
            });
          }
          out.text("name", request.name);
          out.flag("includeImageFiles", request.image_files);
          for (const std::string& option : request.options) out.text("exportOption", option);
        });
      },
      cancel));
  for (const XmlNode& fault : described.child("returnval").children("error")) {
    return fault_error(fault.child("fault").type(), fault.child("fault"),
                       fault.text("localizedMessage"))
        .within("OVF descriptor");
  }
  TRY(lease.complete(cancel));

  const std::string descriptor = described.text("returnval.ovfDescriptor");
  const std::string ovf = io::join_path(request.directory, request.name + ".ovf");
  TRY(io::write_file(ovf, descriptor));
  std::vector<std::string> paths;
  for (const Downloaded& file : downloaded) paths.push_back(file.path);
  paths.push_back(ovf);
  if (request.manifest == "none") return paths;
  std::string kind = request.manifest;
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string sums;
  for (const Downloaded& file : downloaded) {
    sums += fmt::format("{}({})= {}\n", kind, io::base_name(file.path), file.digest);
  }
  sums += fmt::format("{}({})= {}\n", kind, io::base_name(ovf),
                      io::digest_hex(manifest_digest(request.manifest), descriptor));
  const std::string manifest = io::join_path(request.directory, request.name + ".mf");
  TRY(io::write_file(manifest, sums));
  paths.push_back(manifest);
  return paths;
}

}  // namespace farm::builders::vsphere
