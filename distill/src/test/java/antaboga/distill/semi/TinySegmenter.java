// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.Window;
import antaboga.nn.Conv2d;
import antaboga.nn.ConvTranspose2d;
import antaboga.nn.Dropout;
import antaboga.nn.Layer;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import java.util.List;
import java.util.Map;

/** A stand-in for a student: three convolutions, two taps, dropout. */
record TinySegmenter(Layer stem, Layer deep, Layer head) implements Segmenter {
  TinySegmenter(Weights w) {
    this(
        new Conv2d(w.at("stem"), 3, 8, Window.of(4).stride(4)),
        new Dropout(0.1).then(new Conv2d(w.at("deep"), 8, 8, Window.of(3).padding(1))),
        new ConvTranspose2d(w.at("head"), 16, 1, Window.of(4).stride(4)));
  }

  @Override
  public List<Tap> taps() {
    return List.of(new Tap("stem", 8, 4), new Tap("deep", 8, 4));
  }

  @Override
  public Output observe(Tensor image) {
    var shallow = stem.forward(image).silu();
    var features = deep.forward(shallow).silu();
    var logits = head.forward(Tensor.concat(1, shallow, features));
    return new Output(logits, Map.of("stem", shallow, "deep", features));
  }
}
