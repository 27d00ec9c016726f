#include "builders/steps/checksum_file.h"

#include <fmt/format.h>

#include "builders/steps/iso_options.h"
#include "common/io/files.h"
#include "common/net/http/client.h"

namespace farm::builders::steps {
namespace {

constexpr size_t kLargest = 16U << 20;

Result<std::string> fetch(const std::string& url, const CancelToken& cancel) {
  net::HttpClient client;
  net::HttpRequest request;
  request.url = url;
  request.netrc = true;
  request.max_body_bytes = kLargest;
  net::HttpResponse response = TRY(client.send(request, cancel));
  if (!response.success()) {
    return unavailable(fmt::format("{}: HTTP status {}", url, response.status));
  }
  return std::move(response.body);
}

}  // namespace

Result<Checksum> resolve_checksum(const std::string& text, const std::string& url,
                                  const std::function<std::string(const std::string&)>& absolute,
                                  const CancelToken& cancel) {
  const Checksum checksum = TRY(parse_checksum(text));
  if (checksum.form != Checksum::Form::File) return checksum;
  const std::string path = local_path_of(checksum.file);
  const Result<std::string> sums =
      path.empty() ? fetch(checksum.file, cancel) : io::read_file(absolute(path), kLargest);
  if (!sums) return sums.error().within("checksum file " + checksum.file);
  return find_checksum(*sums, url_file_name(url));
}

}  // namespace farm::builders::steps
