// SPDX-License-Identifier: Apache-2.0
// The zip structures are those of PKWARE's APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (ends).
#include "seqc/Emit/Package.h"
#include "seqc/Support/Files.h"
#include "seqc_rt/package_format.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <array>
#include <cmath>
// LLVM's SHA256 counts bytes in 32 bits: its digest is wrong from 4 GiB on.
#include <nettle/sha2.h>

using namespace llvm;

namespace seqc {

namespace {
constexpr uint32_t kMax32 = 0xFFFFFFFF;
constexpr uint16_t kMax16 = 0xFFFF;
constexpr uint16_t kPaddingId = 0xD935; // extra field id that Android's zipalign uses for the same purpose
constexpr uint16_t kZip64Id = 1;
constexpr uint16_t kVersionPlain = 10, kVersionZip64 = 45;
constexpr uint16_t kDate1980 = (0 << 9) | (1 << 5) | 1; // 1 January 1980
constexpr size_t kLocalHeaderBytes = 30, kExtraHeaderBytes = 4;

void put(std::string &out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>(value >> (8 * i)));
}

struct Digests {
  uint32_t crc = 0;
  std::string sha256; // hex
};

Digests digest(ArrayRef<StringRef> pieces) {
  Digests d;
  sha256_ctx context;
  sha256_init(&context);
  for (StringRef piece : pieces) {
    d.crc = crc32(d.crc, arrayRefFromStringRef(piece));
    sha256_update(&context, piece.size(), piece.bytes_begin());
  }
  std::array<uint8_t, SHA256_DIGEST_SIZE> bytes;
  sha256_digest(&context, bytes.size(), bytes.data());
  d.sha256 = toHex(bytes, /*LowerCase=*/true);
  return d;
}

/// A relative path of plain components, as the runtime demands.
bool isSafeName(StringRef name) {
  if (name.empty() || name.size() > 255 || llvm::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 32 || c == '\\' || c == ':'; }))
    return false;
  SmallVector<StringRef> parts;
  name.split(parts, '/');
  return llvm::none_of(parts, [](StringRef p) { return p.empty() || p == "." || p == ".."; });
}
} // namespace

json::Value packageScalar(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value > 0 ? "inf" : "-inf";
  return value;
}

// --- Zip ----------------------------------------------------------------------------------------------------------------------------

/// A member with its place in the file.
struct PackageWriter::Placed {
  StringRef name;
  ArrayRef<StringRef> pieces;
  uint64_t bytes, offset; ///< offset of the local header
  uint32_t crc;
  uint64_t wideFrom;

  bool wideSize() const { return bytes >= wideFrom; }
  bool wideOffset() const { return offset >= wideFrom; }

  std::string common(bool wide) const {
    std::string out;
    put(out, wide ? kVersionZip64 : kVersionPlain, 2);
    put(out, 0, 2); // flags
    put(out, 0, 2); // method: stored
    put(out, 0, 2); // time
    put(out, kDate1980, 2);
    put(out, crc, 4);
    put(out, wideSize() ? kMax32 : bytes, 4);
    put(out, wideSize() ? kMax32 : bytes, 4);
    put(out, name.size(), 2);
    return out;
  }

  /// Local header, padded so that the data is aligned.
  std::string localHeader() const {
    std::string extra;
    if (wideSize()) {
      put(extra, kZip64Id, 2);
      put(extra, 16, 2);
      put(extra, bytes, 8);
      put(extra, bytes, 8);
    }
    uint64_t fixed = offset + kLocalHeaderBytes + name.size() + extra.size() + kExtraHeaderBytes;
    uint64_t padding = alignTo(fixed, SEQC_PACKAGE_ALIGN) - fixed;
    put(extra, kPaddingId, 2);
    put(extra, padding, 2);
    extra.append(padding, '\0');
    std::string out;
    put(out, 0x04034b50, 4);
    out += common(wideSize());
    put(out, extra.size(), 2);
    out += name;
    return out + extra;
  }

  std::string centralHeader() const {
    std::string extra, wide;
    for (int i = 0; i < 2 && wideSize(); ++i)
      put(wide, bytes, 8);
    if (wideOffset())
      put(wide, offset, 8);
    if (!wide.empty()) {
      put(extra, kZip64Id, 2);
      put(extra, wide.size(), 2);
      extra += wide;
    }
    std::string out;
    put(out, 0x02014b50, 4);
    put(out, wide.empty() ? kVersionPlain : kVersionZip64, 2);
    out += common(!wide.empty());
    put(out, extra.size(), 2);
    put(out, 0, 2); // comment
    put(out, 0, 2); // disk
    put(out, 0, 2); // internal attributes
    put(out, 0, 4); // external attributes
    put(out, wideOffset() ? kMax32 : offset, 4);
    out += name;
    return out + extra;
  }
};

/// End of the central directory, in both forms where one number is wide.
static std::string directoryEnd(uint64_t count, uint64_t offset, uint64_t bytes, uint64_t wideFrom) {
  bool wide = offset >= wideFrom || bytes >= wideFrom;
  std::string out;
  if (wide) {
    put(out, 0x06064b50, 4);
    put(out, 44, 8); // size of the rest of this record
    put(out, kVersionZip64, 2);
    put(out, kVersionZip64, 2);
    put(out, 0, 8); // disks
    put(out, count, 8);
    put(out, count, 8);
    put(out, bytes, 8);
    put(out, offset, 8);
    put(out, 0x07064b50, 4);
    put(out, 0, 4);
    put(out, offset + bytes, 8);
    put(out, 1, 4);
  }
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, wide ? kMax16 : count, 2);
  put(out, wide ? kMax16 : count, 2);
  put(out, wide ? kMax32 : bytes, 4);
  put(out, wide ? kMax32 : offset, 4);
  put(out, 0, 2); // comment
  return out;
}

// --- Members ------------------------------------------------------------------------------------------------------------------------

PackageWriter::Member &PackageWriter::newMember(StringRef name) {
  auto [it, isNew] = members.try_emplace(name.str());
  if (!isNew && duplicate.empty())
    duplicate = name.str();
  return it->second;
}

void PackageWriter::add(StringRef member, StringRef bytes) {
  Member &m = newMember(member);
  m.owned = bytes.str();
  m.pieces = {m.owned}; // map nodes do not move
  m.bytes = bytes.size();
}

void PackageWriter::addPieces(StringRef member, std::vector<StringRef> pieces) {
  Member &m = newMember(member);
  m.pieces = std::move(pieces);
  m.bytes = 0;
  for (StringRef piece : m.pieces)
    m.bytes += piece.size();
}

Error PackageWriter::addSafetensors(StringRef member, ArrayRef<SafetensorsTensor> tensors) {
  Expected<SafetensorsImage> image = layoutSafetensors(tensors);
  if (!image)
    return createStringError(member + ": " + toString(image.takeError()));
  Member &m = newMember(member);
  m.owned = std::move(image->header);
  m.pieces = {m.owned};
  m.pieces.insert(m.pieces.end(), image->pieces.begin(), image->pieces.end());
  m.bytes = 0;
  for (StringRef piece : m.pieces)
    m.bytes += piece.size();
  return Error::success();
}

Error PackageWriter::check() const {
  if (!duplicate.empty())
    return createStringError("member '" + duplicate + "': expects to be added once");
  if (members.size() + 1 > SEQC_PACKAGE_MAX_MEMBERS)
    return createStringError("expects at most " + Twine(SEQC_PACKAGE_MAX_MEMBERS) + " members, but got " + Twine(members.size() + 1));
  for (const auto &[name, member] : members)
    if (!isSafeName(name) || name == SEQC_PACKAGE_MANIFEST)
      return createStringError("member '" + name + "': expects a relative path other than " SEQC_PACKAGE_MANIFEST);
  return Error::success();
}

// --- Writing ------------------------------------------------------------------------------------------------------------------------

Error PackageWriter::write(StringRef path, json::Object manifest) {
  if (Error e = check())
    return createStringError(path + ": " + toString(std::move(e)));
  json::Object files;
  std::map<std::string, uint32_t> crcs;
  for (const auto &[name, member] : members) {
    Digests d = digest(member.pieces);
    crcs[name] = d.crc;
    files[name] = json::Object{{"bytes", member.bytes}, {"sha256", d.sha256}};
  }
  manifest["files"] = std::move(files);
  std::string text;
  raw_string_ostream(text) << formatv("{0:2}", json::Value(std::move(manifest))) << "\n"; // keys come out sorted
  if (text.size() > SEQC_PACKAGE_MAX_JSON_BYTES)
    return createStringError(path + ": expects a manifest of at most " + Twine(SEQC_PACKAGE_MAX_JSON_BYTES) + " bytes, but got " + Twine(text.size()));

  std::vector<StringRef> manifestPieces{text};
  std::vector<Placed> placed;
  for (const auto &[name, member] : members)
    placed.push_back({name, member.pieces, member.bytes, 0, crcs[name], wideFrom});
  Placed manifestMember{SEQC_PACKAGE_MANIFEST, manifestPieces, text.size(), 0, digest(manifestPieces).crc, wideFrom};
  placed.insert(llvm::partition_point(placed, [](const Placed &p) { return p.name < SEQC_PACKAGE_MANIFEST; }), manifestMember);

  return writeAtomically(path, [&](raw_ostream &out) {
    std::string central;
    uint64_t offset = 0;
    for (Placed &p : placed) {
      p.offset = offset;
      std::string header = p.localHeader();
      out << header;
      for (StringRef piece : p.pieces)
        out << piece;
      offset += header.size() + p.bytes;
      central += p.centralHeader();
    }
    out << central << directoryEnd(placed.size(), offset, central.size(), wideFrom);
  });
}

} // namespace seqc
