// SPDX-License-Identifier: Apache-2.0
#include "Fiber.h"
#include "llvm/Support/ErrorHandling.h"
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(__x86_64__) && !defined(__aarch64__)
#include <ucontext.h>
#define SEQC_SIM_UCONTEXT
#endif

namespace seqc::sim {

StackPool::StackPool(unsigned count) : guardBytes(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
  total = count * (stackBytes + guardBytes);
  void *p = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    llvm::report_fatal_error("no memory for the stacks of the functional model");
  memory = static_cast<char *>(p);
  for (unsigned i = 0; i < count; ++i)
    mprotect(low(i) - guardBytes, guardBytes, PROT_NONE);
}

StackPool::~StackPool() { munmap(memory, total); }

static thread_local Fiber *starting; // the fiber that enter() belongs to

#ifdef SEQC_SIM_UCONTEXT

struct Fiber::Context {
  ucontext_t owner, self;
};

void Fiber::start(char *low, Main m, void *a) {
  main = m, argument = a, isEnded = false;
  getcontext(&context->self);
  context->self.uc_stack.ss_sp = low;
  context->self.uc_stack.ss_size = StackPool::stackBytes;
  context->self.uc_link = nullptr;
  makecontext(&context->self, &Fiber::enter, 0);
}

void Fiber::resume() {
  starting = this;
  swapcontext(&context->owner, &context->self);
}

void Fiber::suspend() { swapcontext(&context->self, &context->owner); }

#else

// void seqc_sim_switch(void **save, void *load): pushes the registers that a call preserves, stores the stack pointer in *save, goes on at
// the stack pointer `load`.
#ifdef __x86_64__
asm(R"(
.text
.p2align 4
.globl seqc_sim_switch
.hidden seqc_sim_switch
.type seqc_sim_switch,@function
seqc_sim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  retq
.size seqc_sim_switch, .-seqc_sim_switch
)");
static constexpr unsigned frameWords = 8, returnWord = 6;
#else
asm(R"(
.text
.p2align 4
.globl seqc_sim_switch
.hidden seqc_sim_switch
.type seqc_sim_switch,%function
seqc_sim_switch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size seqc_sim_switch, .-seqc_sim_switch
)");
static constexpr unsigned frameWords = 20, returnWord = 11;
#endif

extern "C" void seqc_sim_switch(void **save, void *load);

struct Fiber::Context {
  void *owner = nullptr, *self = nullptr;
};

void Fiber::start(char *low, Main m, void *a) {
  main = m, argument = a, isEnded = false;
  auto *top = reinterpret_cast<uint64_t *>(low + StackPool::stackBytes); // 16-byte aligned
  uint64_t *frame = top - frameWords;
  std::fill(frame, top, 0);
  frame[returnWord] = reinterpret_cast<uint64_t>(&Fiber::enter);
  context->self = frame;
}

void Fiber::resume() {
  starting = this;
  seqc_sim_switch(&context->owner, context->self);
}

void Fiber::suspend() { seqc_sim_switch(&context->self, context->owner); }

#endif

Fiber::Fiber() : context(std::make_unique<Context>()) {}
Fiber::~Fiber() = default;

void Fiber::enter() {
  Fiber *self = starting;
  self->main(self->argument);
  self->isEnded = true;
  self->suspend();
  llvm_unreachable("a fiber that ended was resumed");
}

} // namespace seqc::sim
