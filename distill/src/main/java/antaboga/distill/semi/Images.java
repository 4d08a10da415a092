// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.Tensor;
import antaboga.nn.data.MixedBatch;
import antaboga.nn.data.Perturbation;
import antaboga.nn.data.View;
import java.util.List;
import java.util.stream.Stream;

/** Images (B, C, H, W) and how they lie. */
record Images(Tensor tensor, List<View> views) {
  /** The labelled images of a batch, then the unlabelled ones. */
  static Images all(MixedBatch batch) {
    return new Images(
        Tensor.concat(0, batch.labelled(), batch.unlabelled()),
        Stream.concat(batch.labelledViews().stream(), batch.unlabelledViews().stream()).toList());
  }

  /** The labelled images of a batch. */
  static Images labelled(MixedBatch batch) {
    return new Images(batch.labelled(), batch.labelledViews());
  }

  /** The unlabelled images of a batch. */
  static Images unlabelled(MixedBatch batch) {
    return new Images(batch.unlabelled(), batch.unlabelledViews());
  }

  /** These images with noise: a function of their names, the seed and the draw. */
  Images perturbed(Perturbation perturbation, long seed, int draw) {
    int size = (int) tensor.size(-1);
    return new Images(tensor.add(perturbation.delta(views, size, seed, draw)), views);
  }
}
