// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import antaboga.Shape;
import antaboga.ops.Arrays;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Moves arrays between files and ND4J's own memory, little-endian and row-major, without a copy
 * between; arrays of more than 2 GiB go in pieces, since a buffer of Java holds no more.
 */
final class ArrayBytes {
  private static final int PIECE = 1 << 30;
  private static final int WIDENED = 1 << 16;

  private ArrayBytes() {}

  /** A dense array on no tape: what is read from a file outlives the step that asked for it. */
  @SuppressWarnings("try") // the scope is needed for its closing alone
  static INDArray empty(ElementType type, Shape shape) {
    try (var detached = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return Arrays.empty(type.loaded(), shape.toArray());
    }
  }

  /** Reads an array whose elements lie densely in the file from {@code position} on. */
  static INDArray read(FileChannel file, long position, ElementType type, Shape shape)
      throws IOException {
    return read((at, into) -> readFully(file, at, into), position, type, shape);
  }

  /** Reads an array whose elements lie densely in the source from {@code position} on. */
  static INDArray read(ByteSource source, long position, ElementType type, Shape shape)
      throws IOException {
    var array = empty(type, shape);
    try {
      if (type == ElementType.F16 || type == ElementType.BF16) {
        widen(source, position, type, array);
        return array;
      }
      long bytes = Math.multiplyExact(shape.elements(), (long) type.bytes());
      for (long done = 0; done < bytes; done += PIECE) {
        int length = (int) Math.min(PIECE, bytes - done);
        var piece = piece(array, done, length);
        source.read(position + done, piece);
        if (type == ElementType.BOOL) {
          normalize(piece.flip());
        }
      }
      return array;
    } finally {
      Reference.reachabilityFence(array);
    }
  }

  /** Writes the elements of an array, in row-major order. */
  static void write(WritableByteChannel file, INDArray array) throws IOException {
    var dense = Arrays.contiguous(array);
    long bytes = dense.length() * ElementType.of(dense.dataType()).bytes();
    try {
      for (long done = 0; done < bytes; done += PIECE) {
        var piece = piece(dense, done, (int) Math.min(PIECE, bytes - done));
        while (piece.hasRemaining()) {
          file.write(piece);
        }
      }
    } finally {
      Reference.reachabilityFence(dense);
    }
  }

  /** The bytes of a dense array from {@code from} on. The caller keeps the array alive. */
  static ByteBuffer piece(INDArray dense, long from, int length) {
    var bytes = new BytePointer(dense.data().pointer());
    long start = dense.offset() * ElementType.of(dense.dataType()).bytes() + from;
    return bytes
        .capacity(start + length)
        .position(start)
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Fills the buffer from the file. */
  static void readFully(FileChannel file, long position, ByteBuffer into) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int read = file.read(into, at);
      if (read < 0) {
        throw new EOFException(
            "file ends at byte " + at + ", " + into.remaining() + " are missing");
      }
      at += read;
    }
  }

  // a boolean that is neither 0 nor 1 is beyond what native code expects
  private static void normalize(ByteBuffer booleans) {
    for (int i = 0; i < booleans.limit(); i++) {
      booleans.put(i, (byte) (booleans.get(i) == 0 ? 0 : 1));
    }
  }

  private static void widen(ByteSource source, long position, ElementType type, INDArray array)
      throws IOException {
    var block = ByteBuffer.allocateDirect(WIDENED).order(ByteOrder.LITTLE_ENDIAN);
    long elements = array.length();
    int most = WIDENED / type.bytes();
    for (long done = 0; done < elements; done += most) {
      int count = (int) Math.min(most, elements - done);
      source.read(position + done * type.bytes(), block.clear().limit(count * type.bytes()));
      block.flip();
      var floats = piece(array, done * Float.BYTES, count * Float.BYTES).asFloatBuffer();
      while (block.hasRemaining()) {
        short bits = block.getShort();
        floats.put(type == ElementType.F16 ? half(bits) : Float.intBitsToFloat(bits << 16));
      }
    }
  }

  /**
   * The elements that a view of the given sizes and strides sees in a line of them.
   *
   * @throws IllegalArgumentException if either has more than 1 GiB
   */
  static INDArray gather(INDArray line, ElementType type, Shape shape, long... strides) {
    var out = empty(type, shape);
    int bytes = ElementType.of(type.loaded()).bytes();
    if (Math.max(line.length(), shape.elements()) > PIECE / bytes) {
      throw new IllegalArgumentException("view of " + shape + " with gaps is more than 1 GiB");
    }
    try {
      var from = piece(line, 0, (int) line.length() * bytes);
      var to = piece(out, 0, (int) shape.elements() * bytes);
      var sizes = shape.toArray();
      var index = new long[sizes.length];
      int at = 0;
      while (to.hasRemaining()) {
        switch (bytes) {
          case 1 -> to.put(from.get(at));
          case 2 -> to.putShort(from.getShort(at * 2));
          case 4 -> to.putInt(from.getInt(at * 4));
          default -> to.putLong(from.getLong(at * 8));
        }
        for (int axis = sizes.length - 1; axis >= 0; axis--) {
          at += (int) strides[axis];
          if (++index[axis] < sizes[axis]) {
            break;
          }
          at -= (int) (strides[axis] * sizes[axis]);
          index[axis] = 0;
        }
      }
      return out;
    } finally {
      Reference.reachabilityFence(line);
      Reference.reachabilityFence(out);
    }
  }

  /** The value of a 16-bit float; {@code Float.float16ToFloat} is Java 20. */
  static float half(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = bits >>> 10 & 0x1f;
    int mantissa = bits & 0x3ff;
    if (exponent == 0) {
      float magnitude = mantissa * 0x1p-24f; // zero and subnormal numbers
      return sign == 0 ? magnitude : -magnitude;
    }
    int widened = exponent == 0x1f ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | widened << 23 | mantissa << 13);
  }
}
