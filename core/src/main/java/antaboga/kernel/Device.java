// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * A processor with memory of its own, which runs kernels written in CUDA C++. Addresses are those
 * of its memory. Calls come from one thread at a time; launches run in their order.
 */
public interface Device {
  /** What it is, for people. */
  String description();

  /** Its multiprocessors: so many blocks run side by side at least. */
  int processors();

  /**
   * Memory for the caller to close.
   *
   * @throws CudaException if there is not enough
   */
  DeviceBuffer allocate(long bytes);

  /** Gives memory back; {@link DeviceBuffer#close} calls it. */
  void release(long address);

  /** Copies from the host's memory. */
  void write(long to, Pointer from, long bytes);

  /** Copies to the host's memory, when all earlier launches have ended. */
  void read(long from, Pointer to, long bytes);

  /** Waits until all launches have ended. */
  void await();

  /**
   * Compiles a source for this device.
   *
   * @param name for messages
   * @param options of the compiler, such as {@code -DSTATES=16}
   * @throws IllegalArgumentException with the compiler's words if it does not compile
   */
  Program compile(String name, String source, List<String> options);

  /** A compiled source. */
  interface Program {
    /**
     * Starts a kernel that takes one structure of eight-byte fields.
     *
     * @param gridX blocks
     * @param gridY blocks along the second axis
     * @param threads of a block
     * @param fields of the structure, addresses and integers
     */
    void launch(String kernel, int gridX, int gridY, int threads, long... fields);
  }
}
