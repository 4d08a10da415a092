// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The scan on arrays in a device's memory, by the kernels of selective_scan.cu. Launches follow one
 * another without waiting. Results are the same bits from run to run.
 */
final class DeviceScan {
  private static final String SOURCE = "selective_scan.cu";
  private static final int SUM_THREADS = 256;
  private static final int MOST_SUM_BLOCKS = 4096;

  private final Device device;
  private final String source;
  private final Map<List<String>, Device.Program> programs = new HashMap<>();

  DeviceScan(Device device) {
    this.device = device;
    source = source();
  }

  /** The kernels' text. */
  static String source() {
    try (var in = DeviceScan.class.getResourceAsStream(SOURCE)) {
      return new String(Objects.requireNonNull(in, SOURCE).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(SOURCE, e);
    }
  }

  /**
   * Addresses of the inputs of {@link ScanInputs}, 0 for those that are absent.
   *
   * @param orders positions as 32-bit integers, group by group
   */
  record Inputs(
      boolean softplus,
      long u,
      long delta,
      long deltaWeight,
      long a,
      long b,
      long c,
      long d,
      long z,
      long deltaBias,
      long initial,
      long orders) {}

  /**
   * Addresses of a forward pass.
   *
   * @param borders of {@link #borderElements}, or 0 where no backward pass follows
   */
  record Outputs(long y, long last, long borders) {}

  /** Addresses of the gradients of {@link ScanKernel.Gradients}; in one array as there. */
  record Gradients(
      long u,
      long delta,
      long deltaWeight,
      long a,
      long b,
      long c,
      long d,
      long z,
      long deltaBias,
      long initial) {}

  /** Elements of the states that a forward pass keeps for the backward pass. */
  static long borderElements(ScanPlan plan) {
    return plan.rows() * (long) plan.tiles() * plan.blockStates();
  }

  private Device.Program program(ScanPlan plan, Inputs in) {
    return programs.computeIfAbsent(
        plan.options(in.softplus, in.z != 0),
        options -> {
          var all = new java.util.ArrayList<>(options);
          if (plan.bytes() == Float.BYTES) {
            all.add("-ftz=true"); // exponentials in one instruction; decays below 1e-38 are zero
          }
          return device.compile(SOURCE, source, all);
        });
  }

  /** Starts a forward pass; its scratch comes from the memory. */
  void forward(ScanPlan plan, Inputs in, Outputs out, DeviceMemory memory) {
    var program = program(plan, in);
    var geometry = plan.geometry();
    var launch = new Launch(plan, in, memory);
    launch.borders = out.borders;
    launch.last = out.last;
    boolean shared = geometry.shared();
    long elements = size(geometry);
    launch.y = shared ? memory.take(geometry.groups() * elements * plan.bytes()) : out.y;
    launch.carry(program, "scan_forward");
    launch.run(program, "scan_forward");
    if (shared) {
      sumParts(
          program,
          geometry.batches(),
          geometry.groups(),
          elements / geometry.batches(),
          launch.y,
          out.y);
    }
  }

  /** Starts a pass that only finds the states which a backward pass begins its tiles with. */
  void borders(ScanPlan plan, Inputs in, long borders, DeviceMemory memory) {
    var program = program(plan, in);
    var launch = new Launch(plan, in, memory);
    launch.borders = borders;
    launch.carry(program, "scan_forward");
    launch.run(program, "scan_borders");
  }

  /**
   * Starts a backward pass.
   *
   * @param borders of a forward pass
   * @param dLast 0 for none
   */
  void backward(
      ScanPlan plan,
      Inputs in,
      long borders,
      long dy,
      long dLast,
      Gradients to,
      DeviceMemory memory) {
    var program = program(plan, in);
    var geometry = plan.geometry();
    var launch = new Launch(plan, in, memory);
    int bytes = plan.bytes();
    int states = geometry.states();
    int rank = geometry.rank();
    long parts = (long) geometry.batches() * plan.usedChunks();
    long width = parts * geometry.width() * bytes;
    long steps = (long) plan.rows() * geometry.length() * bytes;
    boolean shared = geometry.shared();
    launch.borders = borders;
    launch.dy = dy;
    launch.dLast = dLast;
    launch.du = shared ? memory.take(geometry.groups() * size(geometry) * bytes) : to.u;
    launch.ddelta = to.delta;
    launch.dz = to.z;
    launch.dInitial = to.initial;
    launch.da = memory.take(width * states);
    launch.dd = memory.take(width);
    launch.dbias = memory.take(width);
    launch.dcolumnB = geometry.constantB() ? memory.take(width * states) : 0;
    launch.dcolumnC = geometry.constantC() ? memory.take(width * states) : 0;
    launch.dweight = rank > 0 ? memory.take(width * rank) : 0;
    launch.db = geometry.constantB() ? 0 : memory.take(steps * states);
    launch.dc = geometry.constantC() ? 0 : memory.take(steps * states);
    launch.dfactors = rank > 0 ? memory.take(steps * rank) : 0;
    launch.carry(program, "scan_backward");
    launch.run(program, "scan_backward");

    long channels = geometry.width();
    sumParts(program, 1, parts, channels * states, launch.da, to.a);
    if (to.d != 0) {
      sumParts(program, 1, parts, channels, launch.dd, to.d);
    }
    if (to.deltaBias != 0) {
      sumParts(program, 1, parts, channels, launch.dbias, to.deltaBias);
    }
    if (geometry.constantB()) {
      sumParts(program, 1, parts, channels * states, launch.dcolumnB, to.b);
    } else {
      sumSlabs(program, plan, geometry.b(), states, launch.db, to.b);
    }
    if (geometry.constantC()) {
      sumParts(program, 1, parts, channels * states, launch.dcolumnC, to.c);
    } else {
      sumSlabs(program, plan, geometry.c(), states, launch.dc, to.c);
    }
    if (rank > 0) {
      sumParts(program, 1, parts, channels * rank, launch.dweight, to.deltaWeight);
      sumSlabs(program, plan, geometry.delta(), rank, launch.dfactors, to.delta);
    }
    if (shared) {
      sumParts(
          program,
          geometry.batches(),
          geometry.groups(),
          size(geometry) / geometry.batches(),
          launch.du,
          to.u);
    }
  }

  /** Elements of u. */
  private static long size(ScanGeometry geometry) {
    long groups = geometry.shared() ? 1 : geometry.groups();
    return geometry.batches() * groups * geometry.channels() * geometry.length();
  }

  private static void sumParts(
      Device.Program program, long outer, long parts, long size, long from, long to) {
    program.launch(
        "sum_parts", sumBlocks(outer * size), 1, SUM_THREADS, outer, parts, size, from, to);
  }

  private static void sumSlabs(
      Device.Program program, ScanPlan plan, ScanStrides strides, long count, long from, long to) {
    var geometry = plan.geometry();
    // groups that see the same part of the array add up, one group of several sees its own
    int share = strides.group() == 0 ? geometry.groups() : strides.share();
    long outputs = (long) geometry.batches() * (geometry.groups() / share);
    program.launch(
        "sum_slabs",
        sumBlocks(outputs * geometry.length() * count),
        1,
        SUM_THREADS,
        strides.offset(),
        strides.batch(),
        strides.group(),
        share,
        strides.channel(),
        strides.state(),
        strides.time(),
        geometry.batches(),
        geometry.groups(),
        plan.slabs(),
        geometry.length(),
        count,
        from,
        to);
  }

  private static int sumBlocks(long elements) {
    return (int) Math.min(MOST_SUM_BLOCKS, (elements + SUM_THREADS - 1) / SUM_THREADS);
  }

  /** The fields of the structure that the kernels take, with those that a pass leaves at 0. */
  private static final class Launch {
    private final ScanPlan plan;
    private final Inputs in;
    private long y;
    private long last;
    private long borders;
    private final long carry;
    private final long decay;
    private long dy;
    private long dLast;
    private long du;
    private long ddelta;
    private long dz;
    private long dInitial;
    private long da;
    private long dd;
    private long dbias;
    private long dcolumnB;
    private long dcolumnC;
    private long dweight;
    private long db;
    private long dc;
    private long dfactors;

    Launch(ScanPlan plan, Inputs in, DeviceMemory memory) {
      this.plan = plan;
      this.in = in;
      boolean cut = plan.usedChunks() > 1;
      long places = (long) plan.rows() * plan.usedChunks() * plan.bytes();
      carry = cut ? memory.take(places * plan.blockStates()) : 0;
      decay = cut ? memory.take(places * plan.channels()) : 0;
    }

    /** Finds the states that chunks begin with, where there are several. */
    void carry(Device.Program program, String pass) {
      if (plan.usedChunks() > 1) {
        run(program, pass + "_carry");
        program.launch(pass + "_link", plan.rows(), 1, plan.threads(), fields());
      }
    }

    void run(Device.Program program, String kernel) {
      program.launch(kernel, plan.rows(), plan.usedChunks(), plan.threads(), fields());
    }

    private long[] fields() {
      var g = plan.geometry();
      var fields = new java.util.ArrayList<Long>();
      add(fields, g.u());
      add(fields, g.delta());
      add(fields, g.b());
      add(fields, g.c());
      add(fields, outputStrides(g));
      add(
          fields,
          g.batches(),
          g.groups(),
          g.channels(),
          g.length(),
          plan.slabs(),
          plan.usedChunks(),
          plan.tilesPerChunk(),
          plan.packed() ? 1 : 0);
      add(fields, in.u, in.delta, in.deltaWeight, in.a, in.b, in.c, in.d, in.z, in.deltaBias);
      add(fields, in.initial, in.orders);
      add(fields, y, last, borders, carry, decay);
      add(fields, dy, dLast, du, ddelta, dz, dInitial, carry);
      add(fields, da, dd, dbias, dcolumnB, dcolumnC, dweight, db, dc, dfactors);
      return fields.stream().mapToLong(x -> x).toArray();
    }

    /** Groups that share u write one output each, which are summed afterwards. */
    private static ScanStrides outputStrides(ScanGeometry g) {
      if (!g.shared()) {
        return g.u();
      }
      long size = (long) g.channels() * g.length();
      return ScanStrides.of(g.groups() * size, size, 1, 0, g.channels());
    }

    private static void add(List<Long> fields, ScanStrides s) {
      add(fields, s.offset(), s.batch(), s.group(), s.share(), s.channel(), s.state(), s.time());
    }

    private static void add(List<Long> fields, long... values) {
      for (long value : values) {
        fields.add(value);
      }
    }
  }
}
