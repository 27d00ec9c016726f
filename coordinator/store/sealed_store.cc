#include "coordinator/store/sealed_store.h"

#include <algorithm>

#include "coordinator/store/keys.h"

namespace farm::coordinator {
namespace {

bool is_secret(std::string_view key) {
  // A job's spec has the values of the template; a build's record says which of them to redact.
  static const std::string kSpecs = keys::prefix(keys::Table::Spec);
  static const std::string kBuilds = keys::prefix(keys::Table::Build);
  return key.starts_with(kSpecs) || key.starts_with(kBuilds);
}

}  // namespace

Result<void> SealedStore::apply(const Batch& batch) {
  const auto secret = [](const Batch::Put& put) { return is_secret(put.key); };
  if (std::none_of(batch.puts.begin(), batch.puts.end(), secret)) return store_.apply(batch);
  Batch sealed = batch;
  for (Batch::Put& put : sealed.puts) {
    if (secret(put)) put.value = key_.seal(put.value, put.key);
  }
  return store_.apply(sealed);
}

Result<std::string> SealedStore::opened(std::string_view key, std::string_view value) const {
  if (!is_secret(key) || !seal::SealKey::is_sealed(value)) return std::string(value);
  return key_.open(value, key);
}

Result<std::optional<std::string>> SealedStore::get(std::string_view key) {
  const std::optional<std::string> value = TRY(store_.get(key));
  if (!value) return std::optional<std::string>();
  std::string plain = TRY(opened(key, *value));
  return std::optional<std::string>(std::move(plain));
}

Result<void> SealedStore::scan(std::string_view prefix, const RecordVisitor& visit) {
  return store_.scan(prefix, [&](std::string_view key, std::string_view value) -> Result<void> {
    if (!is_secret(key)) return visit(key, value);
    const std::string plain = TRY(opened(key, value));
    return visit(key, plain);
  });
}

}  // namespace farm::coordinator
