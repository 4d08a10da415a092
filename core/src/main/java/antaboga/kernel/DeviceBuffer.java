// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

/** Memory of a {@link Device}; closing gives it back. */
public final class DeviceBuffer implements AutoCloseable {
  private final Device device;
  private final long address;
  private final long bytes;
  private boolean closed;

  /** Memory that the device has allocated. */
  public DeviceBuffer(Device device, long address, long bytes) {
    this.device = device;
    this.address = address;
    this.bytes = bytes;
  }

  /**
   * The first byte.
   *
   * @throws IllegalStateException if the buffer is closed
   */
  public long address() {
    if (closed) {
      throw new IllegalStateException("device buffer of " + bytes + " bytes is closed");
    }
    return address;
  }

  /** Its size. */
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.release(address);
    }
  }
}
