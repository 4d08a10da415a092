// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.examples.run.Pretraining;
import antaboga.examples.run.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "pretrain",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga pretrain --data=FOLDER... --out=FOLDER [OPTIONS]",
    header = "Train a small teacher of MedSAM's architecture on boxes and masks.",
    description = {
      "",
      "Shows the teacher an image and the box of one of its objects, and asks for the object's mask."
          + " Interrupted, it leaves a checkpoint; the same command goes on from there.%n"
    })
final class PretrainCommand implements Callable<Integer>, Commands.Speaking {
  @Option(
      names = "--data",
      required = true,
      arity = "1..*",
      paramLabel = "FOLDER",
      description = "Folders with images/, masks/ and splits/; each has the same share of steps.")
  private List<Path> data = List.of();

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
      description = "Where teacher.safetensors and the checkpoint go.")
  private Path out = Path.of("");

  @Option(
      names = "--size",
      paramLabel = "PIXELS",
      defaultValue = "256",
      description = "Side of the square input, a multiple of the patch (${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--patch",
      paramLabel = "PIXELS",
      defaultValue = "16",
      description = "Side of a patch (${DEFAULT-VALUE}).")
  private int patch;

  @Option(
      names = "--width",
      paramLabel = "CHANNELS",
      defaultValue = "192",
      description = "Width of the image encoder, a multiple of 64 (${DEFAULT-VALUE}).")
  private int width;

  @Option(
      names = "--depth",
      paramLabel = "BLOCKS",
      defaultValue = "6",
      description = "Blocks of the image encoder (${DEFAULT-VALUE}).")
  private int depth;

  @Option(
      names = "--window",
      paramLabel = "PATCHES",
      defaultValue = "0",
      description = "Side of an attention window; 0 lets all blocks see the whole image.")
  private int window;

  @Option(
      names = "--global",
      paramLabel = "BLOCKS",
      split = ",",
      description = "With --window: blocks, from 0, that see the whole image (2,5,8,11 in MedSAM).")
  private Set<Integer> global = Set.of();

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "40000",
      description = "Steps of the whole run (${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "16",
      description = "Images in a step (${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "3e-4",
      description = "Highest learning rate of AdamW, after a warm-up (${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--many-objects",
      description = "Masks show many objects, such as nuclei: prompt for single ones only.")
  private boolean manyObjects;

  @Option(
      names = "--inverted",
      paramLabel = "SHARE",
      defaultValue = "0",
      description = "Share of images whose brightness is turned round (${DEFAULT-VALUE}).")
  private double inverted;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1337",
      description = "Seed of weights, batches and boxes (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--save-every",
      paramLabel = "STEPS",
      defaultValue = "500",
      description = "Steps between checkpoints (${DEFAULT-VALUE}).")
  private int saveEvery;

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    if (size < patch || patch < 1 || size % patch != 0) {
      throw new WrongArgument(
          "--size", size, "no multiple of --patch " + patch, "give one, such as 256 with 16");
    }
    if (width < 64 || width % 64 != 0) {
      throw new WrongArgument("--width", width, "no multiple of 64", "give one, such as 192");
    }
    Arguments.positive("--steps", steps);
    Arguments.positive("--batch", batch);
    Arguments.positive("--depth", depth);
    Arguments.positive("--save-every", saveEvery);
    Arguments.share("--inverted", inverted);
    Arguments.rate("--rate", rate);
    Arguments.notNegative("--window", window);
    for (int block : global) {
      if (block < 0 || block >= depth || window == 0) {
        throw new WrongArgument(
            "--global",
            block,
            "no block in windows",
            "give 0 to %d, with --window".formatted(depth - 1));
      }
    }
    var sizes = new Pretraining.Sizes(size, patch, width, depth, window, global);
    var plan =
        new Pretraining.Plan(
            data, split, out, sizes, steps, batch, rate, inverted, !manyObjects, seed, saveEvery);
    return new Pretraining(plan, terminal).run() ? 0 : Antaboga.INTERRUPTED;
  }
}
