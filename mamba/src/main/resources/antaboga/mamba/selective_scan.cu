// SPDX-License-Identifier: Apache-2.0
//
// The selective scan of Gu and Dao (2023) and its gradients; CudaScan launches it.
//
// A block owns CHANNELS neighbouring channels of one batch and group, and one chunk of the time
// axis. Its threads are channels times state groups of PER_THREAD states, channels fastest, so
// that the channels of a state group are neighbouring lanes. Time goes in tiles of STEPS steps:
// all threads load a tile and prepare delta' = softplus(delta + bias) and x = delta' u in shared
// memory, each thread carries its states through the tile in registers, and sums over the states
// are finished by shuffles and by one more pass over the tile.
//
// Where the time axis is cut into chunks, three launches follow one another: every chunk from a
// state of zero (..._carry), the chunks' states one after another (..._link: over a chunk the
// state decays by exp(A sum delta')), and the chunks from their true states. A backward pass
// needs the state before each tile: scan_forward writes them, or scan_borders alone does.
//
// There are no atomics and every sum has a fixed order, so results repeat bit for bit.
//
// Given by the compiler's options: REAL (float or double), STATES, PER_THREAD, CHANNELS (8, 16 or
// 32), STEPS (4, 8 or 16), RANK (factors of delta, or 0), SOFTPLUS, GATE, CONST_B, CONST_C,
// TIME_FAST (whether time is the fastest axis of u, else channels).

constexpr int LANES = 32;
constexpr int GROUPS_PER_WARP = LANES / CHANNELS;
constexpr int NEEDED = (STATES + PER_THREAD - 1) / PER_THREAD;
constexpr int STATE_GROUPS =
    (NEEDED + GROUPS_PER_WARP - 1) / GROUPS_PER_WARP * GROUPS_PER_WARP;
constexpr int PADDED = STATE_GROUPS * PER_THREAD;  // states, with those that only fill up
constexpr int THREADS = STATE_GROUPS * CHANNELS;
constexpr int WARPS = THREADS / LANES;
constexpr int CELLS = STEPS * CHANNELS;  // of a tile
constexpr int FACTORS = RANK > 0 ? RANK : 1;

__host__ __device__ constexpr int per_thread(int count) { return (count + THREADS - 1) / THREADS; }

constexpr int OWN = per_thread(CELLS);  // cells of a tile that a thread loads and stores
constexpr int OWN_WEIGHTS = per_thread(STEPS * PADDED);
constexpr int OWN_FACTORS = per_thread(STEPS * FACTORS);
constexpr int OWN_COLUMNS = per_thread(CHANNELS * FACTORS);

typedef long long Index;

// Where an element stands in a dense array; `share` groups of the scan see one of the array.
struct Strides {
  Index offset, batch, group, share, channel, state, time;
};

// Everything a launch needs, all of eight bytes; CudaScan lays it out in the same order.
struct Scan {
  Strides u, delta, b, c, y;
  Index batches, groups, channels, length, slabs, chunks, tiles_per_chunk, packed;
  const REAL *u_in, *delta_in, *weight, *a, *b_in, *c_in, *d, *z, *bias, *initial;
  const int *orders;
  REAL *y_out, *last, *borders, *carry, *decay;
  const REAL *dy, *d_last;
  REAL *du, *ddelta, *dz, *d_initial, *back_carry;
  REAL *da, *dd, *dbias, *dcolumn_b, *dcolumn_c, *dweight, *db, *dc, *dfactors;
};

struct Pair {
  REAL delta, x;
};

struct alignas(sizeof(REAL) * PER_THREAD >= 8 ? 16 : 8) Weights {
  REAL b[PER_THREAD], c[PER_THREAD];
};

struct Shared {
  Pair dx[STEPS][CHANNELS + 1];  // one more, so that columns fall into different banks
  Weights weights[STEPS][STATE_GROUPS];
  REAL y[WARPS][STEPS][CHANNELS + 1];
  REAL factors[STEPS][FACTORS];
  REAL columns[CHANNELS][FACTORS];
};

typedef REAL Cells[STEPS][CHANNELS + 1];

struct SharedBack {
  Cells g;
  REAL s[WARPS][STEPS][CHANNELS + 1];
  REAL r[WARPS][STEPS][CHANNELS + 1];
  REAL db[STEPS][PADDED + 1];
  REAL dc[STEPS][PADDED + 1];
  Cells cells;
};

// ---- numbers ----

__device__ __forceinline__ float power_of_two(float x) {
#ifdef __CUDA_ARCH__
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return exp2f(x);
#endif
}

__device__ __forceinline__ double power_of_two(double x) { return exp2(x); }

__device__ __forceinline__ REAL sigmoid(REAL x) { return REAL(1) / (REAL(1) + exp(-x)); }

// Identity above 20, as the reference.
__device__ __forceinline__ REAL softplus(REAL x) {
  return SOFTPLUS && x <= REAL(20) ? log1p(exp(x)) : x;
}

__device__ __forceinline__ REAL softplus_slope(REAL x) {
  return SOFTPLUS && x <= REAL(20) ? sigmoid(x) : REAL(1);
}

constexpr double LOG2_E = 1.4426950408889634074;

// Sums v[i] over MEMBERS lanes that are STRIDE apart. While there are values left to share, each
// level halves them: a lane keeps one half and gives the other away. Afterwards v[0...] are the
// sums of the values from the returned index on. Both partners add the same two numbers.
template <int COUNT, int MEMBERS, int STRIDE>
struct Sum {
  static __device__ __forceinline__ int over(REAL *v, int lane) {
    constexpr int HALF = COUNT / 2;
    const bool upper = lane & (MEMBERS / 2 * STRIDE);
#pragma unroll
    for (int i = 0; i < HALF; i++) {
      const REAL keep = upper ? v[i + HALF] : v[i];
      const REAL give = upper ? v[i] : v[i + HALF];
      v[i] = keep + __shfl_xor_sync(0xffffffffu, give, MEMBERS / 2 * STRIDE);
    }
    return (upper ? HALF : 0) + Sum<HALF, MEMBERS / 2, STRIDE>::over(v, lane);
  }
};

template <int MEMBERS, int STRIDE>
struct Sum<1, MEMBERS, STRIDE> {
  static __device__ __forceinline__ int over(REAL *v, int lane) {
    v[0] += __shfl_xor_sync(0xffffffffu, v[0], MEMBERS / 2 * STRIDE);
    return Sum<1, MEMBERS / 2, STRIDE>::over(v, lane);
  }
};

template <int COUNT, int STRIDE>
struct Sum<COUNT, 1, STRIDE> {
  static __device__ __forceinline__ int over(REAL *, int) { return 0; }
};

template <int STRIDE>
struct Sum<1, 1, STRIDE> {
  static __device__ __forceinline__ int over(REAL *, int) { return 0; }
};

__host__ __device__ constexpr int at_least_one(int x) { return x > 0 ? x : 1; }

// ---- tiles ----

// What a block works on.
struct Place {
  Index row;  // of all slabs of all groups of all batches
  int chunk, group, first, count;
  Index batch, channel;  // number of the first channel among all of the batch

  __device__ explicit Place(const Scan &s) {
    row = blockIdx.x;
    chunk = blockIdx.y;
    group = int(row / s.slabs % s.groups);
    batch = row / s.slabs / s.groups;
    first = int(row % s.slabs) * CHANNELS;
    count = int(s.channels) - first < CHANNELS ? int(s.channels) - first : CHANNELS;
    channel = group * s.channels + first;
  }

  __device__ Index base(const Strides &strides) const {
    return strides.offset + batch * strides.batch + group / strides.share * strides.group;
  }

  __device__ Index position(const Scan &s, int t) const {
    return s.orders == nullptr ? t : s.orders[group * s.length + t];
  }

  __device__ Index width(const Scan &s) const { return s.groups * s.channels; }

  __device__ int begin(const Scan &s) const { return chunk * int(s.tiles_per_chunk); }

  __device__ int end(const Scan &s) const {
    const int tiles = int((s.length + STEPS - 1) / STEPS);
    const int after = begin(s) + int(s.tiles_per_chunk);
    return after < tiles ? after : tiles;
  }
};

struct Tile {
  int from, steps;

  __device__ Tile(const Scan &s, int number) {
    from = number * STEPS;
    steps = int(s.length) - from < STEPS ? int(s.length) - from : STEPS;
  }
};

// The i-th of a thread's own elements of a tile of STEPS rows of WIDTH elements.
template <int WIDTH>
__device__ __forceinline__ void locate(int i, int own, int &t, int &x) {
  const int at = int(threadIdx.x) * own + i;
  t = TIME_FAST ? at % STEPS : at / WIDTH;
  x = TIME_FAST ? at / STEPS : at % WIDTH;
  if (at >= STEPS * WIDTH) t = STEPS;  // beyond the tile
}

// As many neighbours as one instruction moves: 16 bytes at most.
__host__ __device__ constexpr int pack_size(int own) {
  return own % 4 == 0 && sizeof(REAL) == 4 ? 4 : own % 2 == 0 ? 2 : 1;
}

template <int SIZE>
struct alignas(sizeof(REAL) * SIZE) Pack {
  REAL v[SIZE];
};

// Loads a thread's own elements: x in [0, count) of stride `step`, time steps of a tile.
template <int WIDTH, int OWNED>
__device__ __forceinline__ void load(
    REAL (&to)[OWNED], const REAL *from, Index base, Index step, Index time, int count,
    const Scan &s, const Place &place, const Tile &tile, bool packed) {
  constexpr int SIZE = pack_size(OWNED);
#pragma unroll
  for (int i = 0; i < OWNED; i += SIZE) {
    int t, x;
    locate<WIDTH>(i, OWNED, t, x);
    const bool whole =
        TIME_FAST ? x < count && t + SIZE <= tile.steps : x + SIZE <= count && t < tile.steps;
    if (SIZE > 1 && packed && whole) {
      const Index at = base + x * step + place.position(s, tile.from + t) * time;
      const Pack<SIZE> pack = *reinterpret_cast<const Pack<SIZE> *>(from + at);
#pragma unroll
      for (int j = 0; j < SIZE; j++) to[i + j] = pack.v[j];
      continue;
    }
#pragma unroll
    for (int j = 0; j < SIZE; j++) {
      locate<WIDTH>(i + j, OWNED, t, x);
      to[i + j] = t < tile.steps && x < count
                      ? from[base + x * step + place.position(s, tile.from + t) * time]
                      : REAL(0);
    }
  }
}

// The inverse of load for cells.
__device__ __forceinline__ void store(
    const REAL (&from)[OWN], REAL *to, const Strides &strides, const Scan &s, const Place &place,
    const Tile &tile) {
  constexpr int SIZE = pack_size(OWN);
  const Index base = place.base(strides) + place.first * strides.channel;
#pragma unroll
  for (int i = 0; i < OWN; i += SIZE) {
    int t, x;
    locate<CHANNELS>(i, OWN, t, x);
    const bool whole = TIME_FAST ? x < place.count && t + SIZE <= tile.steps
                                 : x + SIZE <= place.count && t < tile.steps;
    if (SIZE > 1 && s.packed && whole) {
      const Index at =
          base + x * strides.channel + place.position(s, tile.from + t) * strides.time;
      Pack<SIZE> pack;
#pragma unroll
      for (int j = 0; j < SIZE; j++) pack.v[j] = from[i + j];
      *reinterpret_cast<Pack<SIZE> *>(to + at) = pack;
      continue;
    }
#pragma unroll
    for (int j = 0; j < SIZE; j++) {
      locate<CHANNELS>(i + j, OWN, t, x);
      if (t < tile.steps && x < place.count) {
        to[base + x * strides.channel + place.position(s, tile.from + t) * strides.time] =
            from[i + j];
      }
    }
  }
}

__device__ __forceinline__ void load_cells(
    REAL (&to)[OWN], const REAL *from, const Strides &strides, const Scan &s, const Place &place,
    const Tile &tile) {
  load<CHANNELS>(to, from, place.base(strides) + place.first * strides.channel, strides.channel,
                 strides.time, place.count, s, place, tile, s.packed);
}

// The part of a tile that is on its way from the device's memory, in registers.
template <bool NEEDS_B, bool NEEDS_C>
struct Ahead {
  REAL u[OWN], delta[OWN], z[OWN], dy[OWN];
  REAL b[OWN_WEIGHTS], c[OWN_WEIGHTS], factors[OWN_FACTORS];

  __device__ __forceinline__ void fetch(
      const Scan &s, const Place &place, const Tile &tile, bool backward) {
    load_cells(u, s.u_in, s.u, s, place, tile);
    if (RANK == 0) load_cells(delta, s.delta_in, s.delta, s, place, tile);
    if (GATE) load_cells(z, s.z, s.u, s, place, tile);
    if (backward) load_cells(dy, s.dy, s.u, s, place, tile);
    if (NEEDS_B && !CONST_B) {
      load<PADDED>(b, s.b_in, place.base(s.b), s.b.state, s.b.time, STATES, s, place, tile, false);
    }
    if (NEEDS_C && !CONST_C) {
      load<PADDED>(c, s.c_in, place.base(s.c), s.c.state, s.c.time, STATES, s, place, tile, false);
    }
    if (RANK > 0) {
      load<FACTORS>(factors, s.delta_in, place.base(s.delta), s.delta.state, s.delta.time, RANK, s,
                    place, tile, false);
    }
  }

  __device__ __forceinline__ void put_weights(Shared &m) const {
#pragma unroll
    for (int i = 0; i < OWN_WEIGHTS; i++) {
      int t, n;
      locate<PADDED>(i, OWN_WEIGHTS, t, n);
      if (t < STEPS) {
        Weights &w = m.weights[t][n / PER_THREAD];
        if (NEEDS_B && !CONST_B) w.b[n % PER_THREAD] = b[i];
        if (NEEDS_C && !CONST_C) w.c[n % PER_THREAD] = c[i];
      }
    }
  }

  __device__ __forceinline__ void put_factors(Shared &m) const {
#pragma unroll
    for (int i = 0; i < OWN_FACTORS; i++) {
      int t, r;
      locate<FACTORS>(i, OWN_FACTORS, t, r);
      if (t < STEPS) m.factors[t][r] = factors[i];
    }
  }
};

// delta + bias of a cell.
__device__ __forceinline__ REAL raw_delta(
    const Shared &m, REAL delta, REAL bias, int t, int channel) {
  if (RANK == 0) return delta + bias;
  REAL sum = bias;
  for (int r = 0; r < RANK; r++) sum += m.factors[t][r] * m.columns[channel][r];
  return sum;
}

// What does not change along time, for a thread's cells and for its states.
struct Constants {
  REAL bias[OWN], d[OWN];
  REAL rate[PER_THREAD], b[PER_THREAD], c[PER_THREAD];  // rate: A log2 e

  __device__ Constants(const Scan &s, const Place &place, Shared &m, int lane, int group) {
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      int t, x;
      locate<CHANNELS>(i, OWN, t, x);
      const bool in = t < STEPS && x < place.count;
      bias[i] = in && s.bias != nullptr ? s.bias[place.channel + x] : REAL(0);
      d[i] = in && s.d != nullptr ? s.d[place.channel + x] : REAL(0);
    }
#pragma unroll
    for (int k = 0; k < PER_THREAD; k++) {
      const int n = group * PER_THREAD + k;
      const bool in = lane < place.count && n < STATES;
      const Index at = (place.channel + lane) * STATES + n;
      rate[k] = in ? REAL(s.a[at] * REAL(LOG2_E)) : REAL(0);
      b[k] = in && CONST_B ? s.b_in[at] : REAL(0);
      c[k] = in && CONST_C ? s.c_in[at] : REAL(0);
    }
    if (RANK > 0) {
      for (int i = int(threadIdx.x); i < CHANNELS * FACTORS; i += THREADS) {
        const int x = i / FACTORS;
        m.columns[x][i % FACTORS] =
            x < place.count ? s.weight[(place.channel + x) * FACTORS + i % FACTORS] : REAL(0);
      }
    }
  }
};

// Writes delta' and x of a thread's cells; cells beyond the end leave the state as it is.
__device__ __forceinline__ void put_cells(
    Shared &m, const REAL (&u)[OWN], const REAL (&delta)[OWN], const Constants &constant,
    const Place &place, const Tile &tile, REAL (&raw)[OWN]) {
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    int t, x;
    locate<CHANNELS>(i, OWN, t, x);
    if (t >= STEPS) continue;
    raw[i] = raw_delta(m, delta[i], constant.bias[i], t, x);
    const REAL step = t < tile.steps && x < place.count ? softplus(raw[i]) : REAL(0);
    m.dx[t][x].delta = step;
    m.dx[t][x].x = step * u[i];
  }
}

__device__ __forceinline__ Index state_at(const Scan &s, const Place &place, int lane, int n) {
  return (place.batch * place.width(s) + place.channel + lane) * STATES + n;
}

// Where a block's states stand in arrays with one place for each of `parts` parts of a row.
__device__ __forceinline__ Index block_state(
    const Place &place, Index parts, Index part, int lane, int n) {
  return ((place.row * parts + part) * PADDED + n) * CHANNELS + lane;
}

// ---- forward ----

// What a pass over time is for.
enum Purpose { OUTPUTS, BORDERS, CARRY };

template <Purpose PURPOSE>
__device__ __forceinline__ void forward(const Scan &s) {
  constexpr bool OUTPUT = PURPOSE == OUTPUTS;
  __shared__ Shared m;
  const Place place(s);
  const int lane = int(threadIdx.x) % CHANNELS;
  const int group = int(threadIdx.x) / CHANNELS;
  const int warp = int(threadIdx.x) / LANES;
  const Constants constant(s, place, m, lane, group);
  const Index tiles = (s.length + STEPS - 1) / STEPS;

  REAL h[PER_THREAD];
#pragma unroll
  for (int k = 0; k < PER_THREAD; k++) {
    const int n = group * PER_THREAD + k;
    const bool in = lane < place.count && n < STATES;
    h[k] = REAL(0);
    if (PURPOSE != CARRY && s.chunks > 1) {
      h[k] = s.carry[block_state(place, s.chunks, place.chunk, lane, n)];
    } else if (PURPOSE != CARRY && s.initial != nullptr && in) {
      h[k] = s.initial[state_at(s, place, lane, n)];
    }
  }
  REAL elapsed = REAL(0);

  Ahead<true, OUTPUT> ahead;
  ahead.fetch(s, place, Tile(s, place.begin(s)), false);
  for (int number = place.begin(s); number < place.end(s); number++) {
    const Tile tile(s, number);
    if (RANK > 0) {
      ahead.put_factors(m);
      __syncthreads();
    }
    REAL u[OWN], z[OWN], raw[OWN];
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      u[i] = ahead.u[i];
      if (GATE) z[i] = ahead.z[i];
    }
    put_cells(m, ahead.u, ahead.delta, constant, place, tile, raw);
    ahead.put_weights(m);
    if (PURPOSE != CARRY && s.borders != nullptr) {
#pragma unroll
      for (int k = 0; k < PER_THREAD; k++) {
        s.borders[block_state(place, tiles, number, lane, group * PER_THREAD + k)] = h[k];
      }
    }
    __syncthreads();
    if (number + 1 < place.end(s)) ahead.fetch(s, place, Tile(s, number + 1), false);

    REAL y[STEPS];
#pragma unroll
    for (int t = 0; t < STEPS; t++) {
      const Pair dx = m.dx[t][lane];
      const Weights w = m.weights[t][group];
      elapsed += dx.delta;
      y[t] = REAL(0);
#pragma unroll
      for (int k = 0; k < PER_THREAD; k++) {
        const REAL decay = power_of_two(dx.delta * constant.rate[k]);
        h[k] = decay * h[k] + dx.x * (CONST_B ? constant.b[k] : w.b[k]);
        if (OUTPUT) y[t] += (CONST_C ? constant.c[k] : w.c[k]) * h[k];
      }
    }
    if (OUTPUT) {
      const int from = Sum<STEPS, GROUPS_PER_WARP, CHANNELS>::over(y, int(threadIdx.x));
#pragma unroll
      for (int t = 0; t < STEPS / GROUPS_PER_WARP; t++) m.y[warp][from + t][lane] = y[t];
    }
    __syncthreads();
    if (OUTPUT) {
      REAL out[OWN];
#pragma unroll
      for (int i = 0; i < OWN; i++) {
        int t, x;
        locate<CHANNELS>(i, OWN, t, x);
        if (t >= STEPS) continue;
        REAL sum = constant.d[i] * u[i];
#pragma unroll
        for (int j = 0; j < WARPS; j++) sum += m.y[j][t][x];
        out[i] = GATE ? sum * z[i] * sigmoid(z[i]) : sum;
      }
      store(out, s.y_out, s.y, s, place, tile);
    }
  }

#pragma unroll
  for (int k = 0; k < PER_THREAD; k++) {
    const int n = group * PER_THREAD + k;
    if (PURPOSE == CARRY) {
      s.carry[block_state(place, s.chunks, place.chunk, lane, n)] = h[k];
    } else if (OUTPUT && place.chunk == s.chunks - 1 && lane < place.count && n < STATES) {
      s.last[state_at(s, place, lane, n)] = h[k];
    }
  }
  if (PURPOSE == CARRY && group == 0) {
    s.decay[(place.row * s.chunks + place.chunk) * CHANNELS + lane] = elapsed;
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_forward(const Scan s) {
  forward<OUTPUTS>(s);
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_borders(const Scan s) {
  forward<BORDERS>(s);
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_forward_carry(const Scan s) {
  forward<CARRY>(s);
}

// From the states that chunks leave to those they begin with; a thread for each state of a row.
template <bool BACKWARD>
__device__ __forceinline__ void link(const Scan &s) {
  const Place place(s);
  REAL *carry = BACKWARD ? s.back_carry : s.carry;
  const REAL *end = BACKWARD ? s.d_last : s.initial;
  const int lane = int(threadIdx.x) % CHANNELS;
  const int group = int(threadIdx.x) / CHANNELS;
  for (int k = 0; k < PER_THREAD; k++) {
    const int n = group * PER_THREAD + k;
    const bool in = lane < place.count && n < STATES;
    const REAL rate =
        in ? REAL(s.a[(place.channel + lane) * STATES + n] * REAL(LOG2_E)) : REAL(0);
    REAL state = in && end != nullptr ? end[state_at(s, place, lane, n)] : REAL(0);
    for (int i = 0; i < int(s.chunks); i++) {
      const int chunk = BACKWARD ? int(s.chunks) - 1 - i : i;
      const Index at = block_state(place, s.chunks, chunk, lane, n);
      const REAL own = carry[at];
      carry[at] = state;
      state = power_of_two(s.decay[(place.row * s.chunks + chunk) * CHANNELS + lane] * rate) *
                  state + own;
    }
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_forward_link(const Scan s) {
  link<false>(s);
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_backward_link(const Scan s) {
  link<true>(s);
}

// ---- backward ----

// The gradient of y before the gate, in shared memory.
__device__ __forceinline__ void put_gradient(
    Cells &g, const REAL (&dy)[OWN], const REAL (&z)[OWN]) {
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    int t, x;
    locate<CHANNELS>(i, OWN, t, x);
    if (t < STEPS) g[t][x] = GATE ? dy[i] * z[i] * sigmoid(z[i]) : dy[i];
  }
}

// The adjoint of the state of every chunk from zero: lambda_t = a_t (C_t g_t + lambda_{t+1}).
__device__ __forceinline__ void backward_carry(const Scan &s) {
  __shared__ Shared m;
  __shared__ Cells gradient;
  const Place place(s);
  const int lane = int(threadIdx.x) % CHANNELS;
  const int group = int(threadIdx.x) / CHANNELS;
  const Constants constant(s, place, m, lane, group);
  REAL lambda[PER_THREAD];
#pragma unroll
  for (int k = 0; k < PER_THREAD; k++) lambda[k] = REAL(0);
  REAL elapsed = REAL(0);

  Ahead<false, true> ahead;
  ahead.fetch(s, place, Tile(s, place.end(s) - 1), true);
  for (int number = place.end(s) - 1; number >= place.begin(s); number--) {
    const Tile tile(s, number);
    if (RANK > 0) {
      ahead.put_factors(m);
      __syncthreads();
    }
    REAL raw[OWN];
    put_cells(m, ahead.u, ahead.delta, constant, place, tile, raw);
    put_gradient(gradient, ahead.dy, ahead.z);
    ahead.put_weights(m);
    __syncthreads();
    if (number > place.begin(s)) ahead.fetch(s, place, Tile(s, number - 1), true);
#pragma unroll
    for (int t = STEPS - 1; t >= 0; t--) {
      const REAL delta = m.dx[t][lane].delta;
      const REAL g = gradient[t][lane];
      const Weights w = m.weights[t][group];
      elapsed += delta;
#pragma unroll
      for (int k = 0; k < PER_THREAD; k++) {
        lambda[k] += (CONST_C ? constant.c[k] : w.c[k]) * g;
        lambda[k] *= power_of_two(delta * constant.rate[k]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int k = 0; k < PER_THREAD; k++) {
    const int n = group * PER_THREAD + k;
    s.back_carry[block_state(place, s.chunks, place.chunk, lane, n)] = lambda[k];
  }
  if (group == 0) s.decay[(place.row * s.chunks + place.chunk) * CHANNELS + lane] = elapsed;
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_backward_carry(const Scan s) {
  backward_carry(s);
}

// Sums a thread's values of a time axis over the channels and puts them into a tile of states.
__device__ __forceinline__ void put_sums(
    REAL (&v)[STEPS], REAL (*to)[PADDED + 1], int n, int lane) {
  const int from = Sum<STEPS, CHANNELS, 1>::over(v, int(threadIdx.x));
  constexpr int LEFT = at_least_one(STEPS / CHANNELS);
  constexpr int COPIES = at_least_one(CHANNELS / STEPS);  // lanes that hold the same sum
  if (lane % COPIES == 0) {
#pragma unroll
    for (int t = 0; t < LEFT; t++) to[from + t][n] = v[t];
  }
}

// Copies rows of sums over this block's channels to its own part, where their position is.
__device__ __forceinline__ void store_sums(
    const REAL (*from)[PADDED + 1], REAL *to, const Scan &s, const Place &place,
    const Tile &tile) {
  for (int i = int(threadIdx.x); i < tile.steps * STATES; i += THREADS) {
    const int t = i / STATES;
    const Index row = place.row * s.length + place.position(s, tile.from + t);
    to[row * STATES + i % STATES] = from[t][i % STATES];
  }
}

// With e = C g + lambda: dC += g h, dB += e x, s += e B; then lambda = a e, q = lambda h_{t-1},
// dA += q delta', r += q A. Then du = D g + delta' s and ddelta' = r + u s.
__device__ __forceinline__ void backward(const Scan &s) {
  __shared__ Shared m;
  __shared__ SharedBack back;
  const Place place(s);
  const int lane = int(threadIdx.x) % CHANNELS;
  const int group = int(threadIdx.x) / CHANNELS;
  const int warp = int(threadIdx.x) / LANES;
  const Constants constant(s, place, m, lane, group);
  const Index tiles = (s.length + STEPS - 1) / STEPS;

  REAL lambda[PER_THREAD], da[PER_THREAD], db[PER_THREAD], dc[PER_THREAD];
#pragma unroll
  for (int k = 0; k < PER_THREAD; k++) {
    const int n = group * PER_THREAD + k;
    da[k] = db[k] = dc[k] = lambda[k] = REAL(0);
    if (s.chunks > 1) {
      lambda[k] = s.back_carry[block_state(place, s.chunks, place.chunk, lane, n)];
    } else if (s.d_last != nullptr && lane < place.count && n < STATES) {
      lambda[k] = s.d_last[state_at(s, place, lane, n)];
    }
  }
  REAL dd[OWN], dbias[OWN], dcolumns[OWN_COLUMNS];
#pragma unroll
  for (int i = 0; i < OWN; i++) dd[i] = dbias[i] = REAL(0);
#pragma unroll
  for (int i = 0; i < OWN_COLUMNS; i++) dcolumns[i] = REAL(0);

  Ahead<true, true> ahead;
  ahead.fetch(s, place, Tile(s, place.end(s) - 1), true);
  for (int number = place.end(s) - 1; number >= place.begin(s); number--) {
    const Tile tile(s, number);
    if (RANK > 0) {
      ahead.put_factors(m);
      __syncthreads();
    }
    REAL u[OWN], z[OWN], dy[OWN], raw[OWN];
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      u[i] = ahead.u[i];
      dy[i] = ahead.dy[i];
      if (GATE) z[i] = ahead.z[i];
    }
    put_cells(m, ahead.u, ahead.delta, constant, place, tile, raw);
    put_gradient(back.g, ahead.dy, ahead.z);
    ahead.put_weights(m);
    REAL h[PER_THREAD];
#pragma unroll
    for (int k = 0; k < PER_THREAD; k++) {
      h[k] = s.borders[block_state(place, tiles, number, lane, group * PER_THREAD + k)];
    }
    __syncthreads();
    if (number > place.begin(s)) ahead.fetch(s, place, Tile(s, number - 1), true);

    // the states before every step, and what they decay by
    REAL before[PER_THREAD][STEPS], decay[PER_THREAD][STEPS], sums[STEPS];
#pragma unroll
    for (int t = 0; t < STEPS; t++) {
      const Pair dx = m.dx[t][lane];
      const Weights w = m.weights[t][group];
      sums[t] = REAL(0);
#pragma unroll
      for (int k = 0; k < PER_THREAD; k++) {
        decay[k][t] = power_of_two(dx.delta * constant.rate[k]);
        before[k][t] = h[k];
        h[k] = decay[k][t] * h[k] + dx.x * (CONST_B ? constant.b[k] : w.b[k]);
        if (GATE) sums[t] += (CONST_C ? constant.c[k] : w.c[k]) * h[k];
      }
    }
    if (GATE) {  // the gate's gradient needs y again
      const int from = Sum<STEPS, GROUPS_PER_WARP, CHANNELS>::over(sums, int(threadIdx.x));
#pragma unroll
      for (int t = 0; t < STEPS / GROUPS_PER_WARP; t++) m.y[warp][from + t][lane] = sums[t];
    }

    REAL down[STEPS];  // r; sums is s from here on
#pragma unroll
    for (int t = STEPS - 1; t >= 0; t--) {
      const Pair dx = m.dx[t][lane];
      const Weights w = m.weights[t][group];
      const REAL g = back.g[t][lane];
      sums[t] = down[t] = REAL(0);
#pragma unroll
      for (int k = 0; k < PER_THREAD; k++) {
        const REAL e = (CONST_C ? constant.c[k] : w.c[k]) * g + lambda[k];
        sums[t] += e * (CONST_B ? constant.b[k] : w.b[k]);
        lambda[k] = decay[k][t] * e;
        const REAL q = lambda[k] * before[k][t];
        da[k] += q * dx.delta;
        down[t] += q * constant.rate[k];
        // their places are free now: decay takes the gradient of C, before that of B
        decay[k][t] = g * h[k];
        h[k] = before[k][t];
        before[k][t] = e * dx.x;
      }
    }
    {
      const int from = Sum<STEPS, GROUPS_PER_WARP, CHANNELS>::over(sums, int(threadIdx.x));
      Sum<STEPS, GROUPS_PER_WARP, CHANNELS>::over(down, int(threadIdx.x));
#pragma unroll
      for (int t = 0; t < STEPS / GROUPS_PER_WARP; t++) {
        back.s[warp][from + t][lane] = sums[t];
        back.r[warp][from + t][lane] = down[t];
      }
    }
#pragma unroll
    for (int k = 0; k < PER_THREAD; k++) {
      if (CONST_B) {
#pragma unroll
        for (int t = 0; t < STEPS; t++) db[k] += before[k][t];
      } else {
        put_sums(before[k], back.db, group * PER_THREAD + k, lane);
      }
      if (CONST_C) {
#pragma unroll
        for (int t = 0; t < STEPS; t++) dc[k] += decay[k][t];
      } else {
        put_sums(decay[k], back.dc, group * PER_THREAD + k, lane);
      }
    }
    __syncthreads();

    REAL du[OWN], ddelta[OWN], dz[OWN];
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      int t, x;
      locate<CHANNELS>(i, OWN, t, x);
      if (t >= STEPS) continue;
      REAL state = REAL(0), slope = REAL(0), y = constant.d[i] * u[i];
#pragma unroll
      for (int j = 0; j < WARPS; j++) {
        state += back.s[j][t][x];
        slope += back.r[j][t][x];
        if (GATE) y += m.y[j][t][x];
      }
      REAL g = dy[i];
      if (GATE) {
        const REAL p = sigmoid(z[i]);
        dz[i] = dy[i] * y * p * (REAL(1) + z[i] * (REAL(1) - p));
        g *= z[i] * p;
      }
      const bool in = t < tile.steps && x < place.count;
      du[i] = constant.d[i] * g + softplus(raw[i]) * state;
      // r was summed with A log2 e in place of A
      ddelta[i] = (slope * REAL(1 / LOG2_E) + u[i] * state) * softplus_slope(raw[i]);
      if (!in) ddelta[i] = REAL(0);
      dd[i] += in ? g * u[i] : REAL(0);
      dbias[i] += ddelta[i];
      if (RANK > 0) back.cells[t][x] = ddelta[i];
    }
    store(du, s.du, s.y, s, place, tile);
    if (RANK == 0) store(ddelta, s.ddelta, s.delta, s, place, tile);
    if (GATE) store(dz, s.dz, s.u, s, place, tile);
    if (!CONST_B) store_sums(back.db, s.db, s, place, tile);
    if (!CONST_C) store_sums(back.dc, s.dc, s, place, tile);
    if (RANK > 0) {
      __syncthreads();
      for (int i = int(threadIdx.x); i < tile.steps * FACTORS; i += THREADS) {
        const int t = i / FACTORS;
        REAL sum = REAL(0);
        for (int x = 0; x < CHANNELS; x++) sum += back.cells[t][x] * m.columns[x][i % FACTORS];
        const Index row = place.row * s.length + place.position(s, tile.from + t);
        s.dfactors[row * FACTORS + i % FACTORS] = sum;
      }
#pragma unroll
      for (int i = 0; i < OWN_COLUMNS; i++) {
        const int at = int(threadIdx.x) + i * THREADS;
        if (at >= CHANNELS * FACTORS) continue;
        for (int t = 0; t < STEPS; t++) {
          dcolumns[i] += back.cells[t][at / FACTORS] * m.factors[t][at % FACTORS];
        }
      }
      __syncthreads();  // the next tile's factors come next
    }
  }

  // sums over time: one part for each batch and chunk
  const Index part = place.batch * s.chunks + place.chunk;
  const Index channel = part * place.width(s) + place.channel;
#pragma unroll
  for (int k = 0; k < PER_THREAD; k++) {
    const int n = group * PER_THREAD + k;
    if (lane >= place.count || n >= STATES) continue;
    const Index at = (channel + lane) * STATES + n;
    s.da[at] = da[k];
    if (CONST_B) s.dcolumn_b[at] = db[k];
    if (CONST_C) s.dcolumn_c[at] = dc[k];
    if (s.d_initial != nullptr && place.chunk == 0) {
      s.d_initial[state_at(s, place, lane, n)] = lambda[k];
    }
  }
  for (int which = 0; which < 2; which++) {
    __syncthreads();
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      int t, x;
      locate<CHANNELS>(i, OWN, t, x);
      if (t < STEPS) back.cells[t][x] = which == 0 ? dd[i] : dbias[i];
    }
    __syncthreads();
    if (int(threadIdx.x) < place.count) {
      REAL sum = REAL(0);
      for (int t = 0; t < STEPS; t++) sum += back.cells[t][threadIdx.x];
      (which == 0 ? s.dd : s.dbias)[channel + threadIdx.x] = sum;
    }
  }
  if (RANK > 0) {
#pragma unroll
    for (int i = 0; i < OWN_COLUMNS; i++) {
      const int at = int(threadIdx.x) + i * THREADS;
      if (at < place.count * FACTORS) s.dweight[channel * FACTORS + at] = dcolumns[i];
    }
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) scan_backward(const Scan s) {
  backward(s);
}

// ---- sums of parts, in their order ----

struct SlabSum {
  Strides to;
  Index batches, groups, slabs, length, count;
  const REAL *parts;
  REAL *sum;
};

// Adds up what the slabs of the groups that share an array have for each position and state.
extern "C" __global__ void sum_slabs(const SlabSum s) {
  const Index shared = s.groups / s.to.share;
  const Index size = s.batches * shared * s.length * s.count;
  for (Index i = Index(blockIdx.x) * blockDim.x + threadIdx.x; i < size;
       i += Index(gridDim.x) * blockDim.x) {
    const Index n = i % s.count;
    const Index position = i / s.count % s.length;
    const Index group = i / s.count / s.length % shared;
    const Index batch = i / s.count / s.length / shared;
    REAL sum = REAL(0);
    const Index from = (batch * s.groups + group * s.to.share) * s.slabs;
    for (Index part = from; part < from + s.to.share * s.slabs; part++) {
      sum += s.parts[(part * s.length + position) * s.count + n];
    }
    s.sum[s.to.offset + batch * s.to.batch + group * s.to.group + n * s.to.state +
          position * s.to.time] = sum;
  }
}

struct PartSum {
  Index outer, parts, size;
  const REAL *from;
  REAL *sum;
};

// sum (outer, size) of from (outer, parts, size).
extern "C" __global__ void sum_parts(const PartSum s) {
  for (Index i = Index(blockIdx.x) * blockDim.x + threadIdx.x; i < s.outer * s.size;
       i += Index(gridDim.x) * blockDim.x) {
    const REAL *from = s.from + i / s.size * s.parts * s.size + i % s.size;
    REAL sum = REAL(0);
    for (Index part = 0; part < s.parts; part++) sum += from[part * s.size];
    s.sum[i] = sum;
  }
}
