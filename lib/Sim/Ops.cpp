// SPDX-License-Identifier: Apache-2.0
#include "Ops.h"
#include "llvm/ADT/StringMap.h"

namespace seqc::sim {

static llvm::StringMap<const OpForm *> buildTable() {
  llvm::StringMap<const OpForm *> table;
  for (llvm::ArrayRef<OpForm> part :
       {specialRegisterOps(), synchronisationOps(), exchangeOps(), matrixOps(), asyncCopyOps(), mathOps(), conversionOps(), minMaxOps(), globalOps()})
    for (const OpForm &form : part) {
      bool isNew = table.try_emplace(form.name, &form).second;
      assert(isNew && "one handler for one name");
      (void)isNew;
    }
  return table;
}

const OpForm *findOp(llvm::StringRef name) {
  static const llvm::StringMap<const OpForm *> table = buildTable();
  return table.lookup(name);
}

} // namespace seqc::sim
