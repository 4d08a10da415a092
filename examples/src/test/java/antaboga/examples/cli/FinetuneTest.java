// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tensor;
import antaboga.examples.run.TrainingLog;
import antaboga.io.Checkpoint;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A teacher that is trained further, end to end on a dozen small images. */
class FinetuneTest {
  @TempDir static Path temporary;

  private Path data = Path.of("");
  private Path out = Path.of("");

  private static Path teacher() {
    return temporary.resolve("teacher").resolve("teacher.safetensors");
  }

  @BeforeAll
  static void makeATeacher() throws IOException {
    var source = TinyData.in(temporary.resolve("source"));
    var words =
        "pretrain --data %s --out %s --size 32 --patch 8 --width 64 --depth 2 --window 3 --global 1"
            .formatted(source, teacher().getParent())
            .concat(" --steps 2 --batch 2");
    var run = Run.of((Object[]) words.split(" "));
    assertEquals(0, run.status(), run.said());
  }

  @BeforeEach
  void makeData(TestInfo test) throws IOException {
    var folder = temporary.resolve(test.getDisplayName().replaceAll("\\W", "_"));
    data = TinyData.in(folder.resolve("data"));
    out = folder.resolve("out");
  }

  /** The words of a short run; an option given here replaces the usual one. */
  private Object[] words(Path to, Object... more) {
    var given = List.of(more);
    var usual = new LinkedHashMap<String, Object>();
    usual.put("--checkpoint", teacher());
    usual.put("--data", data);
    usual.put("--out", to);
    usual.put("--steps", 3);
    usual.put("--batch", 1);
    var words = new ArrayList<Object>(List.of("finetune"));
    usual.forEach(
        (name, value) -> {
          if (!given.contains(name)) {
            words.addAll(List.of(name, value));
          }
        });
    words.addAll(given);
    return words.toArray();
  }

  private Run tune(Object... more) {
    return Run.of(words(out, more));
  }

  private static void done(Run run) {
    assertEquals(0, run.status(), run.said());
  }

  private Path tuned() {
    return out.resolve("teacher.safetensors");
  }

  @Test
  void decoderLearnsWhileTheEncoderKeepsItsBits() throws IOException {
    var run = tune("--steps", 40, "--batch", 2, "--rate", "5e-4", "--validate-every", 20);
    done(run);
    assertEquals(tuned().toString(), run.results().strip());
    assertTrue(run.said().contains("Dice on val"), run.said());
    assertTrue(Files.exists(out.resolve("events.out.tfevents.antaboga")));
    var dice = TrainingLog.of(out.resolve("log.jsonl")).validations("dice");
    assertArrayEquals(new double[] {0, 20, 40}, dice.stream().mapToDouble(d -> d[0]).toArray());
    assertTrue(
        dice.get(2)[1] > dice.get(0)[1] + 0.3, "Dice " + dice.get(0)[1] + " to " + dice.get(2)[1]);
    var before = Checkpoint.open(teacher());
    var after = Checkpoint.open(tuned());
    assertEquals(before.names(), after.names());
    for (var name : before.names()) {
      boolean same = Arrays.equals(values(before, name), values(after, name));
      boolean untouched =
          !name.startsWith("mask_decoder.") || name.startsWith("mask_decoder.iou_prediction");
      assertEquals(untouched, same, name);
    }
  }

  private static float[] values(Checkpoint checkpoint, String name) throws IOException {
    return Tensor.of(checkpoint.get(name)).toFloats();
  }

  @Test
  void tunedTeacherServesEveryOtherCommand() {
    done(tune("--augment"));
    var image = data.resolve("images").resolve(TinyData.name(8) + ".png");
    var masks = out.resolve("masks");
    done(Run.of("segment", image, "--checkpoint", tuned(), "--box", "3,4,30,30", "--out", masks));
    done(Run.of("evaluate", "--checkpoint", tuned(), "--data", data, "--split", "val"));
    var student =
        "train --data %s --out %s --teacher %s --labelled 34 --size 32 --steps 1 --batch 1";
    student = student.formatted(data, out.resolve("student"), tuned());
    done(Run.of((Object[]) student.split(" ")));
    var again = temporary.resolve("tuned-again");
    done(Run.of(words(again, "--checkpoint", tuned(), "--train", "everything")));
  }

  @Test
  void encoderIsTrainedOnRequest() throws IOException {
    done(tune("--train", "encoder+decoder", "--many-objects", "--jitter", 0));
    var name = "image_encoder.blocks.0.attn.qkv.weight";
    var before = values(Checkpoint.open(teacher()), name);
    assertFalse(Arrays.equals(before, values(Checkpoint.open(tuned()), name)));
    assertFalse(Files.exists(out.resolve("embeddings")), "embeddings would not follow");
  }

  @ParameterizedTest
  @ValueSource(strings = {"decoder", "encoder+decoder"})
  void killedRunsGoOnToTheSameBits(String parts) throws Exception {
    var whole = out.resolveSibling("whole");
    var settings = new Object[] {"--train", parts, "--steps", 16, "--save-every", 2};
    done(Run.of(words(whole, settings)));
    var bytes = Files.readAllBytes(whole.resolve("teacher.safetensors"));
    var checkpoint = out.resolve("teacher-checkpoint.safetensors");
    for (boolean politely : parts.equals("decoder") ? List.of(false, true) : List.of(false)) {
      int before = step(checkpoint);
      var process =
          Launched.of(temporary.resolve("killed.log"), words(out, settings))
              .until(() -> step(checkpoint) > before)
              .process();
      if (politely) {
        process.destroy();
      } else {
        process.destroyForcibly();
      }
      assertTrue(process.waitFor(1, TimeUnit.MINUTES));
      assertFalse(Files.exists(tuned()), "it was ended too late to tell");
    }
    done(tune(settings));
    assertArrayEquals(bytes, Files.readAllBytes(tuned()));
    assertEquals(
        Files.readString(whole.resolve("log.jsonl")), Files.readString(out.resolve("log.jsonl")));
    done(tune(settings)); // nothing left to do
    assertArrayEquals(bytes, Files.readAllBytes(tuned()));
  }

  private static int step(Path checkpoint) throws IOException {
    return Files.exists(checkpoint)
        ? Integer.parseInt(Checkpoint.open(checkpoint).metadata().getOrDefault("step", "0"))
        : 0;
  }

  @Test
  void otherSettingsAreRefusedButHowOftenItIsSaved() {
    done(tune());
    done(tune("--save-every", 1, "--validate-every", 1));
    for (var other : List.of("--rate 2e-4", "--jitter 3", "--train everything", "--seed 2")) {
      var run = tune((Object[]) other.split(" "));
      assertEquals(1, run.status(), run.said());
      assertTrue(run.complaint().contains("is of another run"), run.said());
      assertTrue(run.complaint().contains("another folder with --out"), run.said());
    }
  }

  /** It failed with one line that names all of these, and wrote nothing. */
  private void refused(int status, Run run, Object... named) throws IOException {
    assertEquals(status, run.status(), run.said());
    assertEquals(1, run.said().strip().lines().count(), run.said());
    assertTrue(run.said().startsWith("antaboga: "), run.said());
    for (var name : named) {
      assertTrue(run.said().contains(name.toString()), "no '" + name + "' in: " + run.said());
    }
    assertFalse(Files.isDirectory(out), "the output folder was made");
  }

  private Path mask(int i) {
    return data.resolve("masks").resolve(TinyData.name(i) + ".png");
  }

  private void blacken(int i) throws IOException {
    var empty = new BufferedImage(40, 36, BufferedImage.TYPE_BYTE_GRAY);
    ImageIO.write(empty, "png", mask(i).toFile());
  }

  @Test
  void emptyMasksAreLeftOut() throws IOException {
    blacken(2);
    var run = tune();
    done(run);
    assertTrue(run.said().contains("1 of 6 images have no object"), run.said());
    assertTrue(run.said().contains(mask(2).toString()), run.said());
    assertTrue(run.said().contains("on 5 images"), run.said());
  }

  @Test
  void onlyEmptyMasks() throws IOException {
    for (int i = 0; i < 6; i++) {
      blacken(i);
    }
    refused(1, tune(), mask(0), "none of 6 masks marks an object", "white");
    refused(1, tune("--many-objects"), "at least 1 pixels");
  }

  @Test
  void folderThatIsNotThereOrHasNoMasks() throws IOException {
    var missing = temporary.resolve("missing");
    refused(1, tune("--data", missing), missing, "images/, masks/");
    for (int i = 1; i < 6; i++) {
      Files.writeString(data.resolve("splits").resolve("train.txt"), TinyData.name(0) + "\n");
    }
    Files.delete(mask(0));
    refused(1, tune(), mask(0), "no mask");
    refused(1, tune("--split", "everyone"), "everyone.txt", "no such list");
  }

  @Test
  void maskOfAnotherSize() throws IOException {
    var small = new BufferedImage(20, 20, BufferedImage.TYPE_BYTE_GRAY);
    ImageIO.write(small, "png", mask(1).toFile());
    refused(1, tune(), mask(1), "20 x 20", "40 x 36");
  }

  @Test
  void checkpointThatIsNoTeacher() throws IOException {
    var file = temporary.resolve("other.safetensors");
    var weights = Weights.init(1);
    var unused = new Linear(weights.at("head"), 3, 4);
    assertEquals(4, unused.weight().size(0));
    Checkpoint.of(weights.arrays()).save(file);
    refused(1, tune("--checkpoint", file), file, "head.weight", "expected a teacher");
    Checkpoint.of(weights.arrays()).with("step", "7").with("run", "").save(file);
    refused(1, tune("--checkpoint", file), file, "to resume");
    Files.writeString(file, "<html>not found</html>");
    refused(1, tune("--checkpoint", file), file, "web page");
    var nowhere = temporary.resolve("nowhere.pth");
    refused(1, tune("--checkpoint", nowhere), nowhere, "no such checkpoint");
  }

  @Test
  void teacherThatLacksAnArray() throws IOException {
    var whole = Checkpoint.open(teacher());
    var arrays = whole.arrays();
    arrays.remove("mask_decoder.iou_token.weight");
    var file = temporary.resolve("lacking.safetensors");
    Checkpoint.of(arrays).with("antaboga.model", "sam").save(file);
    var run = tune("--checkpoint", file);
    assertEquals(1, run.status(), run.said());
    assertTrue(run.said().contains("mask_decoder.iou_token.weight"), run.said());
    assertFalse(Files.isDirectory(out));
  }

  @Test
  void outputThatCannotBeWritten() throws IOException {
    Files.writeString(out, "in the way");
    refused(1, tune(), out, "output is a file");
    assertEquals("in the way", Files.readString(out));
    Files.delete(out);
    var run = tune("--out", Path.of("/proc/self/fd").resolve("x")); // not even by root
    assertEquals(1, run.status());
    assertFalse(run.said().contains("Exception"), run.said());
    refused(
        1,
        tune("--out", teacher().resolveSibling(".")),
        "teacher.safetensors",
        "would be replaced");
  }

  @Test
  void numbersThatMakeNoSense() throws IOException {
    refused(2, tune("--train", "all"), "--train", "decoder, encoder+decoder, everything");
    refused(2, tune("--jitter", -1), "--jitter", "0 or more");
    refused(2, tune("--rate", 0), "--rate");
    refused(2, tune("--batch", 0), "--batch");
    refused(2, Run.of("finetune", "--data", data, "--out", out), "--checkpoint");
  }

  @Test
  void lossThatLeavesTheNumbers() throws IOException {
    var arrays = Checkpoint.open(teacher()).arrays();
    requireNonNull(arrays.get("mask_decoder.mask_tokens.weight")).assign(Float.NaN);
    var file = temporary.resolve("spoilt.safetensors");
    Checkpoint.of(arrays).with("antaboga.model", "sam").save(file);
    var run = tune("--checkpoint", file);
    assertEquals(1, run.status(), run.said());
    assertTrue(run.complaint().contains("left the numbers at step 0"), run.said());
    assertTrue(run.complaint().contains("--rate"), run.said());
    assertFalse(Files.exists(tuned()), "no teacher of NaN");
  }
}
