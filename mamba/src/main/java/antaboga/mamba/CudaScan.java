// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.Device;
import antaboga.ops.Arrays;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The scan on a CUDA device, for floats and doubles. Arrays live in the host's memory: they are
 * copied there and back in each call, and the backward pass finds the states of its tiles again,
 * which costs less than to fetch them. A scan whose states do not fit a block of threads runs on
 * the processor.
 */
final class CudaScan implements ScanKernel {
  private final Device device;
  private final DeviceMemory memory;
  private final DeviceScan scan;
  private final ScanKernel otherwise = new ScalarScan();

  CudaScan(Device device) {
    this.device = device;
    memory = new DeviceMemory(device);
    scan = new DeviceScan(device);
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public boolean takes(DataType type) {
    return type == DataType.FLOAT || type == DataType.DOUBLE;
  }

  /** How a scan is cut; a function of its sizes and of the device. */
  Optional<ScanPlan> plan(ScanInputs x) {
    return ScanPlan.of(x.geometry(), x.u().dataType(), device.processors());
  }

  @Override
  public Result forward(ScanInputs x, boolean keep) {
    var plan = plan(x);
    return plan.isPresent() ? forward(plan.get(), x) : otherwise.forward(x, keep);
  }

  /** With this plan. */
  synchronized Result forward(ScanPlan plan, ScanInputs x) {
    var geometry = x.geometry();
    var type = x.u().dataType();
    var y = Arrays.empty(type, x.u().shape());
    var last = Arrays.empty(type, geometry.batches(), geometry.width(), geometry.states());
    try {
      var out = new DeviceScan.Outputs(place(y), place(last), 0);
      scan.forward(plan, upload(x), out, memory);
      download(out.y(), y);
      download(out.last(), last);
    } finally {
      memory.reset();
    }
    return new Result(y, last, null);
  }

  @Override
  public Gradients backward(ScanInputs x, Result forward, INDArray dy, @Nullable INDArray dLast) {
    var plan = plan(x);
    return plan.isPresent()
        ? backward(plan.get(), x, dy, dLast)
        : otherwise.backward(x, forward, dy, dLast);
  }

  /** With this plan. */
  synchronized Gradients backward(
      ScanPlan plan, ScanInputs x, INDArray dy, @Nullable INDArray dLast) {
    boolean own = x.geometry().rank() == 0;
    var du = like(x.u());
    var ddelta = like(x.delta());
    var to =
        new Gradients(
            du,
            ddelta,
            optional(x.deltaWeight()),
            like(x.a()),
            own ? like(x.b()) : ddelta,
            own ? like(x.c()) : ddelta,
            optional(x.d()),
            optional(x.z()),
            optional(x.deltaBias()),
            optional(x.initial()));
    try {
      var in = upload(x);
      long borders = memory.take(DeviceScan.borderElements(plan) * plan.bytes());
      scan.borders(plan, in, borders, memory);
      long delta = place(ddelta);
      var at =
          new DeviceScan.Gradients(
              place(du),
              delta,
              place(to.deltaWeight()),
              place(to.a()),
              own ? place(to.b()) : delta,
              own ? place(to.c()) : delta,
              place(to.d()),
              place(to.z()),
              place(to.deltaBias()),
              place(to.initial()));
      scan.backward(plan, in, borders, upload(dy), upload(dLast), at, memory);
      download(at.u(), du);
      download(at.delta(), ddelta);
      download(at.deltaWeight(), to.deltaWeight());
      download(at.a(), to.a());
      if (own) {
        download(at.b(), to.b());
        download(at.c(), to.c());
      }
      download(at.d(), to.d());
      download(at.z(), to.z());
      download(at.deltaBias(), to.deltaBias());
      download(at.initial(), to.initial());
    } finally {
      memory.reset();
    }
    return to;
  }

  private static INDArray like(INDArray x) {
    return Arrays.empty(x.dataType(), x.shape());
  }

  private static @Nullable INDArray optional(@Nullable INDArray x) {
    return x == null ? null : like(x);
  }

  private DeviceScan.Inputs upload(ScanInputs x) {
    boolean projected = x.geometry().rank() > 0;
    long delta = upload(x.delta());
    return new DeviceScan.Inputs(
        x.softplus(),
        upload(x.u()),
        delta,
        upload(x.deltaWeight()),
        upload(x.a()),
        projected ? delta : upload(x.b()),
        projected ? delta : upload(x.c()),
        upload(x.d()),
        upload(x.z()),
        upload(x.deltaBias()),
        upload(x.initial()),
        orders(x.geometry()));
  }

  private long upload(@Nullable INDArray array) {
    if (array == null) {
      return 0;
    }
    long address = place(array);
    try {
      device.write(address, pointer(array), bytes(array));
    } finally {
      Reference.reachabilityFence(array);
    }
    return address;
  }

  private void download(long from, @Nullable INDArray array) {
    if (array != null) {
      try {
        device.read(from, pointer(array), bytes(array));
      } finally {
        Reference.reachabilityFence(array);
      }
    }
  }

  /** Room for an array; 0 for none. */
  private long place(@Nullable INDArray array) {
    return array == null ? 0 : memory.take(bytes(array));
  }

  private long orders(ScanGeometry geometry) {
    var orders = geometry.orders();
    if (orders == null) {
      return 0;
    }
    long count = (long) orders.size() * geometry.length();
    long address = memory.take(count * Integer.BYTES);
    try (var positions = new IntPointer(count)) {
      for (int g = 0; g < orders.size(); g++) {
        positions.position((long) g * geometry.length()).put(orders.get(g));
      }
      positions.position(0);
      device.write(address, positions, count * Integer.BYTES);
    }
    return address;
  }

  private static long bytes(INDArray array) {
    return array.length() * array.dataType().width();
  }

  private static Pointer pointer(INDArray array) {
    var pointer = Objects.requireNonNull(array.data().addressPointer());
    return array.offset() == 0 ? pointer : pointer.getPointer(array.offset());
  }

  /** Gives the device's memory back. */
  synchronized void release() {
    memory.release();
  }
}
