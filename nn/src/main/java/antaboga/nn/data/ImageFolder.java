// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.data;

import antaboga.kernel.Workers;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A folder with {@code images/} and {@code masks/}, matched by file name without ending, and lists
 * of names in {@code splits/}.
 *
 * <pre>
 * polyp/images/cvc_0001.jpg
 * polyp/masks/cvc_0001.png                  or cvc_0001_mask.png, cvc_0001_segmentation.png
 * polyp/splits/train.txt                    a name per line, or a path below the folder
 * polyp/splits/train_labeled_10pct.txt
 * </pre>
 *
 * <p>The layout {@code train/images, train/masks, val/images, …} is understood as well. A list is
 * checked when it is asked for, without decoding: its images, and its masks where masks are asked
 * for. What is wrong is reported together, before any training begins.
 */
public final class ImageFolder {
  private static final Pattern MASK_SUFFIX =
      Pattern.compile("_(mask|segmentation|seg|gt|label|lesion)$", Pattern.CASE_INSENSITIVE);
  private static final int MOST_PROBLEMS = 10;

  private final Path root;
  private final Map<String, Path> images = new TreeMap<>();
  private final Map<String, Path> masks = new TreeMap<>();
  private final Map<String, List<String>> parts = new TreeMap<>();

  private ImageFolder(Path root) {
    this.root = root;
  }

  /**
   * Lists the files of a folder; nothing is decoded.
   *
   * @throws IOException naming the folder, if there are no images, or two of one name
   */
  public static ImageFolder open(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new IOException(root + ": no such folder");
    }
    var folder = new ImageFolder(root);
    if (Files.isDirectory(root.resolve("images"))) {
      folder.add(root, null);
    } else {
      for (var part : List.of("train", "val", "test")) {
        if (Files.isDirectory(root.resolve(part).resolve("images"))) {
          folder.add(root.resolve(part), part);
        }
      }
    }
    if (folder.images.isEmpty()) {
      throw new IOException(
          root
              + ": no images; expected them in images/, with masks of the same names in masks/ "
              + "(endings: "
              + Images.ENDINGS.stream().sorted().collect(Collectors.joining(", "))
              + ")");
    }
    return folder;
  }

  private void add(Path folder, @Nullable String part) throws IOException {
    var found = byName(folder.resolve("images"), false);
    for (var entry : found.entrySet()) {
      put(images, entry.getKey(), entry.getValue(), "images");
    }
    if (Files.isDirectory(folder.resolve("masks"))) {
      for (var entry : byName(folder.resolve("masks"), true).entrySet()) {
        put(masks, entry.getKey(), entry.getValue(), "masks");
      }
    }
    if (part != null) {
      parts.put(part, List.copyOf(found.keySet()));
    }
  }

  private static Map<String, Path> byName(Path folder, boolean masks) throws IOException {
    List<Path> files;
    try (var stream = Files.list(folder)) {
      files = stream.filter(Images::isImage).filter(Files::isRegularFile).sorted().toList();
    }
    var byName = new TreeMap<String, Path>();
    for (var file : files) {
      var name = stem(file);
      put(
          byName,
          masks ? MASK_SUFFIX.matcher(name).replaceFirst("") : name,
          file,
          folder.toString());
    }
    return byName;
  }

  private static void put(Map<String, Path> map, String name, Path file, String where)
      throws IOException {
    var other = map.putIfAbsent(name, file);
    if (other != null) {
      throw new IOException(
          "%s: two files are named %s: %s and %s; remove or rename one"
              .formatted(where, name, other, file));
    }
  }

  private static String stem(Path file) {
    var name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /** The folder. */
  public Path root() {
    return root;
  }

  /** The names of all images, sorted. */
  public List<String> names() {
    return List.copyOf(images.keySet());
  }

  /** The names of the lists, sorted. */
  public List<String> splits() throws IOException {
    var names = new HashSet<String>(parts.keySet());
    if (Files.isDirectory(root.resolve("splits"))) {
      try (var stream = Files.list(root.resolve("splits"))) {
        stream
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".txt"))
            .forEach(name -> names.add(name.substring(0, name.length() - 4)));
      }
    }
    return names.stream().sorted().toList();
  }

  /** The names in a list, in its order. */
  public List<String> names(String split) throws IOException {
    var file = root.resolve("splits").resolve(split + ".txt");
    var part = parts.get(split);
    if (!Files.exists(file)) {
      if (part != null) {
        return part;
      }
      throw new IOException(
          "%s: no such list; there are %s".formatted(file, String.join(", ", splits())));
    }
    var names = new ArrayList<String>();
    try {
      for (var line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        var name = line.replace("\ufeff", "").strip(); // some editors begin a file with this mark
        if (!name.isEmpty() && !name.startsWith("#")) {
          names.add(name);
        }
      }
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": is not UTF-8 text; save it as such", e);
    }
    if (names.isEmpty()) {
      throw new IOException(file + ": the list is empty; write a name per line");
    }
    if (new HashSet<>(names).size() != names.size()) {
      throw new IOException(file + ": a name stands twice; remove one");
    }
    return List.copyOf(names);
  }

  /** All images with their masks; see {@link #samples(String)}. */
  public List<Sample> samples() throws IOException {
    return samplesOf(names());
  }

  /**
   * The images of a list with their masks.
   *
   * @throws IOException that names every image or mask that is missing, unreadable, or of another
   *     size than its partner
   */
  public List<Sample> samples(String split) throws IOException {
    return samplesOf(names(split));
  }

  /** The named images with their masks; see {@link #samples(String)}. */
  public List<Sample> samplesOf(Collection<String> names) throws IOException {
    var list = List.copyOf(names);
    var samples = new ArrayList<@Nullable Sample>(Collections.nCopies(list.size(), null));
    check(list, i -> samples.set(i, sample(list.get(i))));
    return samples.stream().map(java.util.Objects::requireNonNull).toList();
  }

  /** The images of a list without their masks, which are not opened. */
  public List<Picture> pictures(String split) throws IOException {
    return picturesOf(names(split));
  }

  /** The images of a list that are not among the labelled ones; their masks are not opened. */
  public List<Picture> pictures(String split, Collection<Sample> labelled) throws IOException {
    var known = labelled.stream().map(Sample::name).collect(Collectors.toSet());
    return picturesOf(names(split).stream().filter(name -> !known.contains(name)).toList());
  }

  /** The named images without masks. */
  public List<Picture> picturesOf(Collection<String> names) throws IOException {
    var list = List.copyOf(names);
    var pictures = new ArrayList<@Nullable Picture>(Collections.nCopies(list.size(), null));
    check(list, i -> pictures.set(i, picture(list.get(i))));
    return pictures.stream().map(java.util.Objects::requireNonNull).toList();
  }

  private Picture picture(String name) throws IOException {
    var file = image(name);
    Images.check(file);
    return new Picture(stem(file), file);
  }

  private Sample sample(String name) throws IOException {
    var image = image(name);
    var size = Images.check(image);
    var mask = masks.get(stem(image));
    if (mask == null) {
      throw new IOException(
          "%s: no mask; add %s, or take the image off the list"
              .formatted(image, root.resolve("masks").resolve(stem(image) + ".png")));
    }
    var maskSize = Images.check(mask);
    if (maskSize.width() != size.width() || maskSize.height() != size.height()) {
      throw new IOException(
          "%s: mask of %d x %d pixels, but its image %s has %d x %d; resize or replace one"
              .formatted(
                  mask, maskSize.width(), maskSize.height(), image, size.width(), size.height()));
    }
    return new Sample(stem(image), image, mask);
  }

  /** A name from a list: of an image, with or without ending, or a path below the folder. */
  private Path image(String name) throws IOException {
    var known = images.get(name);
    if (known == null) {
      known = images.get(stem(Path.of(name)));
    }
    if (known == null || name.indexOf('/') >= 0) {
      var file = root.resolve(name).normalize();
      if (!file.startsWith(root.normalize())) {
        throw new IOException("%s: leads out of %s; correct the list".formatted(name, root));
      }
      if (!Files.isRegularFile(file) && known == null) {
        throw new IOException(
            "%s: no image named %s; correct the list or add the image"
                .formatted(root.resolve("images"), name));
      }
      return Files.isRegularFile(file) ? file : java.util.Objects.requireNonNull(known);
    }
    return known;
  }

  private interface Check {
    void run(int i) throws IOException;
  }

  private void check(List<String> names, Check check) throws IOException {
    var problems = Collections.synchronizedMap(new TreeMap<Integer, String>());
    Workers.run(
        names.size(),
        i -> {
          try {
            check.run(i);
          } catch (IOException e) {
            problems.put(i, e.getMessage() == null ? e.toString() : e.getMessage());
          }
        });
    if (!problems.isEmpty()) {
      var shown =
          problems.values().stream().limit(MOST_PROBLEMS).collect(Collectors.joining("\n  "));
      int more = problems.size() - MOST_PROBLEMS;
      throw new IOException(
          problems.size() == 1
              ? shown
              : "%s: %d of %d images cannot be used\n  %s%s"
                  .formatted(
                      root,
                      problems.size(),
                      names.size(),
                      shown,
                      more > 0 ? "\n  and " + more + " more" : ""));
    }
  }

  /**
   * Draws a share of a list as labelled and saves it beside the others, as {@code
   * splits/<split>_labeled_<percent>pct_seed<seed>.txt}; if that list is there already, it stays
   * and counts.
   *
   * @param share in (0, 1]; at least one name is drawn
   * @return the name of the list, for {@link #samples(String)}
   * @throws IOException if the list cannot be saved
   */
  public String draw(String split, double share, long seed) throws IOException {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("share " + share + " of " + split + ", expected (0, 1]");
    }
    var percent = Double.toString(Math.round(share * 1000) / 10.0).replaceAll("\\.0$", "");
    var name = "%s_labeled_%spct_seed%d".formatted(split, percent, seed);
    if (!Files.exists(list(name))) {
      var shuffled = shuffled(names(split), seed);
      int count = (int) Math.max(1, Math.round(share * shuffled.size()));
      save(name, shuffled.subList(0, count));
    }
    return name;
  }

  /**
   * Divides all images into the lists train, val and test and saves them, unless they are there
   * already. Images are drawn singly: where several come from one patient or video, write the lists
   * by hand.
   *
   * @param train the share of train
   * @param val the share of val; test gets the rest
   * @throws IOException if a list cannot be saved
   */
  public void divide(double train, double val, long seed) throws IOException {
    if (!(train > 0 && val >= 0 && train + val <= 1)) {
      throw new IllegalArgumentException(
          "shares %s and %s, expected positive ones that add up to 1 at most"
              .formatted(train, val));
    }
    if (splits().containsAll(List.of("train", "val", "test"))) {
      return;
    }
    var shuffled = shuffled(names(), seed);
    int first = (int) Math.round(train * shuffled.size());
    int second = (int) Math.round((train + val) * shuffled.size());
    save("train", shuffled.subList(0, first));
    save("val", shuffled.subList(first, second));
    save("test", shuffled.subList(second, shuffled.size()));
  }

  private static List<String> shuffled(List<String> names, long seed) {
    var order = new ArrayList<>(names);
    Collections.sort(order);
    var random = new SplittableRandom(seed);
    for (int i = order.size() - 1; i > 0; i--) {
      Collections.swap(order, i, random.nextInt(i + 1));
    }
    return order;
  }

  private Path list(String name) {
    return root.resolve("splits").resolve(name + ".txt");
  }

  private void save(String name, List<String> names) throws IOException {
    var text = names.stream().sorted().collect(Collectors.joining("\n", "", "\n"));
    Images.replace(list(name), text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return root + ": " + images.size() + " images, " + masks.size() + " masks";
  }
}
