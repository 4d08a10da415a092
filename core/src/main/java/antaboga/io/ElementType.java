// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import org.nd4j.linalg.api.buffer.DataType;

/** The element types that files hold, and the ND4J type they are read into. */
public enum ElementType {
  /** 64-bit floating point. */
  F64(8, DataType.DOUBLE),
  /** 32-bit floating point. */
  F32(4, DataType.FLOAT),
  /** 16-bit floating point of IEEE 754; read into FLOAT, which holds every value of it. */
  F16(2, DataType.FLOAT),
  /** The upper half of a 32-bit float; read into FLOAT. */
  BF16(2, DataType.FLOAT),
  /** 64-bit signed integer. */
  I64(8, DataType.INT64),
  /** 32-bit signed integer. */
  I32(4, DataType.INT32),
  /** 16-bit signed integer. */
  I16(2, DataType.INT16),
  /** 8-bit signed integer. */
  I8(1, DataType.INT8),
  /** 8-bit unsigned integer. */
  U8(1, DataType.UINT8),
  /** A byte that is 0 or 1. */
  BOOL(1, DataType.BOOL);

  private final int bytes;
  private final DataType loaded;

  ElementType(int bytes, DataType loaded) {
    this.bytes = bytes;
    this.loaded = loaded;
  }

  /** The size of one element in the file. */
  public int bytes() {
    return bytes;
  }

  /** The type of the array in memory. */
  public DataType loaded() {
    return loaded;
  }

  /**
   * The type that holds an array of ND4J as it is.
   *
   * @throws IllegalArgumentException if files have no such type
   */
  public static ElementType of(DataType type) {
    for (var candidate : values()) {
      if (candidate.loaded == type && candidate != F16 && candidate != BF16) {
        return candidate;
      }
    }
    throw new IllegalArgumentException(
        "array of " + type + " cannot be written, expected FLOAT, DOUBLE, BOOL or an integer type");
  }
}
