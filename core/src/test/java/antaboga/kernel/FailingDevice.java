// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.Pointer;

/** A device that has so much memory, or none any more; it computes nothing. */
public final class FailingDevice implements Device {
  private final Map<Long, Long> given = new TreeMap<>();
  private long capacity;
  private long next = 256;
  private boolean lost;

  public FailingDevice(long capacity) {
    this.capacity = capacity;
  }

  public void resize(long bytes) {
    capacity = bytes;
  }

  public void lose() {
    lost = true;
  }

  public long used() {
    return given.values().stream().mapToLong(b -> b).sum();
  }

  private void enter() {
    if (lost) {
      throw new CudaException("cuCtxSetCurrent", 46, "CUDA_ERROR_DEVICE_UNAVAILABLE");
    }
  }

  @Override
  public String description() {
    return "failing";
  }

  @Override
  public int processors() {
    return 4;
  }

  @Override
  public DeviceBuffer allocate(long bytes) {
    enter();
    if (used() + bytes > capacity) {
      throw new CudaException(
          "cuMemAlloc", 2, "asked for %d bytes, %d are free".formatted(bytes, capacity - used()));
    }
    long address = next;
    next += bytes;
    given.put(address, bytes);
    return new DeviceBuffer(this, address, bytes);
  }

  @Override
  public void release(long address) {
    enter();
    given.remove(address);
  }

  @Override
  public void write(long to, Pointer from, long bytes) {
    enter();
  }

  @Override
  public void read(long from, Pointer to, long bytes) {
    enter();
  }

  @Override
  public void await() {
    enter();
  }

  @Override
  public Program compile(String name, String source, List<String> options) {
    enter();
    return (kernel, gridX, gridY, threads, fields) -> enter();
  }
}
