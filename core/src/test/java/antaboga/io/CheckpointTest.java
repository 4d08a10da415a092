// SPDX-License-Identifier: Apache-2.0
package antaboga.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Shape;
import antaboga.ops.Arrays;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class CheckpointTest {
  private final Path folder;
  private final Path path;

  CheckpointTest(@TempDir Path folder) {
    this.folder = folder;
    this.path = folder.resolve("any.name");
  }

  private static INDArray counting(DataType type, long... shape) {
    return Nd4j.arange((double) Shape.of(shape).elements()).castTo(type).reshape('c', shape);
  }

  private static Map<String, INDArray> arrays() {
    var arrays = new LinkedHashMap<String, INDArray>();
    arrays.put("z.weight", counting(DataType.FLOAT, 3, 1, 2));
    arrays.put("flags", Nd4j.createFromArray(true, false, true));
    arrays.put("a \"b\" \\ \u00fc\ud83d\ude00\n", counting(DataType.DOUBLE, 5));
    arrays.put("step", counting(DataType.INT64));
    arrays.put("bytes", counting(DataType.UINT8, 7));
    arrays.put("none", Nd4j.create(DataType.FLOAT, new long[] {0, 4}, 'c'));
    arrays.put("half", counting(DataType.INT32, 2));
    return arrays;
  }

  private static Checkpoint named(String... names) {
    var arrays = new LinkedHashMap<String, INDArray>();
    for (var name : names) {
      arrays.put(name, counting(DataType.FLOAT, 2));
    }
    return Checkpoint.of(arrays);
  }

  @Test
  void savedArraysAreReadBack() throws IOException {
    Checkpoint.of(arrays()).save(path);
    var back = Checkpoint.open(path);
    for (var e : arrays().entrySet()) {
      var array = back.get(e.getKey());
      assertEquals(e.getValue().dataType(), array.dataType(), e.getKey());
      assertArrayEquals(e.getValue().shape(), array.shape(), e.getKey());
      assertTrue(array.isEmpty() || (array.equals(e.getValue()) && Arrays.isContiguous(array)));
    }
  }

  @Test
  void namesKeepTheirOrder() throws IOException {
    Checkpoint.of(arrays()).save(path);
    assertEquals(List.copyOf(arrays().keySet()), Checkpoint.open(path).names());
  }

  @Test
  void shapeAndTypeAreKnownWithoutReading() throws IOException {
    Checkpoint.of(arrays()).save(path);
    var back = Checkpoint.open(path);
    assertEquals(Shape.of(3, 1, 2), back.shape("z.weight"));
    assertEquals(ElementType.F64, back.type(arrays().keySet().stream().toList().get(2)));
  }

  @Test
  void metadataIsReadBack() throws IOException {
    named("w").with("seed", "42").with("note", "\"\\\t\u00e9").save(path);
    assertEquals(Map.of("seed", "42", "note", "\"\\\t\u00e9"), Checkpoint.open(path).metadata());
  }

  @Test
  void sameContentGivesSameBytes() throws IOException {
    named("w", "v").with("b", "1").with("a", "2").save(path);
    var first = Files.readAllBytes(path);
    named("w", "v").with("a", "2").with("b", "1").save(path);
    assertArrayEquals(first, Files.readAllBytes(path));
    Checkpoint.open(path).save(folder.resolve("copy"));
    assertArrayEquals(first, Files.readAllBytes(folder.resolve("copy")));
  }

  @Test
  void everyArrayIsAlignedToItsElements() throws IOException {
    Checkpoint.of(arrays()).save(path);
    long header = Files.readAllBytes(path)[0];
    assertEquals(0, header % 8);
  }

  @Test
  void emptyCheckpointIsReadBack() throws IOException {
    Checkpoint.of(Map.of()).save(path);
    assertEquals(List.of(), Checkpoint.open(path).names());
  }

  @Test
  void viewIsSavedInRowMajorOrder() throws IOException {
    var view = counting(DataType.FLOAT, 4, 6).get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());
    Checkpoint.of(Map.of("v", view.permute(1, 0))).save(path);
    assertEquals(view.permute(1, 0).dup('c'), Checkpoint.open(path).get("v"));
  }

  @Test
  void fileMaySaveOverItself() throws IOException {
    Checkpoint.of(arrays()).save(path);
    Checkpoint.open(path).with("again", "yes").save(path);
    assertEquals(arrays().get("z.weight"), Checkpoint.open(path).get("z.weight"));
  }

  @Test
  void replacedFileIsNoticed() throws IOException {
    named("w").save(path);
    var opened = Checkpoint.open(path);
    named("w").save(path);
    Files.setLastModifiedTime(path, FileTime.fromMillis(1));
    var error = assertThrows(FormatException.class, () -> opened.get("w"));
    assertTrue(error.toString().contains("changed since"), error::toString);
  }

  @Test
  void failedSaveLeavesTheOldFileAndNothingElse() throws IOException {
    named("w").save(path);
    var before = Files.readAllBytes(path);
    var arrays = new LinkedHashMap<String, StoredArray>();
    var written = Nd4j.createFromArray(new float[100_000]);
    arrays.put("a", new StoredArray(ElementType.F32, Shape.of(100_000), () -> written));
    arrays.put(
        "w",
        new StoredArray(
            ElementType.F32,
            Shape.of(2),
            () -> {
              throw new IOException("No space left on device");
            }));
    var broken = new Checkpoint("memory", arrays, Map.of());
    var error = assertThrows(IOException.class, () -> broken.save(path));
    assertTrue(error.toString().contains(path.toString()), error::toString);
    assertArrayEquals(before, Files.readAllBytes(path));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(path), files.toList());
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void folderThatTakesNoFilesIsNamed() {
    var refused = Path.of("/proc/w.safetensors");
    var error = assertThrows(FileSystemException.class, () -> named("w").save(refused));
    assertEquals(refused.toString(), error.getFile());
    assertTrue(error.toString().contains("could not be written"), error::toString);
  }

  @Test
  void underKeepsOneBranch() throws IOException {
    var c = named("encoder.w", "decoder.w").under("decoder.");
    assertEquals(List.of("w"), c.names());
    assertEquals(counting(DataType.FLOAT, 2), c.get("w"));
  }

  @Test
  void stateDictUnwrapsModelAndModule() {
    assertEquals(List.of("w"), named("model/module.w", "optimizer/0").stateDict().names());
    assertEquals(List.of("w"), named("state_dict/w", "epoch").stateDict().names());
    assertEquals(List.of("w", "v"), named("module.w", "module.v").stateDict().names());
    assertEquals(List.of("module.w", "v"), named("module.w", "v").stateDict().names());
  }

  @Test
  void missingNameIsSaid() {
    var error = assertThrows(NoSuchElementException.class, () -> named("w").get("v"));
    assertTrue(error.toString().contains("no array v"), error::toString);
  }

  @Test
  void refusesNamesThatAreNotUnicode() {
    assertThrows(IllegalArgumentException.class, () -> named("\ud800").save(path));
    assertThrows(IllegalArgumentException.class, () -> named("__metadata__").save(path));
    assertFalse(Files.exists(path));
  }

  @Test
  void refusesTypesThatFilesDoNotHold() {
    var arrays = Map.of("w", Nd4j.create(DataType.BFLOAT16, 2));
    assertThrows(IllegalArgumentException.class, () -> Checkpoint.of(arrays));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "<!DOCTYPE html>",
        "version https://git-lfs.github.com/spec/v1",
        "garbage"
      })
  void refusesOtherFilesInWords(String content) throws IOException {
    Files.writeString(path, content);
    var error = assertThrows(FormatException.class, () -> Checkpoint.open(path));
    assertEquals("content", error.field());
    assertEquals(path.toString(), error.path());
  }

  @Test
  void refusesAFolder() {
    assertThrows(FormatException.class, () -> Checkpoint.open(folder));
    assertThrows(FormatException.class, () -> named("w").save(folder));
  }

  @Test
  void refusesAMissingFile() {
    assertThrows(NoSuchFileException.class, () -> Checkpoint.open(folder.resolve("none")));
    assertThrows(
        NoSuchFileException.class, () -> named("w").save(folder.resolve("none").resolve("w")));
  }
}
