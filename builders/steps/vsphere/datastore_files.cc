#include "builders/steps/vsphere/datastore_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "common/io/files.h"

namespace farm::builders::vsphere {
namespace {

constexpr auto kUploadLimit = std::chrono::hours(24);
constexpr int kUploadTries = 3;
constexpr auto kRetryPause = std::chrono::seconds(2);

std::string encoded_path(const std::string& path) {
  std::string out;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (begin != 0) out += '/';
    out += net::percent_encode(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::pair<std::string, std::string> split_datastore_path(const std::string& text) {
  const size_t end = text.find(']');
  if (!text.starts_with('[') || end == std::string::npos) return {};
  const size_t path = text.find_first_not_of(' ', end + 1);
  return {text.substr(1, end - 1), path == std::string::npos ? "" : text.substr(path)};
}

Result<bool> DatastoreFiles::exists(const std::string& path, const CancelToken& cancel) const {
  const ObjectProperties store =
      TRY(retrieve(session_, datastore_.ref, {"browser"}, cancel));
  const std::string folder = io::parent_path(path);
  const Result<XmlNode> found = run_task(
      session_, store.value("browser").reference(), "SearchDatastore_Task",
      [&](XmlWriter& out) {
        out.text("datastorePath", shown(folder == "." ? "" : folder));
        out.element("searchSpec", [&] {
          out.element("details", [&] {
            out.flag("fileType", false);
            out.flag("fileSize", true);
            out.flag("modification", false);
            out.flag("fileOwner", false);
          });
          out.text("matchPattern", io::base_name(path));
        });
      },
      cancel);
  if (!found) {
    if (found.error().code == ErrorCode::NotFound) return false;
    return found.error();
  }
  return !found->children("file").empty();
}

Result<void> DatastoreFiles::make_directory(const std::string& path,
                                            const CancelToken& cancel) const {
  const Result<XmlNode> made = session_.call(
      session_.content().file_manager, "MakeDirectory",
      [&](XmlWriter& out) {
        out.text("name", shown(path));
        out.reference("datacenter", inventory_.datacenter());
        out.flag("createParentDirectories", true);
      },
      cancel);
  if (made || made.error().code == ErrorCode::Conflict) return {};
  return made.error();
}

Result<void> DatastoreFiles::transfer(const std::string& local, const std::string& path,
                                      const ProgressSink& progress,
                                      const CancelToken& cancel) const {
  const io::Fd file = TRY(io::open_file(local, O_RDONLY, 0));
  const uint64_t size = TRY(io::file_size(local));
  net::HttpRequest request;
  request.method = "PUT";
  request.url = fmt::format("{}/folder/{}?dcPath={}&dsName={}", session_.endpoint(),
                            encoded_path(path), net::percent_encode(inventory_.datacenter_path()),
                            net::percent_encode(datastore_.name));
  std::string cookie = session_.cookie();
  if (!host_.empty()) {
    const ObjectProperties host = TRY(retrieve(session_, host_, {"name"}, cancel));
    // A host knows one datacenter of its own.
    request.url = fmt::format("https://{}/folder/{}?dcPath=ha-datacenter&dsName={}",
                              host.text("name"), encoded_path(path),
                              net::percent_encode(datastore_.name));
    const XmlNode ticket = TRY(session_.call(
        session_.content().session_manager, "AcquireGenericServiceTicket",
        [&](XmlWriter& out) {
          out.element("spec", "SessionManagerHttpServiceRequestSpec", [&] {
            out.text("method", "httpPut");
            out.text("url", request.url);
          });
        },
        cancel));
    cookie = "vmware_cgi_ticket=" + ticket.text("returnval.id");
    const std::string address = ticket.text("returnval.hostName");
    if (!address.empty()) {
      const size_t slash = request.url.find('/', 8);
      request.url = "https://" + address + request.url.substr(slash);
    }
  }
  request.headers = {{"Cookie", cookie}, {"Content-Type", "application/octet-stream"}};
  uint64_t sent = 0;
  request.body_size = size;
  request.body_source = [&](char* buffer, size_t capacity) -> size_t {
    const ssize_t got = ::read(file.get(), buffer, capacity);
    if (got <= 0) return 0;
    sent += static_cast<uint64_t>(got);
    if (progress) progress(sent, size);
    return static_cast<size_t>(got);
  };
  request.deadline = kUploadLimit;
  request.verify_tls = !session_.options().insecure;
  const net::HttpResponse response = TRY(session_.http().send(request, cancel));
  if (response.success()) return {};
  switch (response.status) {
    case 401: return Error{ErrorCode::Denied, "the server refused the session (401)", true};
    case 403:
      return denied(fmt::format("the user {} lacks the privilege Datastore.FileManagement on {}",
                                session_.options().username, datastore_.name));
    case 404: return not_found(fmt::format("datastore {} cannot be written to", datastore_.name));
    default:
      return unavailable(fmt::format("HTTP status {} (is the datastore full?)", response.status));
  }
}

Result<void> DatastoreFiles::upload(const std::string& local, const std::string& path,
                                    const ProgressSink& progress, const CancelToken& cancel) const {
  const std::string folder = io::parent_path(path);
  if (folder != ".") TRY(make_directory(folder, cancel));
  for (int attempt = 1;; ++attempt) {
    const Result<void> done = transfer(local, path, progress, cancel);
    if (done) return {};
    const bool session_lost = done.error().code == ErrorCode::Denied && done.error().retryable;
    if (attempt == kUploadTries || !done.error().retryable) {
      return done.error().within(fmt::format("upload {} to {}", local, shown(path)));
    }
    if (!cancel.sleep(kRetryPause)) return cancelled("cancelled");
    if (session_lost) TRY(session_.login(cancel));
  }
}

Result<void> DatastoreFiles::move(const std::string& from, const std::string& to,
                                  const CancelToken& cancel) const {
  const Result<XmlNode> moved = run_task(
      session_, session_.content().file_manager, "MoveDatastoreFile_Task",
      [&](XmlWriter& out) {
        out.text("sourceName", shown(from));
        out.reference("sourceDatacenter", inventory_.datacenter());
        out.text("destinationName", shown(to));
        out.reference("destinationDatacenter", inventory_.datacenter());
        out.flag("force", true);
      },
      cancel);
  if (!moved) return moved.error();
  return {};
}

Result<void> DatastoreFiles::remove(const std::string& path, const CancelToken& cancel) const {
  const Result<XmlNode> gone = run_task(
      session_, session_.content().file_manager, "DeleteDatastoreFile_Task",
      [&](XmlWriter& out) {
        out.text("name", shown(path));
        out.reference("datacenter", inventory_.datacenter());
      },
      cancel);
  if (gone || gone.error().code == ErrorCode::NotFound) return {};
  return gone.error();
}

}  // namespace farm::builders::vsphere
