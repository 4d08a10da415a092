// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Tensor;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * A network that turns an image into one logit for each pixel, and shows features on the way: what
 * distillation compares with a teacher. Image (B, C, H, W), logits (B, 1, H, W).
 */
public interface Segmenter extends Layer {
  /**
   * A place inside the network where features can be seen.
   *
   * @param name such as {@code enc2}
   * @param channels their number C
   * @param stride pixels of the image for each position: the map is (B, C, H / stride, W / stride)
   */
  record Tap(String name, int channels, int stride) {}

  /**
   * What one pass gives.
   *
   * @param logits (B, 1, H, W)
   * @param features by the name of their tap
   */
  record Output(Tensor logits, Map<String, Tensor> features) {
    /** Keeps a copy of the map. */
    public Output {
      features = Map.copyOf(features);
    }

    /**
     * The features of a tap.
     *
     * @throws NoSuchElementException if there is no such tap
     */
    public Tensor feature(String tap) {
      var feature = features.get(tap);
      if (feature == null) {
        throw new NoSuchElementException("no tap " + tap + "; there are " + features.keySet());
      }
      return feature;
    }
  }

  /** The taps, in the order of the pass. */
  List<Tap> taps();

  /**
   * The tap of this name.
   *
   * @throws NoSuchElementException if there is none
   */
  default Tap tap(String name) {
    return taps().stream()
        .filter(tap -> tap.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("no tap " + name + "; there are " + taps()));
  }

  /**
   * Logits and the features of every tap.
   *
   * @throws antaboga.ShapeException if the image does not fit
   */
  Output observe(Tensor image);

  @Override
  default Tensor forward(Tensor image) {
    return observe(image).logits();
  }
}
