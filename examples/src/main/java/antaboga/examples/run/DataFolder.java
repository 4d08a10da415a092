// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.nn.data.ImageFolder;
import antaboga.nn.data.Picture;
import antaboga.nn.data.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * A data set of the command line: images, masks and lists as {@link ImageFolder} reads them, with
 * the lists that training divides them by. Everything that is handed out has been checked by its
 * headers, so that a missing or mismatched mask is found before the work begins.
 */
public final class DataFolder {
  /**
   * The training images, divided.
   *
   * @param labelled those whose masks may be read
   * @param unlabelled the others; they have no mask to be read by mistake
   * @param how where the division comes from
   */
  public record Division(List<Sample> labelled, List<Picture> unlabelled, String how) {}

  private final ImageFolder folder;

  private DataFolder(ImageFolder folder) {
    this.folder = folder;
  }

  /**
   * Lists a folder; opens no image.
   *
   * @throws Failure if it has not the layout
   */
  public static DataFolder open(Path root) {
    if (!Files.isDirectory(root)) {
      throw new Failure(
          "no such data folder", root, "give a folder with images/, masks/ and splits/");
    }
    return reading(() -> new DataFolder(ImageFolder.open(root)));
  }

  /** The folder. */
  public Path root() {
    return folder.root();
  }

  /** The last part of the folder's path: a name for tables. */
  public String name() {
    var last = root().toAbsolutePath().normalize().getFileName();
    return last == null ? root().toString() : last.toString();
  }

  /** Whether there is a list of this name. */
  public boolean has(String split) {
    return reading(() -> folder.splits().contains(split));
  }

  /** The images of a list with their masks. */
  public List<Sample> samples(String split) {
    return reading(() -> folder.samples(split));
  }

  /**
   * The training images, so many in a hundred of them labelled: by the folder's own list where it
   * has one for this share, else drawn by the seed. Images of {@code splits/unlabeled.txt} join the
   * unlabelled ones. Masks of unlabelled images are not opened.
   */
  public Division divide(int percent, long seed) {
    return reading(
        () -> {
          var own = "train_labeled_" + percent + "pct";
          List<String> names = folder.names("train");
          String how = "all of train";
          if (percent < 100 && has(own)) {
            names = folder.names(own);
            how = "splits/" + own + ".txt";
          } else if (percent < 100) {
            names = drawn(names, percent, seed);
            how = "%d %% of train drawn with seed %d".formatted(percent, seed);
          }
          var labelled = folder.samplesOf(names);
          var unlabelled = new ArrayList<>(folder.pictures("train", labelled));
          if (has("unlabeled")) {
            unlabelled.addAll(folder.pictures("unlabeled"));
          }
          return new Division(labelled, List.copyOf(unlabelled), how);
        });
  }

  private static List<String> drawn(List<String> names, int percent, long seed) {
    var shuffled = new ArrayList<>(names);
    Collections.sort(shuffled);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled.subList(0, Math.max(1, Math.round(names.size() * percent / 100f)));
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  private static <T> T reading(Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new Failure(String.valueOf(e.getMessage()), e); // names the file and the remedy
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
