// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A message of Protocol Buffers that is being put together. Arrays are referred to and copied only
 * when the message is written, straight from ND4J's memory. Source: protobuf.dev, Encoding.
 */
final class ProtoMessage {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private interface Part {
    void writeTo(FileChannel file) throws IOException;
  }

  private final List<Part> parts = new ArrayList<>();
  private ByteArrayOutputStream open = new ByteArrayOutputStream(); // since the last part
  private long before; // bytes of the parts

  /** The number of bytes so far. */
  long size() {
    return before + open.size();
  }

  ProtoMessage put(int field, long value) {
    tag(field, VARINT);
    varint(value);
    return this;
  }

  ProtoMessage put(int field, float value) {
    tag(field, FIXED32);
    int bits = Float.floatToIntBits(value);
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      open.write(bits >>> shift);
    }
    return this;
  }

  ProtoMessage put(int field, double value) {
    tag(field, FIXED64);
    long bits = Double.doubleToLongBits(value);
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      open.write((int) (bits >>> shift));
    }
    return this;
  }

  ProtoMessage put(int field, String text) {
    return put(field, text.getBytes(StandardCharsets.UTF_8));
  }

  ProtoMessage put(int field, byte[] bytes) {
    tag(field, BYTES);
    varint(bytes.length);
    open.writeBytes(bytes);
    return this;
  }

  /** The message as it is now. */
  ProtoMessage put(int field, ProtoMessage message) {
    tag(field, BYTES);
    varint(message.size());
    return append(message);
  }

  /** The elements of an array as bytes, little-endian; read when this is written. */
  ProtoMessage put(int field, INDArray array) {
    long bytes = array.length() * ElementType.of(array.dataType()).bytes();
    tag(field, BYTES);
    varint(bytes);
    close();
    parts.add(file -> ArrayBytes.write(file, array));
    before += bytes;
    return this;
  }

  /** The fields of another message, after those of this. */
  ProtoMessage append(ProtoMessage message) {
    close();
    parts.addAll(message.parts);
    before += message.before;
    open.writeBytes(message.open.toByteArray());
    return this;
  }

  /** The bytes of a message that holds neither arrays nor other messages. */
  byte[] bytes() {
    if (!parts.isEmpty()) {
      throw new IllegalStateException("the message has parts; write it to a file");
    }
    return open.toByteArray();
  }

  void writeTo(FileChannel file) throws IOException {
    close();
    for (var part : parts) {
      part.writeTo(file);
    }
  }

  private void close() {
    if (open.size() > 0) {
      var bytes = open.toByteArray();
      open = new ByteArrayOutputStream();
      before += bytes.length;
      parts.add(
          file -> {
            var left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
              file.write(left);
            }
          });
    }
  }

  private void tag(int field, int wire) {
    varint(((long) field << 3) | wire);
  }

  private void varint(long value) {
    long left = value;
    while ((left & ~0x7fL) != 0) {
      open.write((int) ((left & 0x7f) | 0x80));
      left >>>= 7;
    }
    open.write((int) left);
  }
}
