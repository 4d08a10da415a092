// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Terminal;
import antaboga.examples.run.Tuning;
import antaboga.medsam.model.TrainedParts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "finetune",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga finetune --checkpoint=FILE --data=FOLDER --out=FOLDER [OPTIONS]",
    header = "Train MedSAM, or a teacher of your own, further on images with masks.",
    description = {
      "",
      "By MedSAM's recipe: the box of an object, its sides moved outward at random, asks for the"
          + " object's mask. The mask decoder alone is trained unless more is asked for: an image"
          + " then passes the encoder once, and steps are cheap. Interrupted, it leaves a"
          + " checkpoint; the same command goes on from there.%n"
    },
    footerHeading = "%nExample:%n",
    footer = {"  antaboga finetune --checkpoint medsam_vit_b.pth --data lesions --out runs/tuned"})
final class FinetuneCommand implements Callable<Integer>, Commands.Speaking {
  private static final Map<String, TrainedParts> PARTS =
      Map.of(
          "decoder", TrainedParts.DECODER,
          "encoder+decoder", TrainedParts.ENCODER_AND_DECODER,
          "everything", TrainedParts.EVERYTHING);

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "What to begin with: medsam_vit_b.pth, another SAM, or a teacher of pretrain.")
  private Path checkpoint = Path.of("");

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FOLDER",
      description = "Folder with images/, masks/ and splits/train.txt, val.txt.")
  private Path data = Path.of("");

  @Option(
      names = "--split",
      paramLabel = "LIST",
      defaultValue = "train",
      description = "The list in splits/ to learn from, all masks read (${DEFAULT-VALUE}).")
  private String split = "train";

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FOLDER",
      description = "Where teacher.safetensors, log.jsonl and the checkpoint go.")
  private Path out = Path.of("");

  @Option(
      names = "--train",
      paramLabel = "PARTS",
      defaultValue = "decoder",
      description =
          "decoder, encoder+decoder (as MedSAM was trained), or everything, the prompt encoder"
              + " too (${DEFAULT-VALUE}).")
  private String parts = "decoder";

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Steps of the whole run (${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "2",
      description = "Images in a step (${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1e-4",
      description = "Highest learning rate of AdamW, after a warm-up (${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--many-objects",
      description = "Masks show many objects, such as nuclei: prompt for single ones only.")
  private boolean manyObjects;

  @Option(
      names = "--jitter",
      paramLabel = "PIXELS",
      description =
          "Sides of boxes move outward by 0 to so many pixels of the model's input"
              + " (20 in 1024, as MedSAM's).")
  private @Nullable Integer jitter;

  @Option(
      names = "--augment",
      description =
          "Mirror and turn images; with a frozen encoder, each is encoded up to eight times.")
  private boolean augment;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1337",
      description = "Seed of batches and boxes (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--save-every",
      paramLabel = "STEPS",
      defaultValue = "500",
      description = "Steps between checkpoints (${DEFAULT-VALUE}).")
  private int saveEvery;

  @Option(
      names = "--validate-every",
      paramLabel = "STEPS",
      defaultValue = "500",
      description = "Steps between validations on splits/val.txt (${DEFAULT-VALUE}).")
  private int validateEvery;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    Arguments.among("--train", List.of(parts), PARTS.keySet().stream().sorted().toList());
    Arguments.positive("--steps", steps);
    Arguments.positive("--batch", batch);
    Arguments.positive("--save-every", saveEvery);
    Arguments.positive("--validate-every", validateEvery);
    Arguments.rate("--rate", rate);
    if (jitter != null) {
      Arguments.notNegative("--jitter", jitter);
    }
    var plan =
        new Tuning.Plan(
            checkpoint,
            data,
            split,
            out,
            PARTS.getOrDefault(parts, TrainedParts.DECODER),
            steps,
            batch,
            rate,
            !manyObjects,
            jitter == null ? OptionalInt.empty() : OptionalInt.of(jitter),
            augment,
            seed,
            saveEvery,
            validateEvery);
    return new Tuning(plan, terminal).run() ? 0 : Antaboga.INTERRUPTED;
  }
}
