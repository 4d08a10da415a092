// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Cuda;
import antaboga.kernel.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The scan's CUDA kernels on arrays that stay on the device, beside what the device can do at best:
 * copy as many bytes as the scan must touch, and take as many exponentials. Softplus, bias and
 * skip, 16 states, time last, floats. Here, and not with the other benchmarks, to reach the kernel.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class DeviceScanBenchmark {
  private static final int STATES = 16;
  private static final int LAUNCHES = 20;

  /** Batches, channels and time steps, B x D x L. */
  @Param({"1x2048x4096", "4x1024x4096", "8x1536x4096", "1x256x65536"})
  public String shape = "1x2048x4096";

  /** States of a thread, channels of a block, steps of a tile, chunks; 0 leaves it to the plan. */
  @Param("0,0,0,0")
  public String plan = "0,0,0,0";

  private Device device = Cuda.first();
  private DeviceMemory memory = new DeviceMemory(device);
  private DeviceMemory scratch = new DeviceMemory(device);
  private DeviceScan scan = new DeviceScan(device);
  private ScanPlan cut = plan(1, 1, 1);
  private DeviceScan.Inputs in = new DeviceScan.Inputs(true, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  private DeviceScan.Outputs out = new DeviceScan.Outputs(0, 0, 0);
  private DeviceScan.Gradients gradients = new DeviceScan.Gradients(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  private long dy;
  private long elements; // of u
  private Device.Program limits = (kernel, x, y, threads, fields) -> {};

  private ScanPlan plan(int batches, int width, int length) {
    var rows = new long[] {batches, width, length};
    var weights = new long[] {batches, STATES, length};
    var geometry = ScanGeometry.timeLast(rows, STATES, weights, weights);
    return ScanPlan.of(geometry, DataType.FLOAT, device.processors()).orElseThrow();
  }

  /** Fills the inputs and holds a small scan of the same kernels against the scalar kernel. */
  @Setup(Level.Trial)
  public void prepare() {
    var sizes = List.of(shape.split("x", -1)).stream().map(Integer::valueOf).toList();
    int batches = sizes.get(0);
    int width = sizes.get(1);
    int length = sizes.get(2);
    var usual = plan(batches, width, length);
    var wish = List.of(plan.split(",", -1)).stream().map(Integer::valueOf).toList();
    cut =
        usual.with(
            wish.get(0) == 0 ? usual.perThread() : wish.get(0),
            wish.get(1) == 0 ? usual.channels() : wish.get(1),
            wish.get(2) == 0 ? usual.steps() : wish.get(2),
            wish.get(3) == 0 ? usual.chunks() : wish.get(3));
    elements = (long) batches * width * length;
    long weights = (long) batches * STATES * length;
    long states = (long) width * STATES;
    in =
        new DeviceScan.Inputs(
            true,
            filled(elements, -1, 1),
            filled(elements, -3, 0),
            0,
            filled(states, -1, -0.1),
            filled(weights, -1, 1),
            filled(weights, -1, 1),
            filled(width, -1, 1),
            0,
            filled(width, -1, 1),
            0,
            0);
    out =
        new DeviceScan.Outputs(
            room(elements), room(batches * states), room(DeviceScan.borderElements(cut)));
    dy = filled(elements, -1, 1);
    gradients =
        new DeviceScan.Gradients(
            room(elements),
            room(elements),
            0,
            room(states),
            room(weights),
            room(weights),
            room(width),
            0,
            room(width),
            0);
    limits = device.compile("device_limits.cu", source(), List.of());
    scan.forward(cut, in, out, scratch);
    device.await();
    scratch.reset();
    check(width, length);
  }

  private String source() {
    try (var text = DeviceScanBenchmark.class.getResourceAsStream("device_limits.cu")) {
      return new String(Objects.requireNonNull(text).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long room(long floats) {
    return memory.take(floats * Float.BYTES);
  }

  /** Uniform values; a block of them again and again. */
  private long filled(long floats, double low, double high) {
    int block = (int) Math.min(floats, 1 << 20);
    var random = new SplittableRandom(floats);
    var values = new float[block];
    for (int i = 0; i < block; i++) {
      values[i] = (float) random.nextDouble(low, high);
    }
    long address = room(floats);
    try (var pointer = new FloatPointer(values)) {
      for (long at = 0; at < floats; at += block) {
        long count = Math.min(block, floats - at);
        device.write(address + at * Float.BYTES, pointer, count * Float.BYTES);
      }
    }
    return address;
  }

  private float[] read(long address, long from, int count) {
    var values = new float[count];
    try (var pointer = new FloatPointer((long) count)) {
      device.read(address + from * Float.BYTES, pointer, (long) count * Float.BYTES);
      pointer.get(values);
    }
    return values;
  }

  /** The first channels of the first batch, in double on the processor. */
  private void check(int width, int length) {
    int channels = Math.min(width, 3);
    var u = read(in.u(), 0, channels * length);
    var delta = read(in.delta(), 0, channels * length);
    var y = read(out.y(), 0, channels * length);
    var a = read(in.a(), 0, channels * STATES);
    var b = read(in.b(), 0, STATES * length);
    var c = read(in.c(), 0, STATES * length);
    var d = read(in.d(), 0, channels);
    var bias = read(in.deltaBias(), 0, channels);
    for (int j = 0; j < channels; j++) {
      var h = new double[STATES];
      for (int t = 0; t < length; t++) {
        double step = Math.log1p(Math.exp((double) delta[j * length + t] + bias[j]));
        double sum = (double) d[j] * u[j * length + t];
        for (int n = 0; n < STATES; n++) {
          double decay = Math.exp(step * a[j * STATES + n]);
          h[n] = decay * h[n] + step * u[j * length + t] * b[n * length + t];
          sum += h[n] * c[n * length + t];
        }
        double error = Math.abs(sum - y[j * length + t]);
        if (!(error <= 1e-4 * (1 + Math.abs(sum)))) {
          throw new IllegalStateException(
              "channel %d, step %d: %g, expected %g".formatted(j, t, y[j * length + t], sum));
        }
      }
    }
  }

  /** Gives the device's memory back. */
  @TearDown(Level.Trial)
  public void release() {
    memory.release();
    scratch.release();
  }

  private void times(Runnable launch) {
    for (int i = 0; i < LAUNCHES; i++) {
      launch.run();
      scratch.reset(); // launches run in their order, so the next one may use it again
    }
    device.await();
  }

  /** The scan. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void forward() {
    times(() -> scan.forward(cut, in, new DeviceScan.Outputs(out.y(), out.last(), 0), scratch));
  }

  /** The scan in a training pass, which keeps the states at the tiles' borders. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void forwardKept() {
    times(() -> scan.forward(cut, in, out, scratch));
  }

  /** The gradients of all inputs. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void backward() {
    times(() -> scan.backward(cut, in, out.borders(), dy, 0, gradients, scratch));
  }

  /** A copy of u: 8 bytes for each of its elements are read or written. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void copy() {
    times(() -> limits.launch("copy", 16 * device.processors(), 1, 256, elements, in.u(), out.y()));
  }

  /** Sixteen exponentials for each element of u. */
  @Benchmark
  @OperationsPerInvocation(LAUNCHES)
  public void exponentials() {
    times(() -> limits.launch("exponentials", 16 * device.processors(), 1, 256, elements, 0, dy));
  }
}
