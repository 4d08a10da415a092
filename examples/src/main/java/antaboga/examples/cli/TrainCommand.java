// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.cli;

import antaboga.distill.semi.SemiSupervisedTraining.NonFinite;
import antaboga.examples.run.Network;
import antaboga.examples.run.Recipe;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.Terminal;
import antaboga.examples.run.Training;
import antaboga.nn.data.Variation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "train",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    customSynopsis = "antaboga train --data=FOLDER --out=FOLDER [OPTIONS]",
    header = "Train the student: by labels alone, or with a teacher by the whole method.",
    description = {
      "",
      "With --teacher, the student also learns from images without masks: from the teacher's"
          + " features and its answers to noise, from the distribution of its own features, and"
          + " from its own moving average. Without, labelled images alone count. Interrupted, it"
          + " leaves a checkpoint; the same command goes on from there.%n"
    })
final class TrainCommand implements Callable<Integer>, Commands.Speaking {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "FOLDER",
      description = "Folder with images/, masks/ and splits/train.txt, val.txt.")
  private Path data = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FOLDER",
      description = "Where student.safetensors, log.jsonl and the checkpoint go.")
  private Path out = Path.of("");

  @Option(
      names = "--labelled",
      paramLabel = "PERCENT",
      defaultValue = "10",
      description = "Share of the training images whose masks are read (${DEFAULT-VALUE}).")
  private int labelled;

  @Option(
      names = "--teacher",
      paramLabel = "FILE",
      description = "teacher.safetensors of pretrain, or medsam_vit_b.pth: the whole method.")
  private @Nullable Path teacher;

  @Option(
      names = "--student",
      paramLabel = "NETWORK",
      defaultValue = "vss-unet-tiny",
      description =
          "vss-unet-tiny (1.34 M parameters), light-m-unet (1.34 M, scans of every pixel),"
              + " u-mamba (1.34 M, convolutions and scans), ultralight-vm-unet (49 thousand),"
              + " vm-unet (27 M) or u-net (1.35 M, the plain baseline) (${DEFAULT-VALUE}).")
  private String student = Network.VSS_UNET_TINY.toString();

  @Option(
      names = "--size",
      paramLabel = "PIXELS",
      defaultValue = "256",
      description = "Side of the square input, a multiple of 32 (${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "30000",
      description = "Steps of the whole run (${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "4",
      description = "Labelled images in a step, and as many unlabelled (${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1e-3",
      description = "Highest learning rate of AdamW, after a warm-up (${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--averaging",
      paramLabel = "D",
      defaultValue = "0.99",
      description = "How much of the moving average stays at a step (${DEFAULT-VALUE}).")
  private double averaging;

  @ArgGroup(exclusive = false, heading = "%nWeights of the whole method's terms:%n")
  private Weights weights = new Weights();

  private static final class Weights {
    @Option(
        names = "--weight-teacher",
        paramLabel = "W",
        defaultValue = "1",
        description = "Of the teacher's terms together (1).")
    private double distillation = 1;

    @Option(
        names = "--weight-response",
        paramLabel = "W",
        defaultValue = "1",
        description = "Of the response to noise, within them (1).")
    private double response = 1;

    @Option(
        names = "--weight-distribution",
        paramLabel = "W",
        defaultValue = "0.5",
        description = "Of the distribution terms together (0.5).")
    private double distribution = 0.5;

    @Option(
        names = "--weight-consistency",
        paramLabel = "W",
        defaultValue = "0.1",
        description = "Of the agreement with the moving average (0.1).")
    private double consistency = 0.1;

    @Option(
        names = "--weight-strong",
        paramLabel = "W",
        defaultValue = "0",
        description = "Of strong views of all images, taught by the moving average (0).")
    private double strong;

    @Option(
        names = "--fixed-projectors",
        description =
            "Keep the maps from teacher to student at the teacher's principal components; in short"
                + " runs, trained ones can collapse together with the student's features.")
    private boolean fixed;

    @Option(
        names = "--taps",
        paramLabel = "NAMES",
        split = ",",
        description =
            "Where student and teacher are compared (enc2,enc3,dec3; light-m-unet enc2,enc3;"
                + " ultralight-vm-unet t4,t5; vm-unet dec3; u-mamba and u-net enc3,enc4,dec4).")
    private @Nullable List<String> taps;
  }

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1337",
      description = "Seed of weights, batches and noise (${DEFAULT-VALUE}).")
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
      defaultValue = "1000",
      description = "Steps between validations on splits/val.txt (${DEFAULT-VALUE}).")
  private int validateEvery;

  @Option(
      names = "--z-score",
      description =
          "Show the student every image with mean 0 and variance 1; small bright lesions on black are"
              + " found sooner.")
  private boolean zScore;

  @Option(
      names = "--vary",
      description =
          "Turn, stretch and shift images a little, with other brightness and noise; for runs of"
              + " some thousand steps.")
  private boolean vary;

  @Option(
      names = "--start",
      paramLabel = "FILE",
      description =
          "A trained student to go on from, such as one of other images, not new weights.")
  private @Nullable Path start;

  @Option(
      names = "--non-finite",
      paramLabel = "POLICY",
      defaultValue = "stop",
      description =
          "At a loss or gradient that is not finite: stop the run, or skip the step (stop). Neither"
              + " is ever saved.")
  private String nonFinite = "stop";

  private Terminal terminal = Terminal.ofProcess();

  @Override
  public void speak(Terminal to) {
    terminal = to;
  }

  @Override
  public Integer call() throws IOException {
    Arguments.percent("--labelled", labelled);
    Arguments.studentSize("--size", size);
    Arguments.positive("--steps", steps);
    Arguments.positive("--batch", batch);
    Arguments.positive("--save-every", saveEvery);
    Arguments.positive("--validate-every", validateEvery);
    Arguments.rate("--rate", rate);
    Arguments.notNegative("--weight-teacher", weights.distillation);
    Arguments.notNegative("--weight-response", weights.response);
    Arguments.notNegative("--weight-distribution", weights.distribution);
    Arguments.notNegative("--weight-consistency", weights.consistency);
    Arguments.notNegative("--weight-strong", weights.strong);
    Arguments.among("--non-finite", List.of(nonFinite), List.of("stop", "skip"));
    Arguments.among("--student", List.of(student), Network.names());
    var network = Network.named(student).orElseThrow();
    var taps = weights.taps == null ? network.taps() : weights.taps;
    Arguments.among("--taps", taps, network.allTaps());
    if (!(averaging >= 0 && averaging < 1)) {
      throw new WrongArgument("--averaging", averaging, "no average", "give 0 to below 1");
    }
    var config =
        new StudentRun.Config(
            network,
            zScore,
            vary ? Variation.moderate() : Variation.none(),
            size,
            steps,
            batch,
            batch,
            rate,
            averaging,
            seed,
            saveEvery,
            validateEvery,
            NonFinite.valueOf(nonFinite.toUpperCase(Locale.ROOT)));
    var terms =
        Recipe.Terms.of(
                weights.distillation,
                weights.response,
                weights.distribution,
                weights.consistency,
                weights.fixed,
                taps)
            .withStrong(weights.strong);
    var training =
        new Training(
            data,
            out,
            labelled,
            Optional.ofNullable(teacher),
            Optional.ofNullable(start),
            config,
            terms,
            terminal);
    return training.run() ? 0 : Antaboga.INTERRUPTED;
  }
}
