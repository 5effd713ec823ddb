// SPDX-License-Identifier: Apache-2.0
#include "Table.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Regex.h"
#include <map>

using namespace llvm;

namespace seqc::cases {

size_t printFailures(raw_ostream &os, const std::vector<Outcome> &outcomes, StringRef flags) {
  size_t failures = 0;
  for (const Outcome &o : outcomes) {
    if (o.ok)
      continue;
    ++failures;
    os << "FAILED " << o.c->name << " at " << name(o.level) << ": " << o.problem << "\n  rerun: seqc-cases --case='^" << Regex::escape(o.c->name) << "$' --levels=" << name(o.level)
       << flags << "\n";
  }
  return failures;
}

namespace {
struct Row {
  size_t passed = 0, all = 0;
  double used = 0, seconds = 0;
};
} // namespace

void printTable(raw_ostream &os, const std::vector<Outcome> &outcomes) {
  MapVector<StringRef, int> ops;
  std::map<std::tuple<std::string, interp::DType, Level>, Row> rows;
  Row total;
  for (const Outcome &o : outcomes) {
    ops.insert({o.c->op, 0});
    Row &row = rows[{o.c->op, o.c->dtype, o.level}];
    for (Row *r : {&row, &total}) {
      r->passed += o.ok;
      ++r->all;
      r->used = std::max(r->used, o.used);
      r->seconds += o.seconds;
    }
  }
  os << format("%-18s %-5s %-5s %13s %22s %9s\n", "op", "dtype", "level", "passed", "error of tolerance", "seconds");
  auto print = [&](StringRef op, StringRef dtype, StringRef level, const Row &r) {
    std::string count = std::to_string(r.passed) + "/" + std::to_string(r.all);
    os << format("%-18s %-5s %-5s %13s %20.0f %% %9.2f\n", op.str().c_str(), dtype.str().c_str(), level.str().c_str(), count.c_str(), 100 * r.used, r.seconds);
  };
  for (const auto &[op, unused] : ops)
    for (const auto &[key, row] : rows)
      if (std::get<0>(key) == op)
        print(op, interp::name(std::get<1>(key)), name(std::get<2>(key)), row);
  print("all", "", "", total);
}

} // namespace seqc::cases
