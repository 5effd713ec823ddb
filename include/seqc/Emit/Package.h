// SPDX-License-Identifier: Apache-2.0
// Writes .seqc packages (docs/spec/package.md): a stored zip with sorted members, 64-byte aligned data and fixed dates. Equal members and
// manifest give equal bytes.
#ifndef SEQC_EMIT_PACKAGE_H
#define SEQC_EMIT_PACKAGE_H

#include "seqc/Emit/Safetensors.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace seqc {

/// A scalar argument ({"value": x}) of a launch: non-finite numbers become the strings "inf", "-inf", "nan".
llvm::json::Value packageScalar(double value);

class PackageWriter {
public:
  /// Sizes and offsets from `wideFrom` on are written as zip64. Tests lower it.
  explicit PackageWriter(uint64_t wideFrom = 0xFFFFFFFF) : wideFrom(wideFrom) {}
  PackageWriter(const PackageWriter &) = delete;

  /// Adds a member with a copy of `bytes`. Names are relative paths; a name that is added twice, "seqc.json", or a path with "..", is an
  /// error of write().
  void add(llvm::StringRef member, llvm::StringRef bytes);
  /// The same without a copy: the pieces are written one after the other and must live until write().
  void addPieces(llvm::StringRef member, std::vector<llvm::StringRef> pieces);
  /// Adds a safetensors file; the tensors' data must live until write().
  llvm::Error addSafetensors(llvm::StringRef member, llvm::ArrayRef<SafetensorsTensor> tensors);

  /// Writes the package. `manifest` is everything of seqc.json but "files", which is added here with sizes and SHA-256 digests. The file
  /// appears whole or not at all: it is written beside `path` and renamed. On an error (a full disk, say) nothing is left behind and an
  /// older file at `path` is kept.
  llvm::Error write(llvm::StringRef path, llvm::json::Object manifest);

private:
  struct Member {
    std::string owned;
    std::vector<llvm::StringRef> pieces;
    uint64_t bytes = 0;
  };
  struct Placed;
  Member &newMember(llvm::StringRef name);
  llvm::Error check() const;

  uint64_t wideFrom;
  std::map<std::string, Member> members;
  std::string duplicate; ///< first name that was added twice
};

} // namespace seqc

#endif // SEQC_EMIT_PACKAGE_H
