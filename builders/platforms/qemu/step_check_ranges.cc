#include "builders/platforms/qemu/step_check_ranges.h"

#include <fmt/format.h>

#include "common/net/http/client.h"

namespace farm::builders::platform_qemu {

Result<void> CheckRanges::run(BuildContext& context) {
  net::HttpClient client;
  Error last = invalid_input("no iso_url");
  for (const std::string& url : config_->iso.urls) {
    if (const std::string path = steps::local_path_of(url); !path.empty()) {
      vm_->iso = path;
      return {};
    }
    net::HttpRequest request;
    request.method = "HEAD";
    request.url = url;
    const Result<net::HttpResponse> answer = client.send(request, context.cancel);
    if (!answer) {
      last = answer.error().within(url);
      if (last.code == ErrorCode::Cancelled) return last;
      continue;
    }
    const std::string* ranges = answer->header("Accept-Ranges");
    if (answer->success() && ranges != nullptr && *ranges == "bytes") {
      context.ui.say("Using " + url + " without a copy of it");
      vm_->iso = url;
      return {};
    }
    last = unavailable(fmt::format("{}: HTTP status {}{}", url, answer->status,
                                   answer->success() ? ", but no byte ranges" : ""));
  }
  return last.within("iso_skip_cache");
}

}  // namespace farm::builders::platform_qemu
