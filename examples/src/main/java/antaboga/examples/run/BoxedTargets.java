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
  /**
   * One object of each mask; one without an object asks for nothing in a box of the whole image.
   */
  static BoxedTargets draw(Batch batch, BoxPrompts prompts, SplittableRandom random) {
    int size = (int) batch.mask().size(2);
    int area = size * size;
    var values = batch.mask().toFloats();
    var none = Mask.of(size, size, new boolean[area]);
    var nothing = new BoxPrompts.Prompt(new Box(0, 0, size, size), none);
    var boxes = new ArrayList<Tensor>();
    var targets = new ArrayList<Tensor>();
    for (int i = 0; i < batch.mask().size(0); i++) {
      var inside = new boolean[area];
      for (int k = 0; k < area; k++) {
        inside[k] = values[i * area + k] != 0;
      }
      var prompt = prompts.draw(random, Mask.of(size, size, inside)).orElse(nothing);
      boxes.add(prompt.boxTensor());
      targets.add(prompt.targetTensor());
    }
    return new BoxedTargets(Tensor.concat(0, boxes), Tensor.concat(0, targets));
  }
}
