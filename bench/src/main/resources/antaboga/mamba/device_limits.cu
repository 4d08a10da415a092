// SPDX-License-Identifier: Apache-2.0
//
// What a device can do at best: copy memory, and take exponentials.

struct Limit {
  long long size;  // floats; a multiple of 4
  const float4 *from;
  float4 *to;
};

extern "C" __global__ void copy(const Limit s) {
  const long long step = (long long)gridDim.x * blockDim.x;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < s.size / 4; i += step) {
    s.to[i] = s.from[i];
  }
}

__device__ __forceinline__ float power_of_two(float x) {
  float y;
  asm volatile("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// Sixteen exponentials for each float of size; they stay in registers.
extern "C" __global__ void exponentials(const Limit s) {
  const long long step = (long long)gridDim.x * blockDim.x;
  float sum = 0;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < s.size; i += step) {
    const float x = -1e-9f * float(i);
#pragma unroll
    for (int n = 0; n < 16; n++) sum += power_of_two(x * n);
  }
  if (sum == 12345) s.to[0].x = sum;
}
