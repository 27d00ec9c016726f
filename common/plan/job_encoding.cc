// encode_job/decode_job: a tagged binary form. Layout: version byte, then the fields of JobSpec in
// order; numbers are LEB128, strings and values are a length and bytes, lists a count and items.

#include <limits>

#include "common/plan/plan.h"

namespace farm::plan {
namespace {

constexpr uint8_t kVersion = 1;

class Writer {
 public:
  void number(uint64_t n) {
    while (n >= 0x80) {
      bytes_.push_back(static_cast<char>((n & 0x7F) | 0x80));
      n >>= 7;
    }
    bytes_.push_back(static_cast<char>(n));
  }
  void signed_number(int64_t n) {
    number((static_cast<uint64_t>(n) << 1) ^ static_cast<uint64_t>(n >> 63));
  }
  void flag(bool b) { bytes_.push_back(b ? '\1' : '\0'); }
  void text(std::string_view s) {
    number(s.size());
    bytes_.append(s);
  }
  void value(const value::Value& v) { text(value::encode(v)); }
  void position(const SourcePosition& p) {
    number(p.byte);
    number(p.line);
    number(p.column);
  }
  void range(const SourceRange& r) {
    text(r.file);
    position(r.start);
    position(r.end);
  }
  void component(const ComponentSpec& spec) {
    text(spec.type);
    text(spec.name);
    value(spec.config);
    range(spec.declared);
    flag(spec.late.has_value());
    if (!spec.late) return;
    flag(spec.late->json);
    text(spec.late->text);
    range(spec.late->range);
    value(spec.late->scope);
  }
  void provisioner(const ProvisionerSpec& spec) {
    component(spec.component);
    signed_number(spec.pause_before.count());
    signed_number(spec.timeout.count());
    signed_number(spec.max_retries);
    flag(spec.continue_on_error);
  }
  void post_processor(const PostProcessorSpec& spec) {
    component(spec.component);
    flag(spec.keep_input_artifact.has_value());
    flag(spec.keep_input_artifact.value_or(false));
  }
  void inputs(const RenderInputs& in) {
    number(in.user_variables.size());
    for (const auto& [name, v] : in.user_variables) {
      text(name);
      text(v);
    }
    text(in.build_name);
    text(in.build_type);
    text(in.template_dir);
    text(in.working_directory);
    text(in.core_version);
    signed_number(in.start.nanos);
    flag(in.hcl2);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads past the end yield zeros and set the failure; the caller checks once.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

  uint8_t byte() {
    if (rest_.empty()) {
      good_ = false;
      return 0;
    }
    const uint8_t b = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return b;
  }
  uint64_t number() {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t b = byte();
      n |= static_cast<uint64_t>(b & 0x7F) << shift;
      if ((b & 0x80) == 0) return n;
    }
    good_ = false;
    return 0;
  }
  int64_t signed_number() {
    const uint64_t n = number();
    return static_cast<int64_t>((n >> 1) ^ (~(n & 1) + 1));
  }
  uint32_t small() {
    const uint64_t n = number();
    if (n > std::numeric_limits<uint32_t>::max()) good_ = false;
    return static_cast<uint32_t>(n);
  }
  bool flag() {
    const uint8_t b = byte();
    if (b > 1) good_ = false;
    return b == 1;
  }
  std::string text() {
    const uint64_t size = number();
    if (size > rest_.size()) {
      good_ = false;
      return {};
    }
    std::string s(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return s;
  }
  value::Value value() {
    const std::string bytes = text();
    if (!good_) return {};
    Result<value::Value> v = value::decode(bytes);
    if (v) return std::move(v).value();
    good_ = false;
    return {};
  }
  /// A count of items that each take at least one byte.
  uint64_t count() {
    const uint64_t n = number();
    if (n <= rest_.size()) return n;
    good_ = false;
    return 0;
  }
  SourcePosition position() {
    SourcePosition p;
    p.byte = small();
    p.line = small();
    p.column = small();
    return p;
  }
  SourceRange range() {
    SourceRange r;
    r.file = text();
    r.start = position();
    r.end = position();
    return r;
  }
  ComponentSpec component() {
    ComponentSpec spec;
    spec.type = text();
    spec.name = text();
    spec.config = value();
    spec.declared = range();
    if (flag()) {
      LateBody late;
      late.json = flag();
      late.text = text();
      late.range = range();
      late.scope = value();
      spec.late = std::move(late);
    }
    return spec;
  }
  ProvisionerSpec provisioner() {
    ProvisionerSpec spec;
    spec.component = component();
    spec.pause_before = Duration(signed_number());
    spec.timeout = Duration(signed_number());
    const int64_t retries = signed_number();
    if (retries < 0 || retries > std::numeric_limits<int>::max()) good_ = false;
    spec.max_retries = good_ ? static_cast<int>(retries) : 0;
    spec.continue_on_error = flag();
    return spec;
  }
  PostProcessorSpec post_processor() {
    PostProcessorSpec spec;
    spec.component = component();
    const bool given = flag();
    const bool keep = flag();
    if (given) spec.keep_input_artifact = keep;
    return spec;
  }
  RenderInputs inputs() {
    RenderInputs in;
    for (uint64_t n = count(); n > 0 && good_; --n) {
      std::string name = text();
      in.user_variables.insert_or_assign(std::move(name), text());
    }
    in.build_name = text();
    in.build_type = text();
    in.template_dir = text();
    in.working_directory = text();
    in.core_version = text();
    in.start.nanos = signed_number();
    in.hcl2 = flag();
    return in;
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string encode_job(const JobSpec& job) {
  Writer out;
  out.number(kVersion);
  out.text(job.display_name);
  out.text(job.filter_name);
  out.component(job.builder);
  out.number(job.provisioners.size());
  for (const ProvisionerSpec& spec : job.provisioners) out.provisioner(spec);
  out.flag(job.error_cleanup.has_value());
  if (job.error_cleanup) out.provisioner(*job.error_cleanup);
  out.number(job.post_processors.size());
  for (const auto& sequence : job.post_processors) {
    out.number(sequence.size());
    for (const PostProcessorSpec& spec : sequence) out.post_processor(spec);
  }
  out.inputs(job.render);
  out.text(job.input_key);
  return out.take();
}

Result<JobSpec> decode_job(std::string_view bytes) {
  Reader in(bytes);
  if (in.byte() != kVersion) return corrupt("job: unknown version");
  JobSpec job;
  job.display_name = in.text();
  job.filter_name = in.text();
  job.builder = in.component();
  for (uint64_t n = in.count(); n > 0 && in.good(); --n) {
    job.provisioners.push_back(in.provisioner());
  }
  if (in.flag()) job.error_cleanup = in.provisioner();
  for (uint64_t n = in.count(); n > 0 && in.good(); --n) {
    std::vector<PostProcessorSpec>& sequence = job.post_processors.emplace_back();
    for (uint64_t m = in.count(); m > 0 && in.good(); --m) {
      sequence.push_back(in.post_processor());
    }
  }
  job.render = in.inputs();
  job.input_key = in.text();
  if (!in.good() || !in.at_end()) return corrupt("job: not a whole encoding");
  return job;
}

}  // namespace farm::plan
