// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Dims;
import antaboga.Tensor;

/**
 * The response term: student and teacher shall answer a small perturbation of the image alike. With
 * the responses {@code R_S = (F+ - F) / dev(F)} and {@code R_T = (G+ - G) / dev(G)}, deviations
 * being constants,
 *
 * <pre>{@code
 * L = mean over images of  sum (R_S - R_T)^2 / constant(sum (R_S^2 + R_T^2) + eps)
 * }</pre>
 *
 * <p>in [0, 2]: 0 for equal responses, 1 for orthogonal, 2 for opposite ones. All four maps (B, C,
 * H, W). Matching finite differences matches Jacobians (Srinivas and Fleuret 2018, arXiv
 * 1803.00443). Source: method.md, section 7.2.
 *
 * @param eps added to the variance under the deviation
 * @param epsResponse added to the energy of both responses
 */
public record ResponseMatch(double eps, double epsResponse) {
  /** With eps 1e-5 and 1e-8. */
  public static ResponseMatch normalized() {
    return new ResponseMatch(1e-5, 1e-8);
  }

  /**
   * The loss of student features F, F+ against projected teacher features G, G+.
   *
   * @throws antaboga.ShapeException if the four shapes differ
   */
  public Tensor of(Tensor student, Tensor studentPerturbed, Tensor target, Tensor targetPerturbed) {
    Dims.of("ResponseMatch")
        .bind("student", student, "B C H W")
        .bind("studentPerturbed", studentPerturbed, "B C H W")
        .bind("target", target, "B C H W")
        .bind("targetPerturbed", targetPerturbed, "B C H W");
    var ofStudent = response(student, studentPerturbed);
    var ofTarget = response(target, targetPerturbed);
    var energy = energy(ofStudent.stopGradient()).add(energy(ofTarget.stopGradient()));
    return energy(ofStudent.sub(ofTarget)).div(energy.add(epsResponse)).mean();
  }

  private Tensor response(Tensor clean, Tensor perturbed) {
    return perturbed.sub(clean).mul(inverseDeviation(clean.stopGradient()));
  }

  private Tensor inverseDeviation(Tensor x) {
    var centred = x.sub(x.meanKeep(2, 3));
    return centred.mul(centred).meanKeep(2, 3).add(eps).pow(-0.5); // (B, C, 1, 1)
  }

  private static Tensor energy(Tensor response) {
    return response.mul(response).sum(1, 2, 3); // (B)
  }
}
