// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A file of numbers over steps for TensorBoard. Each record is a length, its checksum, an {@code
 * Event} and its checksum; a checksum is CRC-32C, turned and shifted as TensorFlow does.
 * TensorBoard finds files whose names contain {@code tfevents}.
 *
 * <pre>{@code
 * var events = new EventFile(folder.resolve("events.out.tfevents.antaboga"));
 * events.add(step, now, "loss/total", loss);
 * events.flush();
 * }</pre>
 *
 * <p>Source: TensorFlow, {@code lib/io/record_writer.cc}, {@code util/event.proto}, {@code
 * framework/summary.proto}.
 */
public final class EventFile {
  private static final int WALL_TIME = 1; // fields of Event
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int VALUE = 1; // of Summary
  private static final int TAG = 1; // of Summary.Value
  private static final int SIMPLE_VALUE = 2;

  private final Path file;
  private final List<byte[]> waiting = new ArrayList<>();
  private double begun; // when the first of those was added

  /** A file that is begun, or gone on with, when the first numbers are written. */
  public EventFile(Path file) {
    this.file = file;
  }

  /**
   * A number at a step, written by {@link #flush}.
   *
   * @param seconds since 1970
   * @param tag its name; what stands before a slash groups the charts
   */
  public void add(long step, double seconds, String tag, double value) {
    begun = waiting.isEmpty() ? seconds : begun;
    var single = new ProtoMessage().put(TAG, tag).put(SIMPLE_VALUE, (float) value);
    var summary = new ProtoMessage().put(VALUE, single.bytes());
    var event = new ProtoMessage().put(WALL_TIME, seconds).put(STEP, step);
    waiting.add(event.put(SUMMARY, summary.bytes()).bytes());
  }

  /**
   * Appends what was added.
   *
   * @throws IOException if the file cannot be written
   */
  public void flush() throws IOException {
    if (waiting.isEmpty()) {
      return;
    }
    if (!Files.exists(file)) {
      var version = new ProtoMessage().put(WALL_TIME, begun).put(FILE_VERSION, "brain.Event:2");
      waiting.add(0, version.bytes());
    }
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (var event : waiting) {
        var record = record(event);
        while (record.hasRemaining()) {
          channel.write(record);
        }
      }
    }
    waiting.clear();
  }

  private static ByteBuffer record(byte[] event) {
    var record = ByteBuffer.allocate(event.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(event.length);
    record.putInt(checksum(record.array(), 0, 8));
    record.put(event).putInt(checksum(event, 0, event.length));
    return record.flip();
  }

  private static int checksum(byte[] bytes, int from, int length) {
    var crc = new CRC32C();
    crc.update(bytes, from, length);
    int value = (int) crc.getValue();
    return ((value >>> 15) | (value << 17)) + 0xa282ead8;
  }
}
