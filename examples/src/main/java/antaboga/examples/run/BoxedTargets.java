// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Tensor;
import antaboga.medsam.Box;
import antaboga.medsam.BoxPrompts;
import antaboga.medsam.Mask;
import antaboga.nn.data.Batch;
import java.util.ArrayList;
import java.util.SplittableRandom;

/**
 * What a step asks a teacher: a box on each image of a batch, and what it shall mark there.
 *
 * @param boxes (B, 4) in pixels of the input
 * @param targets (B, 1, S, S), 0 or 1
 */
record BoxedTargets(Tensor boxes, Tensor targets) {
  /** One object of each mask; an empty mask asks for nothing in a box of the whole image. */
  static BoxedTargets draw(Batch batch, BoxPrompts prompts, SplittableRandom random) {
    int size = (int) batch.mask().size(2);
    int area = size * size;
    var values = batch.mask().toFloats();
    var targets = new float[values.length];
    var boxes = new ArrayList<Box>();
    for (int i = 0; i < batch.mask().size(0); i++) {
      var inside = new byte[area];
      for (int k = 0; k < area; k++) {
        inside[k] = (byte) values[i * area + k];
      }
      var prompt = prompts.draw(random, Mask.of(size, size, inside));
      boxes.add(prompt.map(BoxPrompts.Prompt::box).orElse(new Box(0, 0, size, size)));
      if (prompt.isPresent()) {
        var target = prompt.get().target().toBytes();
        for (int k = 0; k < area; k++) {
          targets[i * area + k] = target[k];
        }
      }
    }
    return new BoxedTargets(Box.tensor(boxes), Tensor.of(targets, batch.mask().shape().toArray()));
  }
}
