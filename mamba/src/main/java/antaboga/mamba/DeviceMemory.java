// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.kernel.CudaException;
import antaboga.kernel.Device;
import antaboga.kernel.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A device's memory for one call after another: pieces are taken one by one and all given up at
 * once. Memory is kept for the next call, in one buffer as large as the largest call so far.
 */
final class DeviceMemory {
  private static final long ALIGNMENT = 256;

  private final Device device;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private long taken; // of the last buffer

  DeviceMemory(Device device) {
    this.device = device;
  }

  Device device() {
    return device;
  }

  /** The address of a piece whose contents are whatever was left there. */
  long take(long bytes) {
    long size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (buffers.isEmpty() || taken + size > last().bytes()) {
      buffers.add(device.allocate(size));
      taken = 0;
    }
    long address = last().address() + taken;
    taken += size;
    return address;
  }

  private DeviceBuffer last() {
    return buffers.get(buffers.size() - 1);
  }

  /** Gives up all pieces. */
  void reset() {
    taken = 0;
    if (buffers.size() > 1) {
      long total = buffers.stream().mapToLong(DeviceBuffer::bytes).sum();
      release();
      try {
        buffers.add(device.allocate(total));
      } catch (CudaException e) {
        return; // a full device: the next call asks for what it needs
      }
    }
  }

  /** Gives everything back to the device; one that is lost has nothing to take. */
  void release() {
    for (var buffer : buffers) {
      try {
        buffer.close();
      } catch (CudaException e) {
        // the call that failed, or the next one, says why
      }
    }
    buffers.clear();
    taken = 0;
  }
}
