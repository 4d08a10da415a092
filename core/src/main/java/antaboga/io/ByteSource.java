// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Bytes that can be read by position: a file, or a record within it. */
@FunctionalInterface
interface ByteSource {
  /** Fills the buffer with the bytes from {@code position} on, or throws. */
  void read(long position, ByteBuffer into) throws IOException;
}
