// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.nn.Conv2d;
import antaboga.nn.Init;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention over all scales of an encoder, t_i (B, C_i, H_i, W_i): first to positions, s_i =
 * σ(conv([mean, max over the channels of t_i])), then to channels, c_i = σ(linear_i(conv of the
 * means of all scales)); the outcome is {@code c_i (s_i t_i + t_i) + s_i t_i}. Keys {@code
 * satt.shared_conv2d.0, catt.get_all_att, catt.att1, …} as SC_Att_Bridge of UltraLight VM-UNet.
 *
 * <p>Source: Ruan et al. 2022 (MALUNet, arXiv 2211.01784).
 *
 * @param spatial 7 × 7 with dilation 3, shared by all scales
 * @param mixing (1, 1, 3), over the means of all channels of all scales
 * @param weights of each scale, (C_i, sum of all C); a trailing axis of size 1 is allowed
 * @param biases of each scale, (C_i)
 */
public record AttentionBridge(
    Conv2d spatial, Parameter mixing, List<Parameter> weights, List<Parameter> biases) {
  /**
   * A bridge over scales of these channels.
   *
   * @param convolutions whether the weights are kept as those of convolutions of length 1
   */
  public AttentionBridge(Weights w, List<Integer> channels, boolean convolutions) {
    this(
        new Conv2d(
            w.at("satt").at("shared_conv2d").at(0),
            2,
            1,
            Window.of(7).padding(9).dilation(3),
            1,
            true,
            Init.normal(Math.sqrt(2.0 / 49)),
            Init.zeros()),
        w.at("catt").at("get_all_att").get("weight", Init.normal(Math.sqrt(2.0 / 3)), 1, 1, 3),
        new ArrayList<>(),
        new ArrayList<>());
    long sum = channels.stream().mapToInt(c -> c).sum();
    for (int i = 0; i < channels.size(); i++) {
      var place = w.at("catt").at("att" + (i + 1));
      long own = channels.get(i);
      weights.add(
          convolutions
              ? place.get("weight", Init.normal(Math.sqrt(2.0 / own)), own, sum, 1)
              : place.get("weight", Init.truncatedNormal(0.02), own, sum));
      biases.add(place.get("bias", Init.zeros(), own));
    }
  }

  /** The scales after attention, in the same shapes. */
  public List<Tensor> forward(List<Tensor> scales) {
    var attended = new ArrayList<Tensor>();
    var summed = new ArrayList<Tensor>();
    var means = new ArrayList<Tensor>();
    for (var t : scales) {
      var max = t.max(1).reshape(t.size(0), 1, t.size(2), t.size(3));
      var s = spatial.forward(Tensor.concat(1, t.meanKeep(1), max)).sigmoid();
      var st = s.mul(t);
      attended.add(st);
      summed.add(st.add(t));
      means.add(st.add(t).mean(2, 3));
    }
    var all = Tensor.concat(1, means); // (B, sum of C)
    var mixed =
        all.reshape(all.size(0), 1, 1, all.size(1))
            .conv2d(mixing.reshape(1, 1, 1, 3), Window.of(1, 3).padding(0, 1))
            .reshape(all.shape().toArray());
    var out = new ArrayList<Tensor>();
    for (int i = 0; i < scales.size(); i++) {
      var weight = weights.get(i).reshape(weights.get(i).size(0), -1);
      var c = mixed.linear(weight, biases.get(i)).sigmoid();
      var gate = c.reshape(c.size(0), c.size(1), 1, 1);
      out.add(gate.mul(summed.get(i)).add(attended.get(i)));
    }
    return out;
  }
}
