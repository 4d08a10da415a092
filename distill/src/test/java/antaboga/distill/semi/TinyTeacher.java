// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.Window;
import antaboga.distill.Embeddings;
import antaboga.distill.Fingerprint;
import antaboga.nn.Conv2d;
import antaboga.nn.Layer;
import antaboga.nn.Weights;
import java.nio.file.Path;
import java.util.List;

/** A stand-in for a teacher: images (1, 3, 32, 32) to embeddings (1, 12, 8, 8). */
record TinyTeacher(Weights weights, Layer layers) implements Layer {
  static TinyTeacher of(long seed) {
    var w = Weights.init(seed); // not frozen, so that a gradient could reach it
    return new TinyTeacher(
        w,
        new Conv2d(w.at("patch"), 3, 12, Window.of(4).stride(4))
            .then(Tensor::silu)
            .then(new Conv2d(w.at("neck"), 12, 12, Window.of(3).padding(1))));
  }

  @Override
  public Tensor forward(Tensor x) {
    return layers.forward(x);
  }

  String fingerprint() {
    return Fingerprint.of("TinyTeacher", weights.all());
  }

  /** Cached in a folder, pooled to 8 and 4. */
  Embeddings cachedIn(Path folder) {
    return new Embeddings(Embeddings.Config.of(folder, fingerprint(), 12, List.of(8, 4)), this);
  }
}
