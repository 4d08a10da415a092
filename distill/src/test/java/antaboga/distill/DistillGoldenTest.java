// SPDX-License-Identifier: Apache-2.0
package antaboga.distill;

import antaboga.Gradients;
import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.distill.semi.Alignment;
import antaboga.distill.semi.ClassStatistics;
import antaboga.distill.semi.PosteriorConsistency;
import antaboga.distill.semi.Separation;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The losses of method.md against their double-precision reference; weighted sums formed here. */
class DistillGoldenTest {
  @TestFactory
  Stream<DynamicTest> golden() {
    return GoldenRunner.of("distill")
        .claim("perturbation-consistent.*", DistillGoldenTest::perturbationConsistent)
        .claim("align .*separation.*", DistillGoldenTest::distribution)
        .claim("posterior consistency.*", DistillGoldenTest::posterior)
        .tests();
  }

  private static void perturbationConsistent(GoldenCase c, Check check) {
    double eps = option(c, "eps", 1e-5);
    var match = new FeatureMatch(eps);
    var response = new ResponseMatch(eps, option(c, "eps_response", 1e-8));
    var projector = new Projector(new Parameter("weight", doubles(c, "projector").array(), true));
    try (var tape = new Tape(0)) {
      var f = tape.watch(doubles(c, "student"));
      var perturbed = tape.watch(doubles(c, "student_perturbed"));
      var g = projector.forward(doubles(c, "teacher"));
      var h = projector.forward(doubles(c, "teacher_perturbed"));
      var feature = match.of(f, g);
      var answer = response.of(f, perturbed, g, h);
      var orthogonality = projector.orthogonality();
      var loss =
          feature
              .add(answer.mul(option(c, "alpha", 1)))
              .add(orthogonality.mul(option(c, "lambda_o", 0.01)));
      check.output("feature", feature.array());
      check.output("response", answer.array());
      check.output("orthogonality", orthogonality.array());
      check.output("loss", loss.array());
      var gradients = tape.gradients(loss);
      check.grad("dstudent", gradient(gradients, f));
      check.grad("dstudent_perturbed", gradient(gradients, perturbed));
      check.grad("dprojector", gradient(gradients, projector.weight()));
    }
  }

  private static void distribution(GoldenCase c, Check check) {
    try (var tape = new Tape(0)) {
      var features = tape.watch(doubles(c, "features"));
      var probability = tape.watch(doubles(c, "probability"));
      var batch = ClassStatistics.of(features, probability, option(c, "eps", 1e-4));
      var bank = new ClassStatistics(bank(c, "background"), bank(c, "lesion"));
      var align = new Alignment().of(batch, bank).mul(option(c, "weight_align", 1));
      var separate = new Separation().of(batch).mul(option(c, "weight_separate", 1));
      var loss = align.add(separate);
      check.output("loss", loss.array());
      var gradients = tape.gradients(loss);
      check.grad("dfeatures", gradient(gradients, features));
      check.grad("dprobability", gradient(gradients, probability));
    }
  }

  private static ClassStatistics.Gaussian bank(GoldenCase c, String name) {
    return new ClassStatistics.Gaussian(
        Tensor.full(DataType.DOUBLE, 1),
        doubles(c, "bank_mean_" + name),
        doubles(c, "bank_var_" + name));
  }

  private static void posterior(GoldenCase c, Check check) {
    var features = doubles(c, "features");
    var p = doubles(c, "probability");
    var consistency =
        new PosteriorConsistency(
            option(c, "eta", 1), option(c, "tau", features.size(1) / 4.0), option(c, "eps", 1e-4));
    try (var tape = new Tape(0)) {
      var f = tape.watch(features);
      var logit = tape.watch(p.log().sub(p.affine(-1, 1).log()));
      var loss = consistency.of(f, logit, option(c, "tau_c", 0.5));
      check.output("posterior", consistency.posterior(f, p).array());
      check.output("loss", loss.array());
      var gradients = tape.gradients(loss);
      check.grad("dfeatures", gradient(gradients, f));
      check.grad("dlogit", gradient(gradients, logit));
    }
  }

  private static double option(GoldenCase c, String name, double otherwise) {
    return c.params().path(name).asDouble(otherwise);
  }

  private static Tensor doubles(GoldenCase c, String name) {
    return Tensor.of(c.input(name)).to(DataType.DOUBLE);
  }

  private static INDArray gradient(Gradients gradients, Tensor leaf) {
    return gradients.of(leaf).map(Tensor::array).orElseGet(() -> Nd4j.zerosLike(leaf.array()));
  }
}
