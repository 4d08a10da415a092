// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.golden.Check;
import antaboga.golden.Golden;
import antaboga.golden.GoldenCase;
import antaboga.ops.Arrays;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Checkpoint files of PyTorch that must be read, tensor by tensor, and others to be refused. */
public final class CheckpointCases {
  private static final Map<Integer, Short> HALVES = halves();

  private CheckpointCases() {}

  /** Opens every listed file; a file that behaves otherwise is a fault of the check. */
  public static void run(GoldenCase golden, Check check) throws Exception {
    var listed = listed(golden);
    assertEquals(golden.params().get("count").asInt(), listed.size());
    for (var name : listed.keySet()) {
      var path = golden.file("expected").resolveSibling(name);
      try {
        if (entry(listed, name).get("ok").asBoolean()) {
          reads(path, golden, name);
        } else {
          assertThrows(FormatException.class, () -> Checkpoint.open(path));
        }
      } catch (AssertionError | IOException e) {
        check.fault(name + ": " + e);
      }
    }
  }

  /** Requires that a file holds what is listed of the file {@code name}. */
  static void reads(Path path, GoldenCase golden, String name) throws Exception {
    var listed = listed(golden);
    var entry = entry(listed, name);
    var expected = entry.has("same_as") ? entry(listed, entry.get("same_as").asText()) : entry;
    var checkpoint = Checkpoint.open(path);
    var tensors = new ArrayList<String>();
    for (var field : expected.get("entries").properties()) {
      if (field.getValue().has("dtype")) {
        tensors.add(field.getKey());
        tensor(field.getKey(), checkpoint, field.getValue());
      } else {
        scalar(field.getKey(), checkpoint.metadata(), field.getValue().get("scalar"));
      }
    }
    assertEquals(tensors, checkpoint.names());
  }

  private static Map<String, JsonNode> listed(GoldenCase golden) throws IOException {
    var listed = new LinkedHashMap<String, JsonNode>();
    for (var entry : Golden.json(golden.file("expected"))) {
      var file = entry.get("file").asText();
      listed.put(file.substring(file.lastIndexOf('/') + 1), entry);
    }
    return listed;
  }

  private static JsonNode entry(Map<String, JsonNode> listed, String name) {
    var entry = listed.get(name);
    if (entry == null) {
      throw new IllegalStateException(name + " is not listed");
    }
    return entry;
  }

  private static void scalar(String name, Map<String, String> metadata, JsonNode scalar) {
    if (scalar.isNull()) {
      assertNull(metadata.get(name), name);
    } else if (scalar.isDouble()) {
      assertEquals(scalar.asDouble(), Double.parseDouble(String.valueOf(metadata.get(name))), name);
    } else {
      assertEquals(scalar.asText(), metadata.get(name), name);
    }
  }

  private static void tensor(String name, Checkpoint checkpoint, JsonNode entry) throws Exception {
    var array = checkpoint.get(name);
    assertEquals(type(entry.get("dtype").asText()), checkpoint.type(name), name);
    assertEquals(checkpoint.type(name).loaded(), array.dataType(), name);
    assertEquals(
        entry.get("shape").toString(),
        java.util.Arrays.toString(array.shape()).replace(" ", ""),
        name);
    assertTrue(array.isEmpty() || Arrays.isContiguous(array), name);
    assertEquals(
        entry.get("sha256_contiguous_le").asText(), hash(array, checkpoint.type(name)), name);
  }

  private static ElementType type(String dtype) {
    return switch (dtype) {
      case "float64" -> ElementType.F64;
      case "float32" -> ElementType.F32;
      case "float16" -> ElementType.F16;
      case "bfloat16" -> ElementType.BF16;
      case "int64" -> ElementType.I64;
      case "int32" -> ElementType.I32;
      case "int16" -> ElementType.I16;
      case "int8" -> ElementType.I8;
      case "uint8" -> ElementType.U8;
      default -> ElementType.BOOL;
    };
  }

  /** The hash of the bytes as they were before widening. */
  private static String hash(INDArray array, ElementType type) throws NoSuchAlgorithmException {
    var digest = MessageDigest.getInstance("SHA-256");
    if (!array.isEmpty()) {
      int bytes = (int) array.length() * ElementType.of(array.dataType()).bytes();
      var raw = ArrayBytes.piece(array, 0, bytes);
      var narrow = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
      while (raw.hasRemaining()) {
        if (type == ElementType.BF16) {
          narrow.putShort((short) (raw.getInt() >>> 16));
        } else if (type == ElementType.F16) {
          narrow.putShort(half(raw.getFloat()));
        } else {
          narrow.put(raw.get());
        }
      }
      digest.update(narrow.flip());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The half that widens to this float, found by trying: there are only 65,536. */
  private static short half(float value) {
    return HALVES.getOrDefault(Float.floatToRawIntBits(value), (short) 0x7e00);
  }

  private static Map<Integer, Short> halves() {
    var halves = new HashMap<Integer, Short>();
    for (int bits = 0; bits < 1 << 16; bits++) {
      halves.put(Float.floatToRawIntBits(ArrayBytes.half((short) bits)), (short) bits);
    }
    return halves;
  }
}
