// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.examples.run.Network;
import antaboga.io.Checkpoint;
import antaboga.nn.Weights;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user may get wrong: one line with the path and the remedy, and nothing is left behind. */
class BadInputTest {
  @TempDir Path temporary;

  private Path data() {
    return temporary.resolve("data");
  }

  private Path out() {
    return temporary.resolve("out");
  }

  @BeforeEach
  void makeData() throws IOException {
    TinyData.in(data());
  }

  /** It failed with one line that names all of these, and wrote no result. */
  private void refused(Run run, Object... named) throws IOException {
    refused(1, run, named);
  }

  private void refused(int status, Run run, Object... named) throws IOException {
    assertEquals(status, run.status(), run.said());
    assertEquals(1, run.said().strip().lines().count(), run.said());
    assertTrue(run.said().startsWith("antaboga: "), run.said());
    for (var name : named) {
      assertTrue(run.said().contains(name.toString()), "no '" + name + "' in: " + run.said());
    }
    if (Files.isDirectory(out())) {
      try (var files = Files.list(out())) {
        assertEquals(0, files.count(), "something was left in the output folder");
      }
    }
  }

  /** A short training; an option given here replaces the usual one. */
  private Run train(Object... more) {
    var words = new ArrayList<Object>(List.of("train", "--data", data(), "--out", out()));
    var given = List.of(more);
    Map.of("--size", 32, "--steps", 2, "--batch", 1)
        .forEach(
            (name, value) -> {
              if (!given.contains(name)) {
                words.addAll(List.of(name, value));
              }
            });
    words.addAll(given);
    return Run.of(words.toArray());
  }

  private Path image(int i) {
    return data().resolve("images").resolve(TinyData.name(i) + ".png");
  }

  private Path mask(int i) {
    return data().resolve("masks").resolve(TinyData.name(i) + ".png");
  }

  @Test
  void noDataFolder() throws IOException {
    var missing = temporary.resolve("missing");
    refused(Run.of("evaluate", "--checkpoint", "x", "--data", missing), missing, "images/, masks/");
  }

  @Test
  void emptyFolder() throws IOException {
    var empty = temporary.resolve("empty");
    Files.createDirectories(empty.resolve("images"));
    refused(Run.of("demo", "--data", empty, "--out", out()), empty, "no images");
  }

  @Test
  void missingMask() throws IOException {
    Files.delete(mask(2));
    refused(train("--labelled", 100), mask(2), "no mask");
  }

  @Test
  void mismatchedMask() throws IOException {
    var small = new BufferedImage(20, 20, BufferedImage.TYPE_BYTE_GRAY);
    ImageIO.write(small, "png", mask(1).toFile());
    refused(train("--labelled", 100), mask(1), "20 x 20", "40 x 36");
  }

  @Test
  void maskOfAnUnlabelledImageIsNotOpened() throws IOException {
    for (int i = 1; i < 6; i++) {
      Files.delete(mask(i));
    }
    Files.writeString(
        data().resolve("splits").resolve("train_labeled_10pct.txt"), TinyData.name(0) + "\n");
    assertEquals(0, train().status());
  }

  @Test
  void corruptImage() throws IOException {
    Files.writeString(image(3), "not an image");
    refused(train("--labelled", 100), image(3), "not a whole image");
  }

  @Test
  void copyThatBrokeOff() throws IOException {
    var whole = Files.readAllBytes(image(3));
    Files.write(image(3), Arrays.copyOf(whole, whole.length - 20));
    refused(train("--labelled", 100), image(3), "ends too early", "replace");
  }

  @Test
  void damagedByteInAnImage() throws IOException {
    var bytes = Files.readAllBytes(image(3));
    bytes[bytes.length / 2] ^= 1;
    Files.write(image(3), bytes);
    refused(train("--labelled", 100), image(3), "damaged", "replace");
    refused(Run.of("segment", image(3), "--checkpoint", "x", "--out", out()), image(3), "damaged");
  }

  @Test
  void severalBrokenImagesAreToldTogether() throws IOException {
    Files.writeString(image(2), "not an image");
    Files.delete(mask(4));
    var run = train("--labelled", 100);
    assertEquals(1, run.status(), run.said());
    assertTrue(run.said().contains("2 of 6 images"), run.said());
    assertTrue(run.said().contains(image(2).toString()), run.said());
    assertTrue(run.said().contains(image(4).toString()), run.said());
  }

  @Test
  void listThatIsNoText() throws IOException {
    var list = data().resolve("splits").resolve("train.txt");
    Files.write(list, new byte[] {(byte) 0xff, (byte) 0xfe, 'a', 0});
    refused(train("--labelled", 100), list, "UTF-8");
  }

  @Test
  void hugeImage() throws IOException {
    var header = ByteBuffer.allocate(33);
    header.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13});
    header.put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(200_000).putInt(200_000);
    Files.write(image(3), header.array());
    Files.write(mask(3), header.array());
    refused(train("--labelled", 100), image(3), "200000 x 200000", "scale it down");
  }

  @Test
  void sixteenBitGreyIsStretchedAsMedSamDoes() throws IOException {
    var deep = new BufferedImage(40, 36, BufferedImage.TYPE_USHORT_GRAY);
    for (int i = 0; i < 40 * 36; i++) {
      deep.getRaster().setSample(i % 40, i / 40, 0, 30 * i);
    }
    ImageIO.write(deep, "png", image(0).toFile());
    assertEquals(0, train("--labelled", 100).status());
  }

  @Test
  void nameInListWithoutImage() throws IOException {
    Files.writeString(data().resolve("splits").resolve("test.txt"), "nowhere\n");
    refused(Run.of("evaluate", "--checkpoint", "x", "--data", data()), "nowhere", "no image named");
  }

  @Test
  void checkpointOfAnotherModel() throws IOException {
    var file = temporary.resolve("other.safetensors");
    var weights = Weights.init(1);
    var unused = new antaboga.nn.Linear(weights.at("head"), 3, 4);
    Checkpoint.of(weights.arrays()).save(file);
    assertEquals(4, unused.weight().size(0));
    refused(Run.of("evaluate", "--checkpoint", file, "--data", data()), file, "head.weight");
    refused(train("--teacher", file), file, "expected a teacher");
    var state = Checkpoint.of(weights.arrays()).with("step", "7").with("run", "");
    state.save(file);
    refused(train("--teacher", file), file, "to resume", "teacher.safetensors");
  }

  @Test
  void checkpointThatIsNone() throws IOException {
    var file = temporary.resolve("notes.txt");
    Files.writeString(file, "<html>not found</html>");
    refused(Run.of("evaluate", "--checkpoint", file, "--data", data()), file, "web page");
    var missing = temporary.resolve("nowhere.safetensors");
    refused(Run.of("segment", image(0), "--checkpoint", missing, "--out", out()), missing);
    refused(Run.of("convert", missing, "--out", out()), missing, "no such file; check the name");
  }

  @Test
  void outputFolderThatIsAFile() throws IOException {
    Files.writeString(out(), "in the way");
    var run = train();
    assertEquals(1, run.status());
    assertTrue(run.complaint().contains(out().toString()), run.said());
    assertEquals("in the way", Files.readString(out()));
  }

  @Test
  void outputFolderWithoutRoom() throws IOException {
    var full = Path.of("/proc/self/fd"); // nothing can be made there, not even by root
    var run = Run.of("segment", image(0), "--checkpoint", image(0), "--out", full.resolve("x"));
    assertEquals(1, run.status());
    assertFalse(run.said().contains("Exception"), run.said());
  }

  @Test
  void twoImagesOfOneName() throws IOException {
    var other = temporary.resolve(String.valueOf(image(0).getFileName()));
    Files.copy(image(0), other);
    refused(
        Run.of("segment", image(0), other, "--checkpoint", "x", "--out", out()), other, "--out");
  }

  @Test
  void studentThatCannotBeExported() throws IOException {
    var checkpoint = temporary.resolve("student.safetensors");
    var weights = Weights.init(1);
    Network.LIGHT_M_UNET.build(weights);
    Checkpoint.of(weights.arrays()).with("antaboga.model", "light-m-unet").save(checkpoint);
    refused(Run.of("export", checkpoint, "--out", out()), checkpoint, "vss-unet-tiny");
  }

  @Test
  void exportOfWhatIsNoCheckpoint() throws IOException {
    refused(Run.of("export", image(0), "--out", out()), image(0), "not a checkpoint");
  }

  @Test
  void scoresBehindAFile() throws IOException {
    var file = image(0).resolve("scores.json");
    var checkpoint = temporary.resolve("student.safetensors");
    Checkpoint.of(Map.of()).with("antaboga.model", "vss-unet-tiny").save(checkpoint);
    refused(
        Run.of("evaluate", "--checkpoint", checkpoint, "--data", data(), "--json", file),
        image(0),
        "is a file, not a folder");
  }

  @Test
  void promptsThatMakeNoSense() throws IOException {
    refused(2, segment("--point", "3"), "--point", "give x,y");
    refused(2, segment("--not", "3,NaN"), "--not", "give x,y");
    refused(2, segment("--memory", 0), "--memory", "give 1 or more");
    refused(2, segment("--box", "1,2,3"), "--box 1,2,3: no box; give left,top,right,bottom");
    refused(2, segment("--box", "9,9,3,3"), "(9, 9, 3, 3) is inverted", "give left,top,right");
    refused(2, segment("--box", "9,9,9,12"), "(9, 9, 9, 12) is empty");
    refused(2, segment("--box", "NaN,1,5,5"), "(NaN, 1, 5, 5), expected finite sides");
    refused(segment("--point", "300,2"), image(0), "point (300, 2) lies outside the image of 40 x");
    refused(segment("--box", "3,4,30,300"), image(0), "reaches beyond the image of 40 x 36");
  }

  private Run segment(Object... more) throws IOException {
    var words =
        Stream.concat(
            Stream.of("segment", image(0), "--checkpoint", "x", "--out", out()), Stream.of(more));
    return Run.of(words.toArray());
  }

  @Test
  void forcedKernelThatIsUnknown() throws IOException {
    System.setProperty("antaboga.resample", "fastest");
    try {
      refused(train("--labelled", 100), "antaboga.resample=fastest", "expected one of scalar");
    } finally {
      System.clearProperty("antaboga.resample");
    }
  }

  @Test
  void numbersThatMakeNoSense() throws IOException {
    refused(2, train("--labelled", 0), "--labelled", "1 to 100");
    refused(2, train("--rate", -1), "--rate");
    refused(2, train("--rate", "NaN"), "--rate");
    refused(2, train("--rate", "1e9"), "--rate");
    refused(2, train("--size", 50), "--size", "multiple of 32");
    refused(2, train("--taps", "dec3,dec9"), "--taps", "dec9", "enc2, enc3, dec3");
    refused(2, Run.of("segment", image(0), "--checkpoint", "x", "--box", "9,9,3,3"), "--box");
  }

  @Test
  void memoryThatNativeCodeDidNotGet() {
    var told = Antaboga.message(new RuntimeException("Allocation failed: [std::bad_alloc]"));
    assertTrue(told.startsWith("memory is exhausted: "), told);
    assertTrue(told.endsWith("take a smaller --batch or --size"), told);
  }

  @Test
  void wordThatIsNearlyACommand() {
    assertTrue(Run.of("trian").said().contains("perhaps train"), Run.of("trian").said());
  }

  @Test
  void wordsThatMakeNoSense() {
    for (var words :
        new Object[][] {
          {"trian"}, {"train"}, {"train", "--steps", "many"}, {"evaluate", "--colour", "red"}
        }) {
      var run = Run.of(words);
      assertEquals(2, run.status(), run.said());
      assertEquals(1, run.said().strip().lines().count(), run.said());
      assertTrue(run.said().contains("--help"), run.said());
    }
  }

  @Test
  void lossThatLeavesTheNumbers() throws IOException {
    assertEquals(0, train("--labelled", 100, "--steps", 1, "--save-every", 1).status());
    // only a hundred-thousandfold rate is allowed to be asked for at all, so weights are spoilt
    var checkpoint = out().resolve("checkpoint.safetensors");
    var before = Files.readAllBytes(checkpoint);
    var saved = Checkpoint.open(checkpoint);
    var arrays = saved.arrays();
    requireNonNull(arrays.get("student.final_conv.bias")).assign(Float.NaN);
    var spoilt = Checkpoint.of(arrays);
    for (var entry : saved.metadata().entrySet()) {
      spoilt = spoilt.with(entry.getKey(), entry.getValue());
    }
    spoilt.with("step", "0").save(checkpoint);
    Files.delete(out().resolve("student.safetensors"));
    var run = train("--labelled", 100, "--steps", 1, "--save-every", 1);
    assertEquals(1, run.status(), run.said());
    assertTrue(run.complaint().contains("supervised"), run.said());
    assertTrue(run.complaint().contains("--rate"), run.said());
    assertFalse(Files.exists(out().resolve("student.safetensors")), "no student of NaN");
    assertTrue(before.length > 0);
  }
}
