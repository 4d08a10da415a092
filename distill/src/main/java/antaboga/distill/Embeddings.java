// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Dims;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.nn.Layer;
import antaboga.nn.data.View;
import antaboga.nn.data.Warp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a frozen teacher says about images: computed once, pooled to the grids that are needed, kept
 * on disk and, up to a limit, in memory.
 *
 * <pre>{@code
 * var embeddings = new Embeddings(Config.of(folder, print, 256, List.of(16, 8)), teacher);
 * var maps = embeddings.of(batch.unlabelled(), batch.unlabelledViews());
 * var target = projector.forward(maps.at(16));
 * }</pre>
 *
 * <p>An entry is a file of its own, named by the teacher's fingerprint and the content of the image
 * that the teacher saw. A perturbed image is an image like others: the same seed and draw give the
 * same noise bit for bit, hence the same entry. A file is written whole or not at all; one that is
 * torn, damaged or of something else is computed anew and replaced. Images pass the teacher one by
 * one, so that an embedding depends on its image alone, and cached and fresh ones are the same
 * bits.
 *
 * <p>Maps are constants to every tape: no gradient reaches the teacher. Not for use by several
 * threads.
 */
public final class Embeddings {
  /** What the teacher sees of images that augmentation has mirrored or turned. */
  public enum Laying {
    /** The image as it lies: exact, and eight entries for each image in the end. */
    AS_IT_LIES,
    /**
     * The upright image, and its map is mirrored and turned instead: one entry. A transformer is
     * not equivariant to turns, so this approximates what it would have said.
     */
    UPRIGHT
  }

  /**
   * What is kept, and where.
   *
   * @param folder the cache's; created if need be, and shared by any number of teachers
   * @param teacher the teacher's fingerprint, see {@link Fingerprint}
   * @param width K, the channels of its embedding
   * @param sides the grids that maps are pooled to, divisors of the embedding's side
   * @param laying what the teacher sees of laid images
   * @param memory bytes kept in memory
   */
  public record Config(
      Path folder, String teacher, int width, List<Integer> sides, Laying laying, long memory) {
    /** Keeps a copy of the list. */
    public Config {
      sides = List.copyOf(sides);
      if (sides.isEmpty()) {
        throw new IllegalArgumentException("embeddings: no side to pool to");
      }
    }

    /** Maps are laid instead of images, and an eighth of the heap is used. */
    public static Config of(Path folder, String teacher, int width, List<Integer> sides) {
      long memory = Runtime.getRuntime().maxMemory() / 8;
      return new Config(folder, teacher, width, sides, Laying.UPRIGHT, memory);
    }

    /** The same with another way of laying. */
    public Config withLaying(Laying other) {
      return new Config(folder, teacher, width, sides, other, memory);
    }

    /** The same with another limit of memory. */
    public Config withMemory(long bytes) {
      return new Config(folder, teacher, width, sides, laying, bytes);
    }
  }

  /**
   * The embeddings of a batch.
   *
   * @param bySide pooled to each side s, (B, K, s, s)
   */
  public record Maps(Map<Integer, Tensor> bySide) {
    /** Keeps a copy of the map. */
    public Maps {
      bySide = Map.copyOf(bySide);
    }

    /**
     * Approximately those of the warped images: the maps are warped instead, as they are laid, so
     * that the teacher is asked about each image once.
     */
    public Maps warped(Warp warp) {
      var maps = new LinkedHashMap<Integer, Tensor>();
      bySide.forEach((side, map) -> maps.put(side, warp.of(map)));
      return new Maps(maps);
    }

    /**
     * The finest map whose side is at most this one.
     *
     * @throws ShapeException if there is none
     */
    public Tensor at(int side) {
      return bySide.entrySet().stream()
          .filter(entry -> entry.getKey() <= side)
          .max(Map.Entry.comparingByKey())
          .map(Map.Entry::getValue)
          .orElseThrow(
              () ->
                  new ShapeException(
                      "embeddings: pooled to sides %s, none is at most %d"
                          .formatted(bySide.keySet(), side)));
    }
  }

  private final Config config;
  private final Layer teacher;
  private final Recent recent;

  /**
   * A cache in front of a teacher.
   *
   * @param teacher images (1, C, H, H) to embeddings (1, K, g, g)
   */
  public Embeddings(Config config, Layer teacher) {
    this.config = config;
    this.teacher = teacher;
    this.recent = new Recent(config.memory());
  }

  /** What is kept, and where. */
  public Config config() {
    return config;
  }

  /**
   * The teacher's embeddings of images (B, C, H, H) that lie as the views say.
   *
   * @throws IOException if the cache cannot be written
   */
  public Maps of(Tensor images, List<View> views) throws IOException {
    Dims.of("embeddings").bind("images", images, views.size() + " C H H");
    var maps = new LinkedHashMap<Integer, List<Tensor>>();
    config.sides().forEach(side -> maps.put(side, new ArrayList<>()));
    for (int i = 0; i < views.size(); i++) {
      var one = of(images.slice(0, i, i + 1), views.get(i));
      maps.forEach((side, all) -> all.add(one.at(side)));
    }
    var batch = new LinkedHashMap<Integer, Tensor>();
    maps.forEach((side, all) -> batch.put(side, Tensor.concat(0, all)));
    return new Maps(batch);
  }

  private Maps of(Tensor image, View view) throws IOException {
    view.requireWhole("embeddings");
    boolean upright = config.laying() == Laying.UPRIGHT;
    var values = entry(upright ? view.orientation().inverse().of(image) : image, view.name());
    var maps = new LinkedHashMap<Integer, Tensor>();
    values.forEach(
        (side, floats) -> {
          var map = Tensor.of(floats, 1, config.width(), side, side);
          maps.put(side, upright ? view.orientation().of(map) : map);
        });
    return new Maps(maps);
  }

  private Map<Integer, float[]> entry(Tensor image, String name) throws IOException {
    var key = Fingerprint.of(image);
    var known = recent.get(key);
    if (known.isPresent()) {
      return known.get();
    }
    var file = new EmbeddingFile(config, key);
    var stored = file.read();
    if (stored.isEmpty()) {
      stored = Optional.of(fresh(image));
      file.write(stored.get(), name);
    }
    recent.put(key, stored.get());
    return stored.get();
  }

  private Map<Integer, float[]> fresh(Tensor image) {
    var embedding = Tape.scoped(() -> teacher.forward(image));
    Dims.of("embeddings").bind("embedding", embedding, "1 " + config.width() + " g g");
    var maps = new LinkedHashMap<Integer, float[]>();
    for (int side : config.sides()) {
      maps.put(side, Grids.pool(embedding, side).toFloats());
    }
    return maps;
  }

  @Override
  public String toString() {
    return "Embeddings[teacher=%s, sides=%s, laying=%s]"
        .formatted(config.teacher(), config.sides(), config.laying());
  }
}
