// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Shape;
import antaboga.ops.Arrays;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class NpyTest {
  private final Path path;

  NpyTest(@TempDir Path folder) {
    this.path = folder.resolve("array.npy");
  }

  private static INDArray counting(DataType type, long... shape) {
    long length = Shape.of(shape).elements();
    return Nd4j.arange((double) length).castTo(type).reshape('c', shape);
  }

  /** A file of the given version; its data are {@code bytes} zeros. */
  private void write(int major, String header, int bytes) throws IOException {
    var text = header.getBytes(StandardCharsets.UTF_8);
    var out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, 0});
    var length = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(text.length);
    out.write(length.array(), 0, major == 1 ? 2 : 4);
    out.write(text);
    out.write(new byte[bytes]);
    Files.write(path, out.toByteArray());
  }

  private void refuses(String field) {
    var error = assertThrows(FormatException.class, () -> Npy.read(path));
    assertEquals(field, error.field(), error::toString);
    assertTrue(error.toString().contains(path.toString()), error::toString);
  }

  @ParameterizedTest
  @EnumSource(
      names = {"F16", "BF16"},
      mode = EnumSource.Mode.EXCLUDE)
  void writtenArrayIsReadBack(ElementType type) throws IOException {
    var array =
        type == ElementType.BOOL
            ? Nd4j.createFromArray(true, false, true, true, false, true).reshape('c', 2, 1, 3)
            : counting(type.loaded(), 2, 1, 3);
    Npy.write(path, array);
    var back = Npy.read(path);
    assertEquals(array.dataType(), back.dataType());
    assertEquals(array, back);
    assertTrue(Arrays.isContiguous(back));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "1,0,32", "2,3,4,5"})
  void everyRankIsReadBack(String sizes) throws IOException {
    var shape =
        sizes.isEmpty()
            ? new long[0]
            : Stream.of(sizes.split(",", -1)).mapToLong(Long::parseLong).toArray();
    Npy.write(path, Nd4j.create(DataType.FLOAT, shape, 'c'));
    assertArrayEquals(shape, Npy.read(path).shape());
  }

  @Test
  void viewIsWrittenInRowMajorOrder() throws IOException {
    var array = counting(DataType.FLOAT, 4, 6);
    var view = array.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(0, 2, 6)).permute(1, 0);
    Npy.write(path, view);
    assertEquals(view.dup('c'), Npy.read(path));
  }

  @Test
  void rowsOfAnArrayAreWrittenFromWhereTheyBegin() throws IOException {
    var rows = counting(DataType.DOUBLE, 4, 3).get(NDArrayIndex.interval(2, 4), NDArrayIndex.all());
    Npy.write(path, rows);
    assertEquals(rows.dup('c'), Npy.read(path));
  }

  @Test
  void sameArrayGivesSameBytes() throws IOException {
    Npy.write(path, counting(DataType.FLOAT, 3, 5));
    var first = Files.readAllBytes(path);
    Npy.write(path, counting(DataType.FLOAT, 3, 5));
    assertArrayEquals(first, Files.readAllBytes(path));
    assertEquals(0, (first.length - 60) % 64);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void readsEveryVersion(int major) throws IOException {
    write(major, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n", 24);
    assertArrayEquals(new long[] {2, 3}, Npy.read(path).shape());
  }

  @Test
  void readsKeysInAnyOrderAndSpacing() throws IOException {
    write(1, "{'shape':(3,),'fortran_order' : False , 'descr':'|u1'}\n", 3);
    assertArrayEquals(new long[] {3}, Npy.read(path).shape());
  }

  @Test
  void readsFortranOrder() throws IOException {
    var array = counting(DataType.FLOAT, 2, 3, 4);
    Npy.write(path, array.permute(2, 1, 0).dup('c'));
    var bytes = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    var fortran = bytes.replace("False, 'shape': (4, 3, 2)", "True,  'shape': (2, 3, 4)");
    Files.write(path, fortran.getBytes(StandardCharsets.ISO_8859_1));
    var back = Npy.read(path);
    assertEquals(array, back);
    assertTrue(Arrays.isContiguous(back));
  }

  @Test
  void arrayOutlivesTheWorkspaceItWasReadIn() throws IOException {
    Npy.write(path, counting(DataType.FLOAT, 3));
    try (var workspace = Nd4j.getWorkspaceManager().getAndActivateWorkspace("npy")) {
      assertTrue(workspace.isScopeActive());
      assertEquals(false, Npy.read(path).isAttached());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {">f4", "<f2", "<c8", "|O", "<U3", "float32"})
  void refusesOtherElementTypes(String descr) throws IOException {
    write(1, "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1,), }\n", 4);
    refuses("descr");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': false, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "[('descr', '<f4')]"
      })
  void refusesMalformedHeaders(String header) throws IOException {
    write(1, header, 4);
    refuses("header");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(2,)",
        "(1, 1, 2)",
        "()",
        "(9223372036854775807, 2)",
        "(,)",
        "(99999999999999999999,)"
      })
  void refusesShapesThatDoNotFillTheFile(String shape) throws IOException {
    write(1, "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n", 12);
    refuses("shape");
  }

  @Test
  void refusesAnotherFormat() throws IOException {
    Files.writeString(path, "<!DOCTYPE html><html></html>");
    refuses("magic");
  }

  @Test
  void refusesAnEmptyFile() throws IOException {
    Files.createFile(path);
    refuses("size");
  }

  @Test
  void refusesAHeaderLongerThanTheFile() throws IOException {
    write(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4);
    var bytes = Files.readAllBytes(path);
    bytes[11] = 0x7f;
    Files.write(path, bytes);
    refuses("header");
  }

  @Test
  void refusesAnUnknownVersion() throws IOException {
    write(4, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4);
    refuses("version");
  }

  @Test
  void failedWriteLeavesTheOldFile() throws IOException {
    Npy.write(path, counting(DataType.FLOAT, 2));
    assertThrows(
        IllegalArgumentException.class, () -> Npy.write(path, Nd4j.create(DataType.BFLOAT16, 2)));
    assertArrayEquals(new long[] {2}, Npy.read(path).shape());
  }

  @Test
  void missingFolderIsNamed() {
    var missing = path.resolveSibling("none").resolve("a.npy");
    assertThrows(
        NoSuchFileException.class, () -> Npy.write(missing, Nd4j.create(DataType.FLOAT, 2)));
  }
}
