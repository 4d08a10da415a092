// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class SafeTensorsTest {
  private final Path path;

  SafeTensorsTest(@TempDir Path folder) {
    this.path = folder.resolve("w.safetensors");
  }

  private void write(String header, byte... data) throws IOException {
    write(header.getBytes(StandardCharsets.UTF_8), data);
  }

  private void write(byte[] header, byte... data) throws IOException {
    var out = new ByteArrayOutputStream();
    var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length);
    out.write(length.array());
    out.write(header);
    out.write(data);
    Files.write(path, out.toByteArray());
  }

  private FormatException refuses(String field) {
    var error = assertThrows(FormatException.class, () -> Checkpoint.open(path));
    assertEquals(field, error.field(), error::toString);
    return error;
  }

  private static String array(String dtype, String shape, long begin, long end) {
    return "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(dtype, shape, begin, end);
  }

  @Test
  void readsWhatTheReferenceWrites() throws IOException {
    write(
        "{\"__metadata__\":{\"format\":\"pt\"},\"w\":" + array("F32", "[2]", 0, 8) + "}      ",
        new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0});
    var checkpoint = Checkpoint.open(path);
    assertEquals(Nd4j.createFromArray(1f, -2f), checkpoint.get("w"));
    assertEquals(Map.of("format", "pt"), checkpoint.metadata());
  }

  @Test
  void orderOfNamesNeedNotBeThatOfTheData() throws IOException {
    write(
        "{\"b\":" + array("U8", "[1]", 1, 2) + ",\"a\":" + array("U8", "[]", 0, 1) + "}",
        new byte[] {1, 2});
    assertEquals(List.of("b", "a"), Checkpoint.open(path).names());
    assertEquals(2, Checkpoint.open(path).get("b").getInt(0));
  }

  @ParameterizedTest
  @CsvSource({
    "0000, 0",
    "8000, -0.0",
    "0001, 5.9604645e-8",
    "03ff, 6.097555e-5",
    "0400, 6.1035156e-5",
    "3c00, 1",
    "3555, 0.33325195",
    "7bff, 65504",
    "fc00, -Infinity",
    "7e00, NaN"
  })
  void widensHalf(String bits, float value) throws IOException {
    int half = Integer.parseInt(bits, 16);
    write("{\"w\":" + array("F16", "[1]", 0, 2) + "}", (byte) half, (byte) (half >> 8));
    var array = Checkpoint.open(path).get("w");
    assertEquals(DataType.FLOAT, array.dataType());
    assertEquals(value, array.getFloat(0));
  }

  @Test
  void widensBfloat16() throws IOException {
    write(
        "{\"w\":" + array("BF16", "[2]", 0, 4) + "}",
        new byte[] {(byte) 0x80, 0x3f, 0x20, (byte) 0xc1});
    assertArrayEquals(new float[] {1, -10}, Checkpoint.open(path).get("w").toFloatVector());
  }

  @Test
  void everyByteButZeroIsTrue() throws IOException {
    write("{\"w\":" + array("BOOL", "[3]", 0, 3) + "}", new byte[] {0, 1, 7});
    assertEquals(Nd4j.createFromArray(false, true, true), Checkpoint.open(path).get("w"));
  }

  @Test
  void halfIsSavedAsFloat() throws IOException {
    write("{\"w\":" + array("F16", "[1]", 0, 2) + "}", (byte) 0, (byte) 0x3c);
    Checkpoint.open(path).save(path);
    assertEquals(ElementType.F32, Checkpoint.open(path).type("w"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ ",
        "{\"w\"}",
        "{'w':1}",
        "{} {}",
        "{},",
        "{\"w\":1,}",
        "{\"w\":1,\"w\":1}",
        "{\"w\":01}",
        "{\"w\":1.0}",
        "{\"w\":1e3}",
        "{\"w\":true}",
        "{\"w\":null}",
        "{\"w\":99999999999999999999}",
        "{\"w\":9223372036854775808}",
        "{\"\\x\":1}",
        "{\"\\ud800\":1}",
        "{\"\\u12g4\":1}",
        "{\"a\nb\":1}",
        "{\"w\":[[[[[[[[[1]]]]]]]]]}",
        "{\"w\":-}"
      })
  void refusesMalformedJson(String header) throws IOException {
    write(header);
    refuses("header");
  }

  @Test
  void refusesDeepNestingWithoutRecursingIntoIt() throws IOException {
    write("{\"w\":" + "[".repeat(1 << 20));
    refuses("header");
  }

  @Test
  void refusesBytesThatAreNotUtf8() throws IOException {
    write(new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'});
    refuses("header");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "[]",
        "{}",
        "{\"dtype\":\"F32\",\"shape\":[1]}",
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}",
        "{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}",
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}",
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}",
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}",
        "{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F32\",\"shape\":[4611686018427387905,4],\"data_offsets\":[0,4]}",
        "{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}",
        "{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}",
        "{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}",
        "{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[9223372036854775803,9223372036854775807]}"
      })
  void refusesMalformedArrays(String entry) throws IOException {
    write("{\"w\":" + entry + "}", new byte[4]);
    refuses("w");
  }

  @Test
  void refusesOverlap() throws IOException {
    write(
        "{\"a\":" + array("U8", "[4]", 0, 4) + ",\"b\":" + array("U8", "[2]", 2, 4) + "}",
        new byte[4]);
    refuses("b");
  }

  @Test
  void refusesAGap() throws IOException {
    write(
        "{\"a\":" + array("U8", "[1]", 0, 1) + ",\"b\":" + array("U8", "[2]", 2, 4) + "}",
        new byte[4]);
    refuses("b");
  }

  @Test
  void refusesTrailingBytes() throws IOException {
    write("{\"a\":" + array("U8", "[4]", 0, 4) + "}", new byte[5]);
    refuses("data");
  }

  @Test
  void refusesMetadataThatIsNotText() throws IOException {
    write("{\"__metadata__\":{\"a\":1}}");
    refuses("__metadata__");
    write("{\"__metadata__\":[]}");
    refuses("__metadata__");
  }

  @Test
  void refusesAHeaderLongerThanTheFile() throws IOException {
    write("{}");
    var bytes = Files.readAllBytes(path);
    bytes[3] = 1;
    Files.write(path, bytes);
    refuses("header length");
  }

  @Test
  void refusesAHugeHeader() throws IOException {
    write("{" + " ".repeat(5 << 20) + "}");
    refuses("header length");
  }

  @Test
  void everyCutIsNoticed() throws IOException {
    Checkpoint.of(Map.of("w", Nd4j.createFromArray(1f, 2f, 3f))).save(path);
    var whole = Files.readAllBytes(path);
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, java.util.Arrays.copyOf(whole, length));
      assertThrows(FormatException.class, () -> Checkpoint.open(path), length + " bytes");
    }
  }

  @Test
  void damagedFilesAreReadOrRefusedInWords() throws IOException {
    Checkpoint.of(
            Map.of(
                "layer.weight", Nd4j.createFromArray(1f, 2f, 3f, 4f).reshape('c', 2, 2),
                "layer.bias", Nd4j.createFromArray(1.0, 2.0)))
        .with("seed", "1")
        .save(path);
    var whole = Files.readAllBytes(path);
    var random = new SplittableRandom(1);
    int refused = 0;
    for (int i = 0; i < 500; i++) {
      var damaged = whole.clone();
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      Files.write(path, damaged);
      try {
        Checkpoint.open(path).arrays();
      } catch (FormatException e) {
        refused++;
      }
    }
    assertTrue(refused > 250, refused + " of 500");
  }
}
