#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <lzma.h>
#include <vector>
#include <zstd.h>

#include "builders/steps/archive/compressor.h"

namespace farm::builders::archive {
namespace {

constexpr size_t kOut = 1U << 20;
constexpr uint32_t kXzDefault = 6;

class XzCompressor final : public Compressor {
 public:
  XzCompressor(int level, ByteOut out) : out_(std::move(out)), buffer_(kOut) {
    lzma_mt options{};
    options.threads = worker_count();
    options.preset = level < 0 ? kXzDefault : static_cast<uint32_t>(level);
    options.check = LZMA_CHECK_CRC64;
    ready_ = ::lzma_stream_encoder_mt(&stream_, &options) == LZMA_OK;
  }
  ~XzCompressor() override { ::lzma_end(&stream_); }

  Result<void> write(std::string_view bytes) override {
    stream_.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
    stream_.avail_in = bytes.size();
    while (stream_.avail_in > 0) TRY(step(LZMA_RUN));
    return {};
  }
  Result<void> finish() override {
    bool ended = false;
    while (!ended) ended = TRY(step(LZMA_FINISH));
    return {};
  }

 private:
  Result<bool> step(lzma_action action) {
    if (!ready_) return internal("xz: no encoder");
    stream_.next_out = reinterpret_cast<uint8_t*>(buffer_.data());
    stream_.avail_out = buffer_.size();
    const lzma_ret code = ::lzma_code(&stream_, action);
    if (code != LZMA_OK && code != LZMA_STREAM_END) return internal("xz: the encoder failed");
    TRY(out_({buffer_.data(), buffer_.size() - stream_.avail_out}));
    return code == LZMA_STREAM_END;
  }

  ByteOut out_;
  std::vector<char> buffer_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

struct ZstdFree {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor(int level, ByteOut out)
      : out_(std::move(out)), buffer_(kOut), context_(ZSTD_createCCtx()) {
    if (!context_) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel,
                           level < 0 ? ZSTD_CLEVEL_DEFAULT : level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    // A library without threads refuses this and works with one.
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, static_cast<int>(worker_count()));
  }

  Result<void> write(std::string_view bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) TRY(step(in, ZSTD_e_continue));
    return {};
  }
  Result<void> finish() override {
    ZSTD_inBuffer in{nullptr, 0, 0};
    size_t left = 1;
    while (left > 0) left = TRY(step(in, ZSTD_e_end));
    return {};
  }

 private:
  Result<size_t> step(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    if (!context_) return internal("zstd: no encoder");
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const size_t left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
    if (ZSTD_isError(left) != 0) return internal(std::string("zstd: ") + ZSTD_getErrorName(left));
    TRY(out_({buffer_.data(), out.pos}));
    return left;
  }

  ByteOut out_;
  std::vector<char> buffer_;
  std::unique_ptr<ZSTD_CCtx, ZstdFree> context_;
};

struct WriterFree {
  void operator()(::archive* handle) const noexcept { ::archive_write_free(handle); }
};
struct StreamEntryFree {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

// libarchive's filter around a raw stream.
class Bzip2Compressor final : public Compressor {
 public:
  Bzip2Compressor(int level, ByteOut out) : out_(std::move(out)), writer_(::archive_write_new()) {
    ::archive* writer = writer_.get();
    ready_ = writer != nullptr && ::archive_write_set_format_raw(writer) == ARCHIVE_OK &&
             ::archive_write_add_filter_bzip2(writer) >= ARCHIVE_WARN;
    if (ready_ && level > 0) {
      ready_ = ::archive_write_set_filter_option(writer, "bzip2", "compression-level",
                                                 std::to_string(level).c_str()) == ARCHIVE_OK;
    }
    if (!ready_) return;
    ::archive_write_set_bytes_in_last_block(writer, 1);
    const std::unique_ptr<archive_entry, StreamEntryFree> entry(::archive_entry_new());
    ::archive_entry_set_pathname(entry.get(), "data");
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ready_ = ::archive_write_open(writer, this, nullptr, pass_on, nullptr) == ARCHIVE_OK &&
             ::archive_write_header(writer, entry.get()) >= ARCHIVE_WARN;
  }

  Result<void> write(std::string_view bytes) override {
    if (!ready_ || ::archive_write_data(writer_.get(), bytes.data(), bytes.size()) < 0) {
      return failure();
    }
    return {};
  }
  Result<void> finish() override {
    if (!ready_ || ::archive_write_close(writer_.get()) != ARCHIVE_OK) return failure();
    return {};
  }

 private:
  static la_ssize_t pass_on(::archive*, void* self, const void* bytes, size_t size) {
    auto& compressor = *static_cast<Bzip2Compressor*>(self);
    compressor.passed_ = compressor.out_({static_cast<const char*>(bytes), size});
    return compressor.passed_ ? static_cast<la_ssize_t>(size) : -1;
  }
  Error failure() const {
    return passed_ ? internal("bzip2: the encoder failed") : passed_.error();
  }

  ByteOut out_;
  Result<void> passed_;
  std::unique_ptr<::archive, WriterFree> writer_;
  bool ready_ = false;
};

}  // namespace

std::unique_ptr<Compressor> make_stream_compressor(Algorithm algorithm, int level, ByteOut out) {
  if (algorithm == Algorithm::Xz) return std::make_unique<XzCompressor>(level, std::move(out));
  if (algorithm == Algorithm::Zstd) {
    return std::make_unique<ZstdCompressor>(level, std::move(out));
  }
  return std::make_unique<Bzip2Compressor>(level, std::move(out));
}

}  // namespace farm::builders::archive
