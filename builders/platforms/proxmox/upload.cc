// The upload call: multipart/form-data, streamed from the file with its length known beforehand.
#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/platforms/proxmox/api_error.h"
#include "builders/platforms/proxmox/client.h"
#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::platform_proxmox {
namespace {

// No file holds it by accident: 128 random bits would not be more certain than this text is.
constexpr const char* kBoundary = "----farm-iso-upload-7MA4YWxkTrZu0gW";

std::string head_of(const std::string& name) {
  // The server wants the fields before the file.
  return fmt::format(
      "--{0}\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\niso\r\n"
      "--{0}\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"{1}\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n",
      kBoundary, name);
}

std::string tail_of() { return fmt::format("\r\n--{}--\r\n", kBoundary); }

// Head, file and tail one after another.
class Body {
 public:
  Body(std::string head, io::Fd file, uint64_t file_size, std::string tail)
      : head_(std::move(head)), tail_(std::move(tail)), file_(std::move(file)),
        file_left_(file_size), size_(head_.size() + file_size + tail_.size()) {}

  uint64_t size() const { return size_; }
  uint64_t done() const { return done_; }

  size_t fill(char* buffer, size_t capacity) {
    size_t got = take(head_, buffer, capacity);
    if (got == 0 && file_left_ > 0) {
      const size_t want = std::min<uint64_t>(capacity, file_left_);
      got = io::read_some(file_.get(), buffer, want).value_or(0);
      file_left_ -= got;
      if (got == 0) return 0;  // the file shrank: the length does not fit and the server refuses
    }
    if (got == 0) got = take(tail_, buffer, capacity);
    done_ += got;
    return got;
  }

 private:
  static size_t take(std::string& text, char* buffer, size_t capacity) {
    const size_t count = std::min(text.size(), capacity);
    std::memcpy(buffer, text.data(), count);
    text.erase(0, count);
    return count;
  }

  std::string head_;
  std::string tail_;
  io::Fd file_;
  uint64_t file_left_;
  uint64_t size_;
  uint64_t done_ = 0;
};

}  // namespace

Result<void> Client::upload_iso(const std::string& node, const std::string& storage,
                                const std::string& local, const std::string& name,
                                const CancelToken& cancel) {
  const std::string path = "/nodes/" + node + "/storage/" + storage + "/upload";
  const uint64_t size = TRY(io::file_size(local));
  io::Fd file = TRY(io::open_file(local, O_RDONLY));
  Body body(head_of(name), std::move(file), size, tail_of());
  net::HttpRequest upload = request("POST", path);
  upload.headers = {
      {"Content-Type", std::string("multipart/form-data; boundary=") + kBoundary}};
  upload.body_size = body.size();
  upload.body_source = [&](char* buffer, size_t capacity) {
    const size_t got = body.fill(buffer, capacity);
    ui_.progress(name, body.done(), body.size());
    return got;
  };
  upload.deadline = std::chrono::hours(24);
  upload.stall_timeout = std::chrono::minutes(5);  // the server copies the file at the end
  const Result<net::HttpResponse> response = send(std::move(upload), cancel);
  if (!response) return response.error().within("upload of " + name);
  if (!response->success()) return api_error("POST", path, access_.username, *response);
  const Json answer = Json::parse(response->body, nullptr, false);
  const auto data = answer.is_object() ? answer.find("data") : answer.end();
  return wait(data == answer.end() ? Json() : *data, cancel);
}

}  // namespace farm::builders::platform_proxmox
