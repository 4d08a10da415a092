// SPDX-License-Identifier: Apache-2.0
//
// Runs selective_scan.cu on a processor, one block after another: the threads of a block are
// contexts that take turns, barriers and shuffles hand on to the next one. Slow, and exact about
// what the threads of a block see of one another. KERNELS names the source.

#include <setjmp.h>
#include <ucontext.h>

#include <cmath>
#include <cstring>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(x)
#define __shared__ static

struct Dim {
  unsigned x, y, z;
};
static Dim threadIdx, blockIdx, blockDim, gridDim;

namespace host {

struct Barrier {
  int arrived = 0;
  long round = 0;
};

struct Thread {
  ucontext_t start;
  jmp_buf resume;
  bool started = false, done = false;
  long shuffles = 0;
  std::vector<char> stack;
};

static std::vector<Thread> threads;
static int current;
static jmp_buf ended;
static Barrier block;
static std::vector<Barrier> warps;
static double slots[2][1024];
static void (*body)(const void *);
static const void *arguments;

static void enter(int next) {
  current = next;
  threadIdx.x = next;
  Thread &thread = threads[next];
  if (thread.started) _longjmp(thread.resume, 1);
  thread.started = true;
  setcontext(&thread.start);
}

static void hand_on() {
  const int count = int(threads.size());
  for (int i = 1; i <= count; i++) {
    const int next = (current + i) % count;
    if (!threads[next].done) enter(next);
  }
  _longjmp(ended, 1);
}

static void wait(Barrier &barrier, int members) {
  const long round = barrier.round;
  if (++barrier.arrived == members) {
    barrier.arrived = 0;
    barrier.round++;
    return;
  }
  while (barrier.round == round) {
    if (_setjmp(threads[current].resume) == 0) hand_on();
  }
}

static void run_thread() {
  body(arguments);
  threads[current].done = true;
  hand_on();
}

static void run_block(int count) {
  threads.assign(count, Thread());
  warps.assign((count + 31) / 32, Barrier());
  block = Barrier();
  for (Thread &thread : threads) {
    thread.stack.resize(1 << 16);
    getcontext(&thread.start);
    thread.start.uc_stack.ss_sp = thread.stack.data();
    thread.start.uc_stack.ss_size = thread.stack.size();
    thread.start.uc_link = nullptr;
    makecontext(&thread.start, run_thread, 0);
  }
  if (_setjmp(ended) == 0) enter(0);
}

static void run(
    int grid_x, int grid_y, int count, void (*kernel)(const void *), const void *values) {
  body = kernel;
  arguments = values;
  gridDim = {unsigned(grid_x), unsigned(grid_y), 1};
  blockDim = {unsigned(count), 1, 1};
  for (int y = 0; y < grid_y; y++) {
    for (int x = 0; x < grid_x; x++) {
      blockIdx = {unsigned(x), unsigned(y), 0};
      run_block(count);
    }
  }
}

}  // namespace host

static void __syncthreads() { host::wait(host::block, int(host::threads.size())); }

template <class T>
static T __shfl_xor_sync(unsigned, T value, int mask) {
  // two slots in turn: nobody is two shuffles ahead of the slowest
  const int me = host::current;
  double *slots = host::slots[host::threads[me].shuffles++ % 2];
  std::memcpy(&slots[me], &value, sizeof(T));
  const int count = int(host::threads.size());
  const int first = me / 32 * 32;
  host::wait(host::warps[me / 32], count - first < 32 ? count - first : 32);
  T other;
  std::memcpy(&other, &slots[me ^ mask], sizeof(T));
  return other;
}

using std::exp;
using std::log1p;

#include KERNELS

#define KERNEL(name, type)                                                              \
  if (std::strcmp(kernel, #name) == 0) {                                                \
    host::run(grid_x, grid_y, count,                                                    \
              [](const void *values) { name(*static_cast<const type *>(values)); },     \
              values);                                                                  \
    return 0;                                                                           \
  }

// 0, or 1 for an unknown kernel, or 2 for a wrong number of bytes.
extern "C" __attribute__((visibility("default"))) int launch(
    const char *kernel, int grid_x, int grid_y, int count, const void *values, int bytes) {
  const int expected = std::strcmp(kernel, "sum_slabs") == 0   ? sizeof(SlabSum)
                       : std::strcmp(kernel, "sum_parts") == 0 ? sizeof(PartSum)
                                                               : sizeof(Scan);
  if (bytes != expected) return 2;
  KERNEL(scan_forward, Scan)
  KERNEL(scan_borders, Scan)
  KERNEL(scan_forward_carry, Scan)
  KERNEL(scan_forward_link, Scan)
  KERNEL(scan_backward_carry, Scan)
  KERNEL(scan_backward_link, Scan)
  KERNEL(scan_backward, Scan)
  KERNEL(sum_slabs, SlabSum)
  KERNEL(sum_parts, PartSum)
  return 1;
}
