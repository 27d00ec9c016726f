#include <algorithm>
#include <lz4frame.h>
#include <vector>
#include <zlib.h>

#include "builders/steps/archive/compressor.h"
#include "builders/steps/archive/deflate_stream.h"

namespace farm::builders::archive {
namespace {

void put_number(std::string& out, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor(int level, ByteOut out) : out_(out), body_(level, std::move(out)) {}

  Result<void> write(std::string_view bytes) override {
    TRY(begin());
    return body_.write(bytes);
  }
  Result<void> finish() override {
    TRY(begin());
    TRY(body_.finish());
    std::string trailer;
    put_number(trailer, body_.checksum(), 4);
    put_number(trailer, body_.size() & 0xffffffff, 4);
    return out_(trailer);
  }

 private:
  // No name and no time (RFC 1952): the same input gives the same file.
  Result<void> begin() {
    if (begun_) return {};
    begun_ = true;
    return out_({"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10});
  }
  ByteOut out_;
  DeflateStream body_;
  bool begun_ = false;
};

// BGZF: gzip members of at most 64 KiB input, each with its own size in an extra field, then an
// empty member (SAM/BAM format specification, section 4.1).
Result<void> append_bgzf(std::string& out, std::string_view piece, int level) {
  const uLong bound = ::compressBound(static_cast<uLong>(piece.size())) + 64;
  std::string body(bound, '\0');
  z_stream stream{};
  if (::deflateInit2(&stream, level < 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, -MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    return internal("deflateInit2 failed");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  const int status = ::deflate(&stream, Z_FINISH);
  body.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (status != Z_STREAM_END) return internal("deflate failed");
  out.append("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
  put_number(out, body.size() + 25, 2);  // whole block size less one
  out += body;
  put_number(
      out,
      ::crc32(0, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size())), 4);
  put_number(out, piece.size(), 4);
  return {};
}

constexpr size_t kBgzfBlock = 0xff00;

Result<std::string> bgzf_blocks(const std::string& piece, int level) {
  std::string out;
  for (size_t at = 0; at < piece.size(); at += kBgzfBlock) {
    TRY(append_bgzf(out, std::string_view(piece).substr(at, kBgzfBlock), level));
  }
  return out;
}

// A frame of its own for each piece: frames may follow each other.
Result<std::string> lz4_frame(const std::string& piece, int level) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.contentSize = piece.size();
  preferences.compressionLevel = std::max(level, 0);
  std::string out(LZ4F_compressFrameBound(piece.size(), &preferences), '\0');
  const size_t size =
      LZ4F_compressFrame(out.data(), out.size(), piece.data(), piece.size(), &preferences);
  if (LZ4F_isError(size) != 0) return internal(LZ4F_getErrorName(size));
  out.resize(size);
  return out;
}

/// Pieces of one size, each made into something that can follow the one before.
class PieceCompressor final : public Compressor {
 public:
  using Make = Result<std::string> (*)(const std::string& piece, int level);
  PieceCompressor(size_t piece_size, Make make, int level, ByteOut out)
      : piece_size_(piece_size), make_(make), level_(level), work_(std::move(out)) {}

  Result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, piece_size_ - piece_.size());
      piece_.append(part);
      bytes.remove_prefix(part.size());
      if (piece_.size() == piece_size_) TRY(send());
    }
    return {};
  }
  Result<void> finish() override {
    if (!piece_.empty() || (!sent_ && make_ == lz4_frame)) TRY(send());
    if (make_ == bgzf_blocks) {
      const auto end_marker = [level = level_]() -> Result<std::string> {
        std::string end;
        TRY(append_bgzf(end, {}, level));
        return end;
      };
      TRY(work_.add(end_marker));
    }
    return work_.drain();
  }

 private:
  Result<void> send() {
    sent_ = true;
    std::string piece = std::move(piece_);
    piece_.clear();
    piece_.reserve(piece_size_);
    return work_.add(
        [piece = std::move(piece), make = make_, level = level_] { return make(piece, level); });
  }

  size_t piece_size_;
  Make make_;
  int level_;
  OrderedWork work_;
  std::string piece_;
  bool sent_ = false;
};

class PlainCopy final : public Compressor {
 public:
  explicit PlainCopy(ByteOut out) : out_(std::move(out)) {}
  Result<void> write(std::string_view bytes) override { return out_(bytes); }
  Result<void> finish() override { return {}; }

 private:
  ByteOut out_;
};

}  // namespace

std::unique_ptr<Compressor> make_block_compressor(Algorithm algorithm, int level, ByteOut out) {
  if (algorithm == Algorithm::Gzip) {
    return std::make_unique<GzipCompressor>(level, std::move(out));
  }
  if (algorithm == Algorithm::Bgzf) {
    return std::make_unique<PieceCompressor>(16 * kBgzfBlock, bgzf_blocks, level, std::move(out));
  }
  return std::make_unique<PieceCompressor>(4U << 20, lz4_frame, level, std::move(out));
}

std::unique_ptr<Compressor> make_compressor(Algorithm algorithm, int level, ByteOut out) {
  switch (algorithm) {
    case Algorithm::None:
      return std::make_unique<PlainCopy>(std::move(out));
    case Algorithm::Gzip:
    case Algorithm::Bgzf:
    case Algorithm::Lz4:
      return make_block_compressor(algorithm, level, std::move(out));
    case Algorithm::Xz:
    case Algorithm::Zstd:
    case Algorithm::Bzip2:
      break;
  }
  return make_stream_compressor(algorithm, level, std::move(out));
}

}  // namespace farm::builders::archive
