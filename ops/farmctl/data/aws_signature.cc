#include "ops/farmctl/data/aws_signature.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "common/template/functions/digest.h"
#include "common/template/functions/time_format.h"

namespace farm::farmctl {
namespace {

using functions::digest;
using functions::hexadecimal;

constexpr size_t kBlock = 64;  // of SHA-256

// RFC 2104; the keys here are shorter than a block or hashed to it.
std::string hmac(std::string key, std::string_view message) {
  if (key.size() > kBlock) key = digest("sha256", key);
  key.resize(kBlock, '\0');
  std::string inner = key;
  std::string outer = key;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return digest("sha256", outer + digest("sha256", inner.append(message)));
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string host_of(const std::string& url) {
  const size_t start = url.find("://") + 3;
  return url.substr(start, url.find('/', start) - start);
}

}  // namespace

void sign_for_aws(net::HttpRequest& request, const AwsIdentity& identity,
                  const std::string& service, WallTime now) {
  const functions::CivilTime time = functions::civil_time(now);
  const std::string day = fmt::format("{:04}{:02}{:02}", time.year, time.month, time.day);
  const std::string instant =
      fmt::format("{}T{:02}{:02}{:02}Z", day, time.hour, time.minute, time.second);
  request.headers.push_back({"X-Amz-Date", instant});
  if (!identity.session_token.empty()) {
    request.headers.push_back({"X-Amz-Security-Token", identity.session_token});
  }
  std::map<std::string, std::string> signed_headers{{"host", host_of(request.url)}};
  for (const net::HttpHeader& header : request.headers) {
    signed_headers[lower(header.name)] = header.value;
  }
  std::string names;
  std::string lines;
  for (const auto& [name, value] : signed_headers) {
    names += (names.empty() ? "" : ";") + name;
    lines += name + ":" + value + "\n";
  }
  const std::string canonical = request.method + "\n/\n\n" + lines + "\n" + names + "\n" +
                                hexadecimal(digest("sha256", request.body));
  const std::string scope = day + "/" + identity.region + "/" + service + "/aws4_request";
  const std::string to_sign =
      "AWS4-HMAC-SHA256\n" + instant + "\n" + scope + "\n" + hexadecimal(digest("sha256", canonical));
  std::string key = hmac("AWS4" + identity.key.reveal(), day);
  for (const std::string& part : {identity.region, service, std::string("aws4_request")}) {
    key = hmac(key, part);
  }
  request.headers.push_back(
      {"Authorization", "AWS4-HMAC-SHA256 Credential=" + identity.key_id + "/" + scope +
                            ", SignedHeaders=" + names +
                            ", Signature=" + hexadecimal(hmac(key, to_sign))});
}

}  // namespace farm::farmctl
