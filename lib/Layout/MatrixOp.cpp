// SPDX-License-Identifier: Apache-2.0
// ldmatrix and stmatrix move 8 x 8 matrices of 16 bits: 8 rows of 16 contiguous bytes. Lane 4 g + t holds bytes 4 t .. 4 t + 3 of row g, or with
// .trans column g of rows 2 t and 2 t + 1.
#include "SharedParts.h"
#include "seqc/Layout/SharedPlan.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace seqc::layout;

namespace {
constexpr int kRowBytes = 16, kWordBytes = 4;

/// Takes parts away from an address and gives them a role in the instruction.
class Matcher {
public:
  Matcher(SharedParts parts, int elemBytes) : shared(std::move(parts)), elemBytes(elemBytes) {}

  std::optional<MatrixOpPlan> match(bool trans);

private:
  bool splitLanes();
  bool takeLanes(int32_t fromDiv, int32_t toDiv, int64_t bytes);
  bool takeWordElements();
  bool takeRowPair();
  void lanesToRows(int32_t fromDiv, int32_t toDiv, int32_t newDiv);
  int takeMatrices();
  bool rowsAligned() const;
  bool takeRegister(SharedParts::List::iterator it, int32_t n, llvm::SmallVectorImpl<AddressPart> &taken);
  void listRegisters(AccessPlan &plan) const;

  SharedParts shared;
  int elemBytes;
  SharedParts::List rows;                        ///< parts by the lane's role as a row address
  llvm::SmallVector<AddressPart, 4> words, mats; ///< register digits inside a 32-bit word, and over the matrices of one instruction
};
} // namespace

/// Cuts lane parts between t (4 lanes) and g (8 lanes).
bool Matcher::splitLanes() {
  SharedParts::List out;
  for (const AddressPart &p : shared.parts) {
    int32_t below = 4 / std::max(p.div, 1);
    if (p.axis != Axis::Lane || p.div >= 4 || p.size <= below) {
      out.push_back(p);
      continue;
    }
    if (p.size % below)
      return false;
    out.push_back({p.axis, p.div, below, p.bytes});
    out.push_back({p.axis, 4, p.size / below, p.bytes * below});
  }
  shared.parts = std::move(out);
  return true;
}

/// Takes lanes [fromDiv, toDiv) if they are contiguous in memory in steps of `bytes`.
bool Matcher::takeLanes(int32_t fromDiv, int32_t toDiv, int64_t bytes) {
  for (int32_t div = fromDiv; div < toDiv;) {
    auto *it = llvm::find_if(shared.parts, [&](const AddressPart &p) { return p.axis == Axis::Lane && p.div == div; });
    if (it == shared.parts.end() || it->bytes != bytes)
      return false;
    div *= it->size;
    bytes *= it->size;
    shared.parts.erase(it);
  }
  return true;
}

/// Takes the first n values of a register part.
bool Matcher::takeRegister(SharedParts::List::iterator it, int32_t n, llvm::SmallVectorImpl<AddressPart> &taken) {
  if (it == shared.parts.end() || n < 2 || it->size % n)
    return false;
  taken.push_back({Axis::Reg, it->div, n, it->bytes});
  if (it->size == n)
    shared.parts.erase(it);
  else
    *it = {Axis::Reg, it->div * n, it->size / n, it->bytes * n};
  return true;
}

/// The elements of a 32-bit word are registers.
bool Matcher::takeWordElements() {
  for (int64_t bytes = elemBytes; bytes < kWordBytes;) {
    auto *it = llvm::find_if(shared.parts, [&](const AddressPart &p) { return p.axis == Axis::Reg && p.bytes == bytes; });
    int32_t n = it == shared.parts.end() ? 0 : std::gcd<int32_t>(it->size, kWordBytes / bytes);
    if (!takeRegister(it, n, words))
      return false;
    bytes *= n;
  }
  return true;
}

static SharedParts::List::iterator fastestEvenRegister(SharedParts::List &parts) {
  auto *best = parts.end();
  for (auto *it = parts.begin(); it != parts.end(); ++it)
    if (it->axis == Axis::Reg && it->size % 2 == 0 && (best == parts.end() || it->div < best->div))
      best = it;
  return best;
}

/// With .trans the two elements of a word lie in two rows: any register digit will do, the fastest is what matrix instructions pack.
bool Matcher::takeRowPair() {
  if (!takeRegister(fastestEvenRegister(shared.parts), 2, words))
    return false;
  rows.push_back({Axis::Lane, 1, 2, words.back().bytes});
  return true;
}

/// Lane digits from fromDiv on name rows: they become digits from newDiv on of the lane that gives the address.
void Matcher::lanesToRows(int32_t fromDiv, int32_t toDiv, int32_t newDiv) {
  for (auto *it = shared.parts.begin(); it != shared.parts.end();) {
    if (it->axis != Axis::Lane || it->div < fromDiv || it->div >= toDiv) {
      ++it;
      continue;
    }
    rows.push_back({Axis::Lane, it->div / fromDiv * newDiv, it->size, it->bytes});
    it = shared.parts.erase(it);
  }
}

/// Up to 4 matrices from the fastest register digits.
int Matcher::takeMatrices() {
  int count = 1;
  while (count < 4 && takeRegister(fastestEvenRegister(shared.parts), 2, mats)) {
    rows.push_back({Axis::Lane, 8 * count, 2, mats.back().bytes});
    count *= 2;
  }
  return count;
}

bool Matcher::rowsAligned() const {
  auto aligned = [](const AddressPart &p) { return p.bytes % kRowBytes == 0; };
  return llvm::all_of(rows, aligned) && llvm::all_of(shared.parts, aligned) && shared.offset % kRowBytes == 0 &&
         shared.maxVector(kRowBytes) == kRowBytes;
}

/// Offsets of all values of register digits, the first digit fastest.
static std::vector<int32_t> registerOffsets(llvm::ArrayRef<AddressPart> digits) {
  std::vector<int32_t> out{0};
  for (const AddressPart &p : digits) {
    size_t below = out.size();
    for (int32_t v = 1; v < p.size; ++v)
      for (size_t i = 0; i < below; ++i)
        out.push_back(out[i] + v * p.div);
  }
  return out;
}

void Matcher::listRegisters(AccessPlan &plan) const {
  llvm::SmallVector<AddressPart, 8> rest;
  llvm::copy_if(shared.parts, std::back_inserter(rest), [](const AddressPart &p) { return p.axis == Axis::Reg; });
  llvm::sort(rest, [](const AddressPart &x, const AddressPart &y) { return x.div < y.div; });
  std::vector<int32_t> inWord = registerOffsets(words), inGroup = registerOffsets(mats);
  for (int32_t group : registerOffsets(rest))
    for (int32_t matrix : inGroup)
      for (int32_t element : inWord)
        plan.regs.push_back(group + matrix + element);
  plan.vecElems = inWord.size() * inGroup.size();
  plan.vecBytes = kRowBytes;
}

std::optional<MatrixOpPlan> Matcher::match(bool trans) {
  if (!splitLanes())
    return std::nullopt;
  bool fits = trans ? elemBytes == 2 && takeLanes(4, kWarpSize, elemBytes) && takeRowPair() : takeWordElements() && takeLanes(1, 4, kWordBytes);
  if (!fits)
    return std::nullopt;
  if (trans)
    lanesToRows(1, 4, 2);
  else
    lanesToRows(4, kWarpSize, 1);
  MatrixOpPlan plan;
  plan.trans = trans;
  plan.count = takeMatrices();
  if (!rowsAligned())
    return std::nullopt;
  listRegisters(plan.access);
  shared.parts.append(rows.begin(), rows.end());
  shared.fillBase(plan.access);
  shared.fillAccesses(plan.access);
  countConflicts(plan.access, 8 * plan.count);
  return plan;
}

std::optional<MatrixOpPlan> seqc::layout::matchMatrixOp(const DigitMap &map, const MemLayout &memory, int elemBits, int64_t offsetElems) {
  std::optional<SharedParts> shared = SharedParts::get(map, memory, elemBits, offsetElems);
  if (!shared || (elemBits != 8 && elemBits != 16 && elemBits != 32))
    return std::nullopt;
  for (bool trans : {false, true})
    if (std::optional<MatrixOpPlan> plan = Matcher(*shared, elemBits / 8).match(trans))
      return plan;
  return std::nullopt;
}
